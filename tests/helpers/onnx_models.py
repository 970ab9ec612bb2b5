"""Small ONNX models of the forms that users bring, which see red: convolutions and means, no training.

A pixel is (red, green, blue) from 0 to 1. A cell of a grid "sees" where its mean red exceeds its mean blue.
"""

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

STRIDES = (8, 16, 32)
SHARP = 40.0  # of the logistic function: mean red - mean blue = 0.5 is its middle


def save(path, nodes, inputs, outputs, constants=(), *, metadata=None, opset=13):
    """Writes a model; ``inputs`` and ``outputs`` are (name, type, shape)."""
    graph = helper.make_graph(
        nodes,
        "test",
        [helper.make_tensor_value_info(*item) for item in inputs],
        [helper.make_tensor_value_info(*item) for item in outputs],
        [numpy_helper.from_array(np.asarray(value), name) for name, value in constants],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)])
    model.ir_version = 8
    if metadata:
        helper.set_model_props(model, metadata)
    path.write_bytes(model.SerializeToString())
    return path


def image_input(size, *, last=False, kind=TensorProto.FLOAT):
    height, width = size
    return ("images", kind, [1, height, width, 3] if last else [1, 3, height, width])


def seeing(stride, channels):
    """Weights and bias of a convolution over a cell: ``channels`` maps channel to (gain on red - blue, bias)."""
    weights = np.zeros((len(channels), 3, stride, stride), np.float32)
    for index, (gain, _) in enumerate(channels):
        weights[index, 0], weights[index, 2] = gain / stride**2, -gain / stride**2
    return weights, np.array([bias for _, bias in channels], np.float32)


def logit(value):
    return float(np.log(value / (1 - value)))


def yolo_v3(path, *, size=(128, 128), classes=2, strides=STRIDES, form="planar", last=False):
    """Heads with three anchors each; only the middle anchor looks, its box is 1.5 anchors wide and 2 high.

    The centre is at 0.25, 0.75 of the cell; class 1 sees.
    """
    nodes, outputs, constants = [], [], []
    source = "images"
    if last:
        nodes.append(helper.make_node("Transpose", ["images"], ["planar"], perm=[0, 3, 1, 2]))
        source = "planar"
    for stride in strides:
        rows, columns = size[0] // stride, size[1] // stride
        blind = [(0, 0)] * 4 + [(0, -20)] * (1 + classes)
        box = [(0, logit(0.25)), (0, logit(0.75)), (0, np.log(1.5)), (0, np.log(2.0))]
        looking = [*box, (SHARP, -SHARP / 2), *[(0, 20 if c == 1 else -20) for c in range(classes)]]
        weights, bias = seeing(stride, blind + looking + blind)
        constants += [(f"w{stride}", weights), (f"b{stride}", bias)]
        name = f"head{stride}"
        made = f"raw{stride}" if form != "planar" else name
        conv = {"kernel_shape": [stride, stride], "strides": [stride, stride]}
        nodes.append(helper.make_node("Conv", [source, f"w{stride}", f"b{stride}"], [made], **conv))
        shape = [1, 3 * (5 + classes), rows, columns]
        if form == "last":
            nodes.append(helper.make_node("Transpose", [made], [name], perm=[0, 2, 3, 1]))
            shape = [1, rows, columns, 3 * (5 + classes)]
        if form == "five":
            constants.append((f"s{stride}", np.array([1, 3, 5 + classes, rows, columns], np.int64)))
            nodes.append(helper.make_node("Reshape", [made, f"s{stride}"], [f"five{stride}"]))
            nodes.append(helper.make_node("Transpose", [f"five{stride}"], [name], perm=[0, 1, 3, 4, 2]))
            shape = [1, 3, rows, columns, 5 + classes]
        outputs.append((name, TensorProto.FLOAT, shape))
    return save(path, nodes, [image_input(size, last=last)], outputs, constants)


