"""Training of the autoencoder with torch (extra ``train``), and its graph written down as ONNX.

Three convolutions of stride 2 (16, 32, 64 channels), a linear layer to the code and one back, three transposed
convolutions, a logistic function; mean squared error, Adam. The graph is written with the ``onnx`` package's helper:
torch's own exporter needs further packages, and these are nine layers.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from .._optional import import_extra
from .crops import AUTOENCODER_MARK as MARK
from .crops import AUTOENCODER_SIZE as SIZE

_CHANNELS = (16, 32, 64)
_SIDE = SIZE // 8  # after three strides of 2
_BATCH = 16
_RATE = 2e-3
_SHIFT = 4  # pixels, at most
_OPERATOR_SET, _IR_VERSION = 13, 8  # that OpenCV 4.9 reads


def train_autoencoder(crops: NDArray[np.float32], code: int, *, epochs: int = 100, seed: int = 0) -> bytes:
    """Trains an autoencoder on faces.

    Args:
        crops: (count, 64, 64, 3), RGB from 0 to 1.
        code: how many numbers it may keep of a face.
        epochs: how often each face is seen, a little different each time.
        seed: of the first weights, the order and the variations; the same gives the same model on the same machine
            with as many threads.

    Returns:
        An ONNX model, (1, 3, 64, 64) to the same.

    Raises:
        MissingExtra: torch or onnx is not installed.
    """
    import_extra("onnx", "train")
    torch = import_extra("torch", "train")
    faces = torch.from_numpy(np.ascontiguousarray(crops.transpose(0, 3, 1, 2)))
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        layers = _layers(torch, code)
        optimiser = torch.optim.Adam(layers.parameters(), lr=_RATE)
        batches = -(-len(faces) // _BATCH)
        schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, max_lr=_RATE, total_steps=epochs * batches)
        for _ in range(epochs):
            for chosen in torch.randperm(len(faces)).split(_BATCH):
                batch = _varied(torch, faces[chosen])
                loss = torch.nn.functional.mse_loss(layers(batch), batch)
                optimiser.zero_grad()
                loss.backward()
                optimiser.step()
                schedule.step()
    weights = [parameter.detach().numpy() for parameter in layers.parameters()]
    return write_graph(weights, code)


def _varied(torch: Any, batch: Any) -> Any:
    """The faces by chance mirrored, shifted and of another brightness, without which a small set is learnt by heart."""
    mirrored = torch.rand(len(batch)) < 0.5
    batch[mirrored] = batch[mirrored].flip(3)
    down, right = (int(number) for number in torch.randint(0, 2 * _SHIFT + 1, (2,)))
    padded = torch.nn.functional.pad(batch, (_SHIFT,) * 4, mode="replicate")
    gain = 0.8 + 0.4 * torch.rand(len(batch), 1, 1, 1)
    return (padded[:, :, down : down + SIZE, right : right + SIZE] * gain).clamp(0.0, 1.0)


def _layers(torch: Any, code: int) -> Any:
    """The network; its parameters come in the order that :func:`write_graph` takes them."""
    nn = torch.nn
    first, second, third = _CHANNELS
    flat = third * _SIDE * _SIDE
    return nn.Sequential(
        nn.Conv2d(3, first, 4, 2, 1),
        nn.ReLU(),
        nn.Conv2d(first, second, 4, 2, 1),
        nn.ReLU(),
        nn.Conv2d(second, third, 4, 2, 1),
        nn.ReLU(),
        nn.Flatten(),
        nn.Linear(flat, code),
        nn.Linear(code, flat),
        nn.ReLU(),
        nn.Unflatten(1, (third, _SIDE, _SIDE)),
        nn.ConvTranspose2d(third, second, 4, 2, 1),
        nn.ReLU(),
        nn.ConvTranspose2d(second, first, 4, 2, 1),
        nn.ReLU(),
        nn.ConvTranspose2d(first, 3, 4, 2, 1),
        nn.Sigmoid(),
    )


def write_graph(weights: list[NDArray[np.float32]], code: int) -> bytes:
    """The network as an ONNX model.

    Args:
        weights: weight and bias of each layer that has any, in the order of torch's parameters.
        code: how many numbers it keeps; readers find it in the graph's description.

    Raises:
        MissingExtra: onnx is not installed.
    """
    helper, kinds = import_extra("onnx.helper", "train"), import_extra("onnx", "train").TensorProto
    numpy_helper = import_extra("onnx.numpy_helper", "train")
    convolution = {"kernel_shape": [4, 4], "strides": [2, 2], "pads": [1, 1, 1, 1]}
    steps: list[tuple[str, bool, dict[str, Any]]] = [  # operator, whether it has weights, attributes
        *[("Conv", True, convolution), ("Relu", False, {})] * 3,
        ("Flatten", False, {"axis": 1}),
        *[("Gemm", True, {"transB": 1})] * 2,
        ("Relu", False, {}),
        ("Reshape", False, {}),
        *[("ConvTranspose", True, convolution), ("Relu", False, {})] * 2,
        ("ConvTranspose", True, convolution),
        ("Sigmoid", False, {}),
    ]
    constants = [numpy_helper.from_array(np.array([1, _CHANNELS[-1], _SIDE, _SIDE]), "shape")]
    nodes, last, remaining = [], "face", iter(weights)
    for index, (operator, weighted, attributes) in enumerate(steps):
        inputs = [last, "shape"] if operator == "Reshape" else [last]
        for name in ("weight", "bias") if weighted else ():
            inputs.append(f"{name}{index}")
            constants.append(numpy_helper.from_array(np.ascontiguousarray(next(remaining)), inputs[-1]))
        last = f"step{index}" if index < len(steps) - 1 else "replaced"
        nodes.append(helper.make_node(operator, inputs, [last], **attributes))
    ends = [helper.make_tensor_value_info(name, kinds.FLOAT, [1, 3, SIZE, SIZE]) for name in ("face", "replaced")]
    graph = helper.make_graph(nodes, "autoencoder", ends[:1], ends[1:], constants)
    graph.doc_string = MARK.format(SIZE, code)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", _OPERATOR_SET)])
    model.ir_version = _IR_VERSION
    return bytes(model.SerializeToString())
