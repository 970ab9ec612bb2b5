"""What the OpenAPI document says of each address beyond its options: bodies, answers, problems, examples."""

from __future__ import annotations

from typing import Any

from .problems import MEDIA_TYPE, TITLES, TYPE_PREFIX
from .responses import JSON, MULTIPART, PNG, ZIP

BODY = ("image/png", "image/jpeg", "image/webp", "image/tiff", "image/bmp", "image/x-portable-anymap")
"""Kinds of images that can be read; the content decides, not the Content-Type."""

DESCRIPTION = """Hides the faces of images: draws other ones over them and seals the originals under a key, whose holder
brings them back bit for bit; or permutes their pixels. Shows what remains visible, finds faces, and tells how far
images are from each other.

Images come as the body itself (`image/*`, `application/octet-stream`) or as the part `image` of `multipart/form-data`;
options are query parameters, and unknown ones are refused. Every error is a problem document (RFC 9457). Nothing is
stored; logs hold no content of images or keys.
"""

_FILE = {"type": "string", "format": "binary"}
_COMMON = ("bad-request", "unauthorised", "forbidden", "cross-site", "misdirected", "internal", "stopping")
UPLOAD = (
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
    "not-supported",
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
        "images": {"type": "array", "items": {"type": "object"}, "description": "What is wrong with each of several."},
    },
}
IMAGE_PROBLEM_SCHEMA: dict[str, Any] = {
    "type": "object",
    "description": "What is wrong with one image of several; RFC 9457 without an instance.",
    "required": ["type", "title", "status"],
    "properties": {name: PROBLEM_SCHEMA["properties"][name] for name in ("type", "title", "status", "detail")},
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
        "found_by": {"type": "array", "items": {"type": "string"}, "description": "Its detectors, if several looked."},
    },
}
_REGIONS = {"type": "array", "items": REGION_SCHEMA}
_RECORD_OBJECT = {"type": ["object", "null"], "description": "docs/format-2.md; null where nothing can be restored."}
_PROTECTED = {
    "protection": {"type": "string", "description": "What was done, with all of its settings."},
    "format": {"enum": ["PNG", "WebP", "TIFF", "JPEG"]},
    "sealed": {"enum": ["inside", "beside", "none"], "description": "Beside: as `seals`, in base64 or as a part."},
    "reversible": {"type": "boolean", "description": "Whether somebody has the key."},
    "key_id": {"type": ["string", "null"]},
    "recipients": {"type": "array", "items": {"type": "string"}, "description": "Ids of all keys that restore it."},
    "metadata_sealed": {"type": "boolean", "description": "Whether name, time and metadata come back, too."},
    "notes": {"type": "array", "items": {"type": "string"}, "description": "What is lost, or comes back otherwise."},
    "note": {"type": ["string", "null"]},
    "moved": {"type": "integer", "description": "Pixels that moved; 0 where others are drawn in their place."},
    "regions": _REGIONS,
    "record": _RECORD_OBJECT,
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
    "Fastperturb-Sealed": {"schema": {"enum": ["inside", "beside", "none"]}, "description": "Where the originals are."},
    "Fastperturb-Metadata": {
        "schema": {"enum": ["sealed", "none"]},
        "description": "Whether name, time and metadata come back, too.",
    },
    "Fastperturb-Key-Id": {"schema": {"type": "string"}, "description": "Public id of the secret key, if one is here."},
    "Fastperturb-Recipients": {"schema": {"type": "string"}, "description": "Ids of all keys that restore it."},
    "Fastperturb-Record": {
        "schema": {"type": "string"},
        "description": "The record (JSON), if up to 4,096 bytes and without seals.",
    },
    "Fastperturb-Regions": {"schema": {"type": "integer"}},
    "Fastperturb-Moved": {"schema": {"type": "integer"}},
}
_FACE_KEYS = {"type": "array", "items": {"type": "string"}, "description": "In the order of regions; secrets."}
_SEVERAL = {
    "type": "object",
    "required": ["images"],
    "properties": {
        "images": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["number", "name"],
                "properties": {
                    "number": {"type": "integer", "description": "From 1, in the order in which they came."},
                    "name": {"type": "string"},
                    "problem": {"$ref": "#/components/schemas/ImageProblem"},
                    "files": {"type": "array", "items": {"type": "string"}},
                    **_PROTECTED,
                },
            },
        }
    },
}
_ARCHIVE = {
    ZIP: {
        "schema": {
            "type": "string",
            "format": "binary",
            "description": "NAME, and if they lie beside NAME.json (record) and NAME.seal (seals), as the command line "
            "names them; facts.json.",
        }
    }
}


def as_object(properties: dict[str, Any], **optional: Any) -> dict[str, Any]:
    """The schema of an object that has all of these properties, and perhaps others."""
    return {"type": "object", "properties": {**properties, **optional}, "required": list(properties)}


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


