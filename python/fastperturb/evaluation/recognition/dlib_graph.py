"""Dlib's recognition network as an ONNX graph, which ONNX Runtime runs several times faster than dlib on a processor.

The weights are read out of dlib's own file, whose layers stand in the order in which they are computed; the layers are
those of dlib's example ``dnn_face_recognition_ex.cpp``. dlib's addition fills up the smaller operand with zeros.
"""

from __future__ import annotations

import re
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..._optional import import_extra
from ...errors import ModelError

Weights = NDArray[np.float32]

# (channels, whether its first block halves the image, blocks) from the input to the output; each block is two
# convolutions of 3 x 3. The image's side after each first block is 17, 8, 4, 2.
_LEVELS = ((32, False, 3), (64, True, 4), (128, True, 3), (256, True, 3), (256, True, 1))
_SIDES = (35, 17, 8, 4, 2)
_MEAN = (122.782, 117.001, 104.298)  # of red, green, blue in dlib's training
_LAYER = re.compile(rb"\x01\x05con_[45]|\x01\x07affine_|\x01\x04fc_2")


class Layers(NamedTuple):
    """The weights of the network.

    Attributes:
        convolutions: (filters, bias) of each, with the scale and shift that follow worked in.
        projection: (256, 128), from the last averages to the embedding.
    """

    convolutions: list[tuple[Weights, Weights]]
    projection: Weights


def read_layers(content: bytes) -> Layers:
    """The weights out of a file such as ``dlib_face_recognition_resnet_model_v1.dat``.

    Raises:
        ModelError: it is no such file.
    """
    try:
        found = []
        for match in _LAYER.finditer(content):
            kind, at = match.group()[2:3], match.end()
            if kind == b"f":
                _, at = _read_numbers(content, at, 2)  # how many go out and in
            found.append((kind, _read_tensor(content, at)))
        convolutions = [values for kind, values in found if kind == b"c"]
        affine = [values for kind, values in found if kind == b"a"]
        (projection,) = [values for kind, values in found if kind == b"f"]
        inputs, layers = 3, []
        for outputs, size in _convolution_sizes():
            weights, bias = np.split(convolutions.pop(0), [outputs * inputs * size * size])
            scale, shift = affine.pop(0).reshape(2, outputs)
            filters = weights.reshape(outputs, inputs, size, size) * scale[:, None, None, None]
            layers.append((filters, bias.reshape(outputs) * scale + shift))
            inputs = outputs
        if convolutions or affine:
            raise ValueError("more layers than expected")
        return Layers(layers, projection.reshape(256, 128))
    except (ValueError, IndexError) as error:
        raise ModelError(f"the file must hold dlib's face recognition network, got something else ({error})") from error


def _convolution_sizes() -> list[tuple[int, int]]:
    """(filters, size) of each convolution."""
    blocks = [(channels, 3) for channels, _, count in _LEVELS for _ in range(2 * count)]
    return [(32, 7), *blocks]


def _read_tensor(content: bytes, at: int) -> Weights:
    """A tensor in dlib's serialisation: version 2, four sizes, then little-endian floats, here as one row."""
    (version, *sizes), at = _read_numbers(content, at, 5)
    count = int(np.prod(sizes))
    if version != 2 or not 0 < count <= 1 << 24 or at + 4 * count > len(content):
        raise ValueError(f"a tensor of version {version} and sizes {sizes}")
    return np.frombuffer(content, "<f4", count, at).astype(np.float32)


def _read_numbers(content: bytes, at: int, count: int) -> tuple[list[int], int]:
    """Numbers, 0 or more, each a byte that says how many follow; and the place after them."""
    numbers = []
    for _ in range(count):
        length = content[at] & 0x0F
        numbers.append(int.from_bytes(content[at + 1 : at + 1 + length], "little"))
        at += 1 + length
    return numbers, at


def build_graph(layers: Layers) -> bytes:
    """The network as an ONNX model: "chips" (count, 3, 150, 150) of 0 to 255 to "embeddings" (count, 128).

    Raises:
        MissingExtra: onnx is not installed.
    """
    onnx: Any = import_extra("onnx", "evaluate")
    graph = _Graph(onnx)
    filters, bias = layers.convolutions[0]
    # (pixel - mean) / 256 of the input goes into the first convolution, which has no padding.
    mean = np.array(_MEAN, np.float32)[None, :, None, None]
    shift = (filters * mean / 256).sum(axis=(1, 2, 3), dtype=np.float32)
    shown = graph.convolve(
        "chips", np.divide(filters, 256, dtype=np.float32), np.subtract(bias, shift, dtype=np.float32), 2
    )
    shown = graph.add("MaxPool", [graph.add("Relu", [shown])], kernel_shape=[3, 3], strides=[2, 2])
    rest = iter(layers.convolutions[1:])
    channels = 32
    for level, (outputs, halves, blocks) in enumerate(_LEVELS):
        for block in range(blocks):
            down = halves and block == 0
            inner = graph.add("Relu", [graph.convolve(shown, *next(rest), 2 if down else 1)])
            inner = graph.convolve(inner, *next(rest), 1)
            if down:
                shown = graph.add("AveragePool", [shown], kernel_shape=[2, 2], strides=[2, 2])
                shown = graph.pad(shown, outputs - channels, 0)
                inner = graph.pad(inner, 0, _SIDES[level] - (_SIDES[level - 1] - 3) // 2 - 1)
                channels = outputs
            shown = graph.add("Relu", [graph.add("Add", [inner, shown])])
    shown = graph.add("Flatten", [graph.add("GlobalAveragePool", [shown])])
    graph.add("MatMul", [shown, graph.constant(layers.projection)], output="embeddings")
    return graph.to_bytes()


class _Graph:
    """Nodes as they come, with names made up."""

    def __init__(self, onnx: Any) -> None:
        self.onnx = onnx
        self.nodes: list[Any] = []
        self.constants: list[Any] = []

    def constant(self, values: NDArray[Any]) -> str:
        name = f"c{len(self.constants)}"
        self.constants.append(self.onnx.numpy_helper.from_array(np.ascontiguousarray(values), name))
        return name

    def add(self, kind: str, inputs: list[str], output: str | None = None, **attributes: object) -> str:
        name = output or f"n{len(self.nodes)}"
        self.nodes.append(self.onnx.helper.make_node(kind, inputs, [name], **attributes))
        return name

    def convolve(self, source: str, filters: Weights, bias: Weights, stride: int) -> str:
        beside = filters.shape[2] // 2 if stride == 1 else 0
        names = [source, self.constant(filters.astype(np.float32)), self.constant(bias.astype(np.float32))]
        return self.add("Conv", names, strides=[stride] * 2, pads=[beside] * 4)

    def pad(self, source: str, channels: int, side: int) -> str:
        if not (channels or side):
            return source
        return self.add("Pad", [source, self.constant(np.array([0, 0, 0, 0, 0, channels, side, side], np.int64))])

    def to_bytes(self) -> bytes:
        helper, kind = self.onnx.helper, self.onnx.TensorProto.FLOAT
        graph = helper.make_graph(
            self.nodes,
            "dlib",
            [helper.make_tensor_value_info("chips", kind, ["count", 3, 150, 150])],
            [helper.make_tensor_value_info("embeddings", kind, ["count", 128])],
            self.constants,
        )
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)])
        model.ir_version = 8
        return bytes(model.SerializeToString())
