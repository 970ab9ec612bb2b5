"""A small convolutional network that is trained on the faces it is shown: McPherson, Shokri and Shmatikov 2016.

"Defeating image obfuscation with deep learning": a network trained on obfuscated faces names people that no person
would. Trained by torch (extra ``train``) in seconds, from nothing, on the enrolled alone.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from ..._optional import import_extra
from ..bootstrap import Floats
from .learning import EXTRA, descend, seeded_torch
from .pixel_recognisers import SIDE, check_margin, face_square, thinned
from .recogniser import Metric
from .subjects import Subject

_CHANNELS = (16, 32, 64)
_FEATURES = 128
_STEPS, _BATCH, _RATE = 300, 32, 2e-3
_SHIFT = 4  # pixels of 64, at most
_SMOOTHED = 0.1  # of each label, over all people
_AT_ONCE, _DECIMALS = 64, 5


class Convolutional:
    """Three convolutions of stride 2 (16, 32, 64 channels) and 128 features, compared by the cosine.

    It sees the face's box, 64 x 64 and grey, as eigenfaces do; 300 batches of 32, mirrored and shifted by chance.

    Args:
        margin: how much to show around the box, as a part of its width and height, 0 or more.
        seed: of first weights, order and variations; the same gives the same network on the same machine.

    Raises:
        MissingExtra: torch is not installed.
        ValueError: ``margin`` is negative or not finite.
    """

    metric: Metric = "cosine"
    trained = True
    folds = 1  # of its validation: each is a fit

    def __init__(self, margin: float = 0.0, seed: int = 0) -> None:
        import_extra("torch", EXTRA)
        self.margin, self.seed = check_margin(margin), seed
        self.name = f"convolutional, margin {margin:g}" if margin else "convolutional"
        self._network: Any = None

    def fit(self, subjects: Iterable[Subject]) -> None:
        """Trains to name the people shown, on at most 2,000 subjects, evenly chosen.

        Raises:
            ValueError: fewer than two people.
        """
        chosen = thinned(list(subjects))
        people = sorted({subject.person for subject in chosen})
        if len(people) < 2:
            raise ValueError(f"{self.name} must be fitted on at least 2 people, got {len(people)}")
        crops = np.stack([face_square(subject, self.margin) for subject in chosen]).astype(np.float32)
        labels = np.searchsorted(people, [subject.person for subject in chosen])
        with seeded_torch(self.seed) as torch:
            network = _layers(torch, len(people))
            squares = torch.from_numpy(crops.reshape(-1, 1, SIDE, SIDE))
            names = torch.from_numpy(labels.astype(np.int64))
            for step in descend(torch, network, _RATE, _STEPS):
                drawn = torch.randint(0, len(squares), (_BATCH,))
                found = network(_varied(torch, squares[drawn]))
                step(torch.nn.functional.cross_entropy(found, names[drawn], label_smoothing=_SMOOTHED))
        self._network = network[:-1]  # without the layer that names

    def embed(self, subjects: Iterable[Subject]) -> Floats:
        """The (subjects, 128) features of what is shown.

        Raises:
            ValueError: it was not fitted.
        """
        if self._network is None:
            raise ValueError(f"{self.name} must be fitted before it embeds")
        crops = np.array([face_square(subject, self.margin) for subject in subjects], np.float32)
        rows = [np.empty((0, _FEATURES))]
        with seeded_torch(0) as torch, torch.no_grad():
            for part in torch.from_numpy(crops.reshape(-1, 1, SIDE, SIDE)).split(_AT_ONCE):
                if len(part):
                    rows.append(self._network(part).numpy().astype(np.float64))
        # Rounded, so that equal crops stay equal wherever in a batch they stood.
        return np.asarray(np.round(np.concatenate(rows), _DECIMALS), np.float64)


def _varied(torch: Any, batch: Any) -> Any:
    mirrored = torch.rand(len(batch)) < 0.5
    batch[mirrored] = batch[mirrored].flip(3)
    down, right = (int(number) for number in torch.randint(0, 2 * _SHIFT + 1, (2,)))
    padded = torch.nn.functional.pad(batch, (_SHIFT,) * 4, mode="replicate")
    return padded[:, :, down : down + SIDE, right : right + SIDE]


def _layers(torch: Any, people: int) -> Any:
    nn = torch.nn
    layers, before = [], 1
    for number, channels in enumerate(_CHANNELS):
        size = 5 if number == 0 else 3
        layers += [nn.Conv2d(before, channels, size, 2, size // 2), nn.BatchNorm2d(channels), nn.ReLU()]
        before = channels
    flat = before * (SIDE // 8) ** 2
    layers += [nn.Flatten(), nn.Dropout(0.5), nn.Linear(flat, _FEATURES), nn.ReLU(), nn.Dropout(0.25)]
    return nn.Sequential(*layers, nn.Linear(_FEATURES, people))