def body_of(parts: dict[str, str], needed: list[str], several: tuple[str, ...] = ()) -> dict[str, Any]:
    """The body of a request: parts with their descriptions; raw too where no more than the image is needed."""
    described: dict[str, Any] = {name: {**_FILE, "description": text} for name, text in parts.items()}
    for name in several:
        described[name] = {"type": "array", "items": _FILE, "description": parts[name]}
    form = {"type": "object", "required": needed, "additionalProperties": False, "properties": described}
    content: dict[str, Any] = {MULTIPART: {"schema": form}}
    if needed in (["image"], []):
        content = {kind: {"schema": _FILE} for kind in (*BODY, "application/octet-stream")} | content
    return {"requestBody": {"required": True, "content": content}}


def entry_of(
    body: dict[str, Any] | None, good: dict[str, Any], *problems: str, more: dict[int | str, Any] | None = None
) -> dict[str, Any]:
    """What a route is told of its body, its answer, further answers, and its problems."""
    found: dict[int | str, Any] = {200: good, **(more or {}), **_problems(*problems)}
    return {"responses": found, "openapi_extra": body, "response_model": None}


def _images(facts: dict[str, Any], *names: str, **optional: Any) -> dict[str, Any]:
    told = {"facts": {"type": "string", "description": "JSON as without the images"}, **dict.fromkeys(names, _FILE)}
    return {
        JSON: {"schema": as_object({**dict.fromkeys(names, _BASE64), **facts}, **optional)},
        MULTIPART: {"schema": as_object(told)},
    }


def _one_or_several() -> dict[str, Any]:
    one = _images(_PROTECTED, "image", face_keys=_FACE_KEYS, seals=_BASE64)
    return {kind: {"schema": {"anyOf": [item["schema"], _SEVERAL]}} for kind, item in one.items()}


KEY = "An own secret key, as the text of a key file; for this request alone."
RECORD = "The record, where it is not inside the image."
SEALS = "The seals, where they lie beside the image."
TO = "A public key, fppub2_..., whose holder can restore; may come more than once, up to 16 keys with others."
_PNG = {PNG: {"schema": _FILE}}
FILES = {kind: {"schema": _FILE} for kind in ("image/png", "image/webp", "image/tiff")}
_PROTECT_PROBLEMS = (
    "unknown-key",
    "no-current-key",
    "bad-key",
    "bad-recipients",
    "already-protected",
    "result-too-large",
    "no-face",
    "not-acceptable",
)

PROTECT = entry_of(
    body_of({"image": "The image; several may come.", "key": KEY, "to": TO}, ["image"], ("image", "to")),
    {
        "description": "The protected image; or a ZIP archive of it with its record and seals, or of several images.",
        "headers": _HEADERS,
        "content": {**FILES, "image/jpeg": {"schema": _FILE}, **_ARCHIVE, **_one_or_several()},
    },
    *UPLOAD,
    *_PROTECT_PROBLEMS,
    "none-done",
    more={
        207: {
            "description": "Several images came, and some were not protected: each says what became of it.",
            "content": {**_ARCHIVE, JSON: {"schema": _SEVERAL}, MULTIPART: {"schema": _SEVERAL}},
        }
    },
)
PREVIEW = entry_of(
    body_of({"image": "The image.", "key": KEY, "to": TO}, ["image"], ("to",)),
    {
        "description": "The protected image, its view, and measures.",
        "headers": _HEADERS,
        "content": _images(
            {
                **_PROTECTED,
                "measures": as_object(
                    {
                        **_MEASURES,
                        "faces": as_object(dict.fromkeys(("before", "after", "view_before", "view_after"), _REGIONS)),
                    }
                ),
            },
            "image",
            "view",
            face_keys=_FACE_KEYS,
            seals=_BASE64,
        ),
    },
    *UPLOAD,
    *_PROTECT_PROBLEMS,
)
VIEW = entry_of(
    body_of({"image": "The image.", "record": RECORD}, ["image"]),
    {"description": "The view, as PNG.", "content": _PNG},
    *UPLOAD,
    "no-face",
    "bad-record",
    "not-acceptable",
)
LOCATE = entry_of(
    body_of({"image": "The image."}, ["image"]),
    {
        "description": "The faces, best first.",
        "content": {
            JSON: {
                "schema": as_object({"width": {"type": "integer"}, "height": {"type": "integer"}, "faces": _REGIONS})
            }
        },
    },
    *UPLOAD,
)
PAIR = entry_of(
    body_of({"before": "An image.", "after": "Another of the same size and kind."}, ["before", "after"]),
    {
        "description": "Their difference.",
        "content": {
            JSON: {
                "schema": as_object(_MEASURES),
                "example": {"equal": False, "psnr": 21.37, "ssim": 0.842, "mse": 474.2},
            }
        },
    },
    *UPLOAD,
    "no-record",
    "bad-record",
    "not-comparable",
)
INFO: dict[str, Any] = {"responses": {200: {"description": "The set-up."}}, "response_model": None}