def yolo_rows(path, layout, *, size=(128, 160), classes=3, points=0, metadata=None, kind=TensorProto.FLOAT):
    """Decoded rows, one a cell: the box is 2 strides wide and 3 high around the middle of the cell; class 1 sees.

    ``points``: landmarks of 3 numbers each, all at the middle, moved by (k, 2k) pixels.
    """
    nodes, parts, boxes = [], [], []
    constants = []
    source = "images"
    if kind != TensorProto.FLOAT:
        nodes.append(helper.make_node("Cast", ["images"], ["cast"], to=TensorProto.FLOAT))
        nodes.append(helper.make_node("Mul", ["cast", "part"], ["real"]))
        part = 1 / 255 if kind == TensorProto.UINT8 else 1.0
        constants.append(("part", np.array(part, np.float32)))
        source = "real"
    for stride in STRIDES:
        rows, columns = size[0] // stride, size[1] // stride
        y, x = np.mgrid[:rows, :columns].reshape(2, -1) * stride + stride / 2
        boxes.append(np.stack([x, y, np.full_like(x, 2 * stride), np.full_like(x, 3 * stride)]))
        weights, bias = seeing(stride, [(SHARP, -SHARP / 2) if c == 1 else (0, -20) for c in range(classes)])
        constants += [(f"w{stride}", weights), (f"b{stride}", bias)]
        conv = {"kernel_shape": [stride, stride], "strides": [stride, stride]}
        nodes.append(helper.make_node("Conv", [source, f"w{stride}", f"b{stride}"], [f"c{stride}"], **conv))
        nodes.append(helper.make_node("Reshape", [f"c{stride}", "flat"], [f"r{stride}"]))
        parts.append(f"r{stride}")
    grid = np.concatenate(boxes, axis=1)[None].astype(np.float32)
    moved = [np.stack([grid[0, 0] + k, grid[0, 1] + 2 * k, np.ones(grid.shape[2])]) for k in range(points)]
    tail = np.concatenate([np.zeros((0, grid.shape[2])), *moved])[None].astype(np.float32)
    objectness = np.full((1, 1, grid.shape[2]), 0.9, np.float32)
    constants += [("flat", np.array([1, classes, -1], np.int64)), ("grid", grid), ("tail", tail), ("obj", objectness)]
    nodes.append(helper.make_node("Concat", parts, ["raw"], axis=2))
    nodes.append(helper.make_node("Sigmoid", ["raw"], ["scores"]))
    order = ["grid", "scores", "tail"] if layout == "v8" else ["grid", "obj", "tail", "scores"]
    nodes.append(helper.make_node("Concat", order, ["columns"], axis=1))
    perm = [0, 1, 2] if layout == "v8" else [0, 2, 1]
    nodes.append(helper.make_node("Transpose", ["columns"], ["output0"], perm=perm))
    wide = 4 + classes + 3 * points + (layout != "v8")
    shape = [1, wide, grid.shape[2]] if layout == "v8" else [1, grid.shape[2], wide]
    outputs = [("output0", TensorProto.FLOAT, shape)]
    if points:
        metadata = {"kpt_shape": f"[{points}, 3]", **(metadata or {})}
    return save(path, nodes, [image_input(size, kind=kind)], outputs, constants, metadata=metadata)


def faster_rcnn(path, boxes, labels, scores, *, gain=1.0, batch=False, size=(None, None)):
    """Boxes are shares of the input; a score is multiplied by gain * (mean red - mean blue)."""
    axes = [2, 3] if batch else [1, 2]
    nodes = [
        helper.make_node("Shape", ["image"], ["shape"]),
        helper.make_node("Gather", ["shape", "sides"], ["across"]),
        helper.make_node("Cast", ["across"], ["real"], to=TensorProto.FLOAT),
        helper.make_node("Mul", ["shares", "real"], ["boxes"]),
        helper.make_node("ReduceMean", ["image"], ["means"], axes=axes, keepdims=0),
        helper.make_node("Reshape", ["means", "three"], ["colours"]),
        helper.make_node("Gather", ["colours", "k0"], ["red"]),
        helper.make_node("Gather", ["colours", "k2"], ["blue"]),
        helper.make_node("Sub", ["red", "blue"], ["difference"]),
        helper.make_node("Mul", ["difference", "gain"], ["factor"]),
        helper.make_node("Mul", ["given", "factor"], ["scores"]),
        helper.make_node("Identity", ["kinds"], ["labels"]),
    ]
    dims = [-1, -2, -1, -2]
    rank = 4 if batch else 3
    constants = [
        ("sides", np.array([rank + d for d in dims], np.int64)),
        ("shares", np.array(boxes, np.float32).reshape(-1, 4)),
        ("kinds", np.array(labels, np.int64)),
        ("given", np.array(scores, np.float32)),
        ("gain", np.array([gain], np.float32)),
        ("three", np.array([3], np.int64)),
        ("k0", np.array([0], np.int64)),
        ("k2", np.array([2], np.int64)),
    ]
    shape = [*([1] if batch else []), 3, *(side or name for side, name in zip(size, ("h", "w"), strict=True))]
    count = len(labels)
    outputs = [
        ("boxes", TensorProto.FLOAT, [count, 4]),
        ("labels", TensorProto.INT64, [count]),
        ("scores", TensorProto.FLOAT, [count]),
    ]
    return save(path, nodes, [("image", TensorProto.FLOAT, shape)], outputs, constants)


