"""What the OpenAPI document says of the addresses that need a key."""

from __future__ import annotations

from typing import Any

from .methods import READ_TYPES
from .openapi import FILES, KEY, RECORD, SEALS, TO, UPLOAD, as_object, body_of, entry_of
from .responses import JSON, MULTIPART, ZIP

_METADATA = ("restored", "none", "damaged")
_STATES = ("whole", "changed", "unknown")
_ORIGIN = {
    "enum": ["key", "recipients", "anyone", "unknown"],
    "description": "Who can have made the record: the key's holder; another recipient, too; whoever has the public "
    "key; a face key cannot tell.",
}
_VERDICTS = as_object(
    {
        "record": {"enum": ["whole", "unknown"]},
        "regions": {"type": "array", "items": {"enum": _STATES}, "description": "What each region showed."},
        "surroundings": {"enum": _STATES},
    }
)
_FACTS: dict[str, Any] = {
    "origin": _ORIGIN,
    "verdicts": _VERDICTS,
    "restored": {"type": "array", "items": {"type": "integer"}, "description": "Numbers of the regions brought back."},
    "name": {"type": ["string", "null"], "description": "Of the original file, where it was sealed."},
    "changed": {
        "type": ["integer", "null"],
        "description": "When the original was last changed, in milliseconds since 1970.",
    },
    "metadata": {"enum": _METADATA, "description": "What became of what was sealed beside the faces."},
    "exact_file": {"type": "boolean", "description": "Whether it is the very file of the original."},
}
_HEADERS = {
    "Fastperturb-Origin": {"schema": _ORIGIN},
    "Fastperturb-Record-State": {"schema": {"enum": ["whole", "unknown"]}},
    "Fastperturb-Regions-State": {
        "schema": {"type": "string"},
        "description": "`whole`, `unknown`, or `changed` and the numbers of the regions that show something else now.",
    },
    "Fastperturb-Surroundings-State": {"schema": {"enum": _STATES}},
    "Fastperturb-Restored": {"schema": {"type": "string"}, "description": "Numbers of the regions brought back."},
    "Fastperturb-Metadata": {"schema": {"enum": _METADATA}},
    "Fastperturb-Exact-File": {"schema": {"enum": ["true", "false"]}},
    "Content-Disposition": {"schema": {"type": "string"}, "description": "The name of the original file."},
    "Last-Modified": {"schema": {"type": "string"}, "description": "When the original was last changed."},
}
_IMAGE = {"type": "string", "contentEncoding": "base64"}
_FILE = {"type": "string", "format": "binary"}
_TOLD = {"facts": {"type": "string", "description": "JSON as without the image"}}

RESTORE = entry_of(
    body_of(
        {
            "image": "The protected image.",
            "record": RECORD,
            "seals": SEALS,
            "key": KEY,
            "face-key": "The key of one face, fpface2_...: brings back that face and leaves the rest as it is.",
        },
        ["image"],
    ),
    {
        "description": "The original, or the image with some faces back.",
        "headers": _HEADERS,
        "content": {
            **{kind: {"schema": _FILE} for kind in (*READ_TYPES.values(), "image/avif")},
            JSON: {"schema": as_object({"image": _IMAGE, **_FACTS})},
            MULTIPART: {"schema": as_object({**_TOLD, "image": _FILE})},
            ZIP: {"schema": _FILE},
        },
    },
    *UPLOAD,
    "restore-off",
    "unknown-key",
    "no-record",
    "bad-record",
    "bad-key",
    "wrong-key",
    "tampered",
    "no-seals",
    "bad-seals",
    "erased",
    "unknown-origin",
    "not-acceptable",
)
_CHANGED: dict[str, Any] = {
    "description": "What came, with the record changed: the image, or the record alone; an archive with its seals, "
    "where these lie beside and changed too.",
    "content": {
        **FILES,
        JSON: {"schema": {"type": "object"}},
        MULTIPART: {"schema": as_object(_TOLD)},
        ZIP: {"schema": _FILE},
    },
}
_RECORD_PROBLEMS = (
    "unknown-key",
    "no-record",
    "bad-record",
    "wrong-key",
    "tampered",
    "no-seals",
    "bad-seals",
    "erased",
    "not-acceptable",
)
_PARTS = {"image": "A protected image with its record inside; or", "record": "the record alone.", "seals": SEALS}
REKEY = entry_of(
    body_of({**_PARTS, "to": TO}, [], ("to",)),
    _CHANGED,
    *UPLOAD,
    *_RECORD_PROBLEMS,
    "no-current-key",
    "bad-key",
    "bad-recipients",
    "restore-off",
)
FORGET = entry_of(body_of(_PARTS, []), _CHANGED, *UPLOAD, *_RECORD_PROBLEMS)
