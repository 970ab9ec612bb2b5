"""What the OpenAPI document says of each address beyond its options: bodies, answers, problems, examples."""

from __future__ import annotations

from typing import Any

from .problems import MEDIA_TYPE, TITLES, TYPE_PREFIX
from .responses import JSON, MULTIPART, PNG

IMAGES = (PNG, JSON, MULTIPART)
BODY = ("image/png", "image/jpeg", "image/webp", "image/tiff", "image/bmp", "image/x-portable-anymap")
"""Kinds of images that can be read; the content decides, not the Content-Type."""

DESCRIPTION = """Hides the faces of images by a keyed permutation of their pixels, which the key's holder can undo bit
for bit; shows what remains visible, finds faces, and tells how far images are from each other.

Images come as the body itself (`image/*`, `application/octet-stream`) or as the part `image` of `multipart/form-data`;
options are query parameters, and unknown ones are refused. Every error is a problem document (RFC 9457). Nothing is
stored; logs hold no content of images or keys.
"""

_FILE = {"type": "string", "format": "binary"}
_COMMON = ("bad-request", "unauthorised", "forbidden", "cross-site", "misdirected", "internal", "stopping")
_UPLOAD = (
    "upload-timeout",
    "body-too-large",
    "too-many-pixels",
    "unsupported-media",
    "bad-options",
    "bad-parts",
    "damaged-image",
    "too-busy",
    "timeout",
    "out-of-memory",
)

PROBLEM_SCHEMA: dict[str, Any] = {
    "type": "object",
    "description": "RFC 9457.",
    "required": ["type", "title", "status", "instance"],
    "properties": {
        "type": {"type": "string", "format": "uri", "examples": [TYPE_PREFIX + "no-face"]},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "instance": {"type": "string", "description": "The request's id, as in X-Request-Id and the log."},
        "errors": {"type": "array", "items": {"type": "object"}},
    },
}
REGION_SCHEMA: dict[str, Any] = {
    "type": "object",
    "required": ["x", "y", "width", "height", "shape"],
    "properties": {
        **{name: {"type": "integer"} for name in ("x", "y", "width", "height")},
        "shape": {"enum": ["box", "ellipse"]},
        "score": {"type": "number"},
        "landmarks": {"type": "array", "items": {"type": "array", "items": {"type": "number"}}},
        "turn": {"type": "number", "description": "Degrees by which the face is turned clockwise, -180 to 180."},
    },
}
_REGIONS = {"type": "array", "items": REGION_SCHEMA}
_PROTECTED = {
    "reversible": {"type": "boolean", "description": "Whether somebody has the key."},
    "key_id": {"type": ["string", "null"]},
    "note": {"type": ["string", "null"]},
    "moved": {"type": "integer", "description": "Pixels that moved."},
    "regions": _REGIONS,
    "record": {"type": ["object", "null"], "description": "docs/format.md; null where nothing can be restored."},
}
_MEASURES = {
    "equal": {"type": "boolean"},
    "psnr": {"type": ["number", "null"], "description": "dB; null for equal images."},
    "ssim": {"type": ["number", "null"], "description": "Null for images smaller than 11 x 11."},
    "mse": {"type": "number"},
}
_BASE64 = {"type": "string", "contentEncoding": "base64", "contentMediaType": PNG}
_HEADERS = {
    "Fastperturb-Reversible": {"schema": {"enum": ["true", "false"]}, "description": "Whether somebody has the key."},
    "Fastperturb-Key-Id": {"schema": {"type": "string"}, "description": "Public id of the key, if it is kept."},
    "Fastperturb-Record": {"schema": {"type": "string"}, "description": "The record (JSON), if up to 4,096 bytes."},
    "Fastperturb-Regions": {"schema": {"type": "integer"}},
    "Fastperturb-Moved": {"schema": {"type": "integer"}},
}


def _object(properties: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
    }


def _problems(*names: str) -> dict[int | str, dict[str, Any]]:
    found: dict[int | str, dict[str, Any]] = {}
    for name in (*_COMMON, *names):
        status, title = TITLES[name]
        entry = found.setdefault(status, {"description": title, "content": {}})
        if title not in entry["description"]:
            entry["description"] += f"; or: {title}"
        examples = entry["content"].setdefault(
            MEDIA_TYPE, {"schema": {"$ref": "#/components/schemas/Problem"}, "examples": {}}
        )["examples"]
        examples[name] = {
            "value": {
                "type": TYPE_PREFIX + name,
                "title": title,
                "status": status,
                "instance": "urn:fastperturb:request:5f1d0c2b9a7e4d31",
            }
        }
    for status, headers in ((401, ("WWW-Authenticate",)), (429, ("Retry-After",)), (503, ("Retry-After",))):
        if status in found:
            found[status]["headers"] = {name: {"schema": {"type": "string"}} for name in headers}
    return found


