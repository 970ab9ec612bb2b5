"""Panoramas: faces at the horizon, across the seam, high up and over the pole are covered where they are."""

import math

import cv2
import numpy as np
import pytest
from photographs import astronaut

import fastperturb as fp
from fastperturb import Face, Region
from fastperturb.faces import AnyAngle, Panorama, YuNet

WIDTH, HEIGHT = 1200, 600


def panorama(yaw, pitch, field=30.0):
    """The astronaut's head hung on a sphere, so many degrees wide, and a mask of her face."""
    photograph = astronaut().read()[20:220, 124:324]
    inside = np.zeros(photograph.shape[:2], np.uint8)
    cv2.ellipse(inside, (100, 98), (42, 54), 0, 0, 360, 255, -1)
    x, y = np.meshgrid((np.arange(WIDTH) + 0.5) / WIDTH - 0.5, (np.arange(HEIGHT) + 0.5) / HEIGHT - 0.5)
    longitude, latitude = x * 2 * math.pi, y * math.pi
    ray = np.stack(
        [np.cos(latitude) * np.sin(longitude), np.sin(latitude), np.cos(latitude) * np.cos(longitude)], axis=-1
    )
    yaw, pitch = math.radians(yaw), math.radians(pitch)
    back = np.array([[math.cos(yaw), 0, -math.sin(yaw)], [0, 1, 0], [math.sin(yaw), 0, math.cos(yaw)]])
    tilt = np.array([[1, 0, 0], [0, math.cos(pitch), math.sin(pitch)], [0, -math.sin(pitch), math.cos(pitch)]])
    ray = ray @ (tilt @ back).T
    scale = 100 / math.tan(math.radians(field / 2))
    ahead = ray[..., 2] > 0.1
    depth = np.where(ahead, ray[..., 2], 1.0)
    places = [np.where(ahead, ray[..., k] / depth * scale + 99.5, -9.0).astype(np.float32) for k in (0, 1)]
    image = cv2.remap(photograph, *places, cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT, borderValue=(127,) * 3)
    mask = cv2.remap(inside, *places, cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT)
    return image, mask > 127


def covered(mask, faces):
    left = mask.copy()
    for face in faces:
        left[face.region.clipped(*mask.shape)] = False
    return 1 - left.sum() / mask.sum()


@pytest.mark.parametrize(("yaw", "pitch"), [(178, -10), (40, 55), (250, -65)])
def test_faces_everywhere(yaw, pitch):
    image, mask = panorama(yaw, pitch)
    faces = fp.locate(image, Panorama(AnyAngle(YuNet())))
    assert covered(mask, faces) >= 0.98
    area = sum(face.region.width * face.region.height for face in faces)
    assert area <= 8 * mask.sum()
    assert all(f.region.x >= 0 and f.region.x + f.region.width <= WIDTH for f in faces)


def test_across_the_seam_it_is_two():
    image, _ = panorama(180, 0)
    faces = Panorama(YuNet()).detect(image)
    assert len(faces) == 2
    right, left = sorted(faces, key=lambda face: -face.region.x)
    assert left.region.x == 0
    assert right.region.x + right.region.width == WIDTH
    assert {len(left.landmarks), len(right.landmarks)} == {0, 5}
    assert left.score == right.score


def test_over_the_pole_it_is_a_strip():
    image, _ = panorama(0, 90)
    faces = Panorama(AnyAngle(YuNet())).detect(image)
    assert any(f.region.x == 0 and f.region.width == WIDTH and f.region.y <= 0 for f in faces)
    assert all(f.region.height < 150 for f in faces)


class Remembers:
    def __init__(self):
        self.shapes = []

    def detect(self, image, /):
        self.shapes.append(image.shape[:2])
        return [Face(Region(5, 5, 10, 10))] if len(self.shapes) == 1 else []


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
def test_views_are_bounded(dtype):
    detector = Remembers()
    image = np.zeros((3000, 6000), dtype)
    assert Panorama(detector, max_side=512).detect(image) == [Face(Region(5, 5, 10, 10))]
    assert detector.shapes == [(3000, 6000), *[(512, 512)] * 16]


def test_arguments():
    with pytest.raises(ValueError, match="a panorama must be twice as wide as high, got 600 x 400"):
        Panorama(YuNet()).detect(np.zeros((400, 600, 3), np.uint8))
    other = astronaut().read()
    assert Panorama(YuNet(), others=True).detect(other) == YuNet().detect(other)
    for side in (100, 1e3, True, 9000):
        with pytest.raises(ValueError, match="max_side must be a whole number from 256 to 8192"):
            Panorama(YuNet(), max_side=side)
    with pytest.raises(TypeError, match=r"detector must have a method detect\(image\)"):
        Panorama(None)