def constant(path, outputs, *, size=(64, 64), inputs=1, opset=13, metadata=None):
    """Gives the same arrays for any image."""
    nodes = [helper.make_node("Identity", [f"c{i}"], [f"o{i}"]) for i in range(len(outputs))]
    kinds = {np.dtype(np.float32): TensorProto.FLOAT, np.dtype(np.int64): TensorProto.INT64}
    described = [(f"o{i}", kinds[value.dtype], list(value.shape)) for i, value in enumerate(outputs)]
    constants = [(f"c{i}", value) for i, value in enumerate(outputs)]
    given = [(f"images{i or ''}", TensorProto.FLOAT, [1, 3, *size]) for i in range(inputs)]
    return save(path, nodes, given, described, constants, opset=opset, metadata=metadata)


def newest_opset():
    return onnx.defs.onnx_opset_version()


def scrfd(path, *, size=(None, None), anchors=2, points=True, batch=False, strides=STRIDES, reverse=False, gain=1.0):
    """SCRFD's form: the last anchor of a cell sees; its box reaches 1, 2, 3 and 4 strides to left, top, right, bottom.

    The input is -1 to 1, so that its red - blue is twice a pixel's. Landmark k lies k and 2 k strides from the cell.
    """
    nodes, outputs, constants = [], [], []
    for stride in strides:
        weights, bias = seeing(stride, [(0, -20)] * (anchors - 1) + [(SHARP / 2, -SHARP / 2)])
        conv = {"kernel_shape": [stride, stride], "strides": [stride, stride]}
        constants += [(f"w{stride}", weights), (f"b{stride}", bias), (f"gain{stride}", np.float32(gain))]
        nodes.append(helper.make_node("Conv", ["images", f"w{stride}", f"b{stride}"], [f"c{stride}"], **conv))
        nodes.append(helper.make_node("Sigmoid", [f"c{stride}"], [f"s{stride}"]))
        nodes.append(helper.make_node("Mul", [f"s{stride}", f"gain{stride}"], [f"g{stride}"]))
        nodes.append(helper.make_node("Transpose", [f"g{stride}"], [f"t{stride}"], perm=[0, 2, 3, 1]))
        shape = [1, -1, 1] if batch else [-1, 1]
        constants.append((f"shape{stride}", np.array(shape, np.int64)))
        nodes.append(helper.make_node("Reshape", [f"t{stride}", f"shape{stride}"], [f"score{stride}"]))
        kinds = {"bbox": [1, 2, 3, 4], "kps": [v for k in range(5) for v in (k, 2 * k)]}
        for kind, values in kinds.items() if points else [("bbox", kinds["bbox"])]:
            row = np.array(values, np.float32).reshape((1, 1, -1) if batch else (1, -1))
            constants += [(f"row_{kind}{stride}", row), (f"zero_{kind}{stride}", np.float32(0))]
            nodes.append(helper.make_node("Mul", [f"score{stride}", f"zero_{kind}{stride}"], [f"none_{kind}{stride}"]))
            nodes.append(helper.make_node("Add", [f"none_{kind}{stride}", f"row_{kind}{stride}"], [f"{kind}{stride}"]))
    for name, wide in (("score", 1), ("bbox", 4), *([("kps", 10)] if points else [])):
        outputs += [(f"{name}{s}", TensorProto.FLOAT, [1, None, wide] if batch else [None, wide]) for s in strides]
    return save(
        path, nodes, [("images", TensorProto.FLOAT, [1, 3, *size])], outputs[:: -1 if reverse else 1], constants
    )