def _body(parts: dict[str, str], needed: list[str]) -> dict[str, Any]:
    """The body of a request: parts with their descriptions; raw too where the image alone is needed."""
    form = {
        "type": "object",
        "required": needed,
        "additionalProperties": False,
        "properties": {name: {**_FILE, "description": text} for name, text in parts.items()},
    }
    content: dict[str, Any] = {MULTIPART: {"schema": form}}
    if needed == ["image"]:
        content = {kind: {"schema": _FILE} for kind in (*BODY, "application/octet-stream")} | content
    return {"requestBody": {"required": True, "content": content}}


def _entry(body: dict[str, Any] | None, good: dict[str, Any], *problems: str) -> dict[str, Any]:
    return {"responses": {200: good, **_problems(*problems)}, "openapi_extra": body, "response_model": None}


def _images(facts: dict[str, Any], *names: str) -> dict[str, Any]:
    return {
        JSON: {"schema": _object({**dict.fromkeys(names, _BASE64), **facts})},
        MULTIPART: {
            "schema": _object(
                {
                    "facts": {"type": "string", "description": "JSON as without the images"},
                    **dict.fromkeys(names, _FILE),
                }
            )
        },
    }


_KEY = "An own key, as the text of a key file; for this request alone."
_RECORD = "The record, where it is not inside the image."
_PNG = {PNG: {"schema": _FILE}}
_NEED_KEY = ("unknown-key", "no-current-key", "bad-key")

PROTECT = _entry(
    _body({"image": "The image.", "key": _KEY}, ["image"]),
    {"description": "The protected image.", "headers": _HEADERS, "content": {**_PNG, **_images(_PROTECTED, "image")}},
    *_UPLOAD,
    *_NEED_KEY,
    "already-protected",
    "result-too-large",
    "no-face",
    "not-acceptable",
)
PREVIEW = _entry(
    _body({"image": "The image.", "key": _KEY}, ["image"]),
    {
        "description": "The protected image, its view, and measures.",
        "headers": _HEADERS,
        "content": _images(
            {
                **_PROTECTED,
                "measures": _object(
                    {
                        **_MEASURES,
                        "faces": _object(dict.fromkeys(("before", "after", "view_before", "view_after"), _REGIONS)),
                    }
                ),
            },
            "image",
            "view",
        ),
    },
    *_UPLOAD,
    *_NEED_KEY,
    "already-protected",
    "result-too-large",
    "no-face",
    "not-acceptable",
)
RESTORE = _entry(
    _body({"image": "The protected image.", "record": _RECORD, "key": _KEY}, ["image"]),
    {"description": "The original, as PNG.", "content": _PNG},
    *_UPLOAD,
    "restore-off",
    "unknown-key",
    "no-record",
    "bad-record",
    "bad-key",
    "wrong-key",
    "tampered",
    "not-acceptable",
)
VIEW = _entry(
    _body({"image": "The image.", "record": _RECORD}, ["image"]),
    {"description": "The view, as PNG.", "content": _PNG},
    *_UPLOAD,
    "no-face",
    "bad-record",
    "not-acceptable",
)
LOCATE = _entry(
    _body({"image": "The image."}, ["image"]),
    {
        "description": "The faces, best first.",
        "content": {
            JSON: {"schema": _object({"width": {"type": "integer"}, "height": {"type": "integer"}, "faces": _REGIONS})}
        },
    },
    *_UPLOAD,
)
PAIR = _entry(
    _body({"before": "An image.", "after": "Another of the same size and kind."}, ["before", "after"]),
    {
        "description": "Their difference.",
        "content": {
            JSON: {
                "schema": _object(_MEASURES),
                "example": {"equal": False, "psnr": 21.37, "ssim": 0.842, "mse": 474.2},
            }
        },
    },
    *_UPLOAD,
    "no-record",
    "bad-record",
    "not-comparable",
)
INFO: dict[str, Any] = {"responses": {200: {"description": "The set-up."}}, "response_model": None}
