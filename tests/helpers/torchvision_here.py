"""Imports torchvision, also where its compiled operators cannot be loaded: PyPI builds it against torch with CUDA.

Beside a torch for processors alone it stops at import, because it describes two operators that are then unknown. Their
names are declared here and nothing else; no transform of these tests calls them: all that runs is torchvision's
own code.
"""

import warnings
from importlib.util import find_spec

import pytest

_declared = []


def import_torchvision():
    """The module; without it the test file is skipped."""
    if find_spec("torchvision") is None or find_spec("torch") is None:
        pytest.skip("no torchvision here", allow_module_level=True)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import torch

        if torch.version.cuda is None and not _declared:  # once a process
            _declared.append(torch.library.Library("torchvision", "FRAGMENT"))
            for name in ("nms", "qnms"):
                _declared[0].define(f"{name}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
        import torchvision

    return torchvision
