"""Frees an ONNX model of the image size that its file declares, in the file's bytes.

YuNet's and CenterFace's files declare one size though their networks take any; ONNX Runtime holds them to it. Only the
shapes that inputs, outputs and intermediate values declare are changed: no weight, no operator. The format is that of
onnx.proto3 in Protocol Buffers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

_GRAPH = 7  # of ModelProto
_INPUT, _OUTPUT, _VALUE_INFO = 11, 12, 13  # of GraphProto
_TYPE, _TENSOR_TYPE, _SHAPE, _DIM, _PARAM = 2, 1, 2, 1, 2  # of ValueInfoProto, TypeProto, Tensor, shape, dimension
_BYTES = 2  # the wire type of what has a length


def free_image_size(model: bytes) -> bytes:
    """A model whose first input takes images of any batch, height and width, and that declares no other sizes.

    Args:
        model: an ONNX file's bytes, with an input (batch, channels, height, width).

    Raises:
        ValueError: the bytes are no such file.
    """
    if not any(field == _GRAPH for field, *_ in _fields(model)):
        raise ValueError("not an ONNX model: it has no graph")
    return _changed(model, {_GRAPH: _free_graph})


def _free_graph(graph: bytes) -> bytes:
    freed = False
    parts: list[bytes] = []
    for field, wire, whole, content in _fields(graph):
        if wire != _BYTES or field not in (_INPUT, _OUTPUT, _VALUE_INFO):
            parts.append(whole)
        elif field == _INPUT and not freed:
            freed = True
            parts.append(_packed(field, _nested(content, (_TYPE, _TENSOR_TYPE, _SHAPE), _free_sides)))
        elif field == _OUTPUT:
            parts.append(_packed(field, _nested(content, (_TYPE, _TENSOR_TYPE, _SHAPE), _free_all)))
    if not freed:
        raise ValueError("the model has no input")
    return b"".join(parts)


def _free_sides(shape: bytes) -> bytes:
    """Batch, height and width free, channels as they are."""
    sizes = [content for field, wire, _, content in _fields(shape) if field == _DIM and wire == _BYTES]
    if len(sizes) != 4:
        raise ValueError(f"the model's input must have 4 dimensions, got {len(sizes)}")
    names = (b"batch", None, b"height", b"width")
    return b"".join(
        _packed(_DIM, size if name is None else _packed(_PARAM, name)) for size, name in zip(sizes, names, strict=True)
    )


def _free_all(shape: bytes) -> bytes:
    count = sum(field == _DIM for field, *_ in _fields(shape))
    return b"".join(_packed(_DIM, b"") for _ in range(count))


def _nested(message: bytes, path: tuple[int, ...], change: Callable[[bytes], bytes]) -> bytes:
    """A message with the one at ``path`` inside it changed."""
    if not path:
        return change(message)
    return _changed(message, {path[0]: lambda inner: _nested(inner, path[1:], change)})


def _changed(message: bytes, changes: dict[int, Callable[[bytes], bytes]]) -> bytes:
    return b"".join(
        _packed(field, changes[field](content)) if wire == _BYTES and field in changes else whole
        for field, wire, whole, content in _fields(message)
    )


def _packed(field: int, content: bytes) -> bytes:
    return _varint(field << 3 | _BYTES) + _varint(len(content)) + content


def _varint(number: int) -> bytes:
    parts = bytearray()
    while number > 127:
        parts.append(number & 127 | 128)
        number >>= 7
    return bytes([*parts, number])


def _fields(message: bytes) -> Iterator[tuple[int, int, bytes, bytes]]:
    """The fields of a message: number, wire type, all bytes, and the content of what has a length."""
    at = 0
    while at < len(message):
        start = at
        tag, at = _read_varint(message, at)
        wire, content = tag & 7, b""
        if wire == 0:
            _, at = _read_varint(message, at)
        elif wire in (1, 5):
            at += 8 if wire == 1 else 4
        elif wire == _BYTES:
            length, at = _read_varint(message, at)
            content = message[at : at + length]
            at += length
        else:
            raise ValueError(f"not an ONNX model: wire type {wire}")
        if at > len(message):
            raise ValueError("not an ONNX model: it is cut off")
        yield tag >> 3, wire, message[start:at], content


def _read_varint(message: bytes, at: int) -> tuple[int, int]:
    number = shift = 0
    while at < len(message) and shift < 70:
        number |= (message[at] & 127) << shift
        shift += 7
        at += 1
        if not message[at - 1] & 128:
            return number, at
    raise ValueError("not an ONNX model: a number is cut off")
