"""Keys that come as parts of a request, and whose keys a request uses: to protect, to restore, to change a record.

What came is repeated in no error: it may be a secret in the wrong place.
"""

from __future__ import annotations

from collections.abc import Callable

from fastapi import Request

from .. import FaceKey, Key, PublicKey, Record
from ..recipients import MAX_RECIPIENTS, Recipient, Recipients, check_recipients
from .access import bearer, check_token
from .options import ONE_TIME, ProtectOptions
from .problems import Problem
from .request_bodies import Bytes, Parts
from .service import Service

MAX_TO = 2 * MAX_RECIPIENTS
"""How many parts ``to`` are read, so that who sends too many is told how many there may be."""
_MOST_TEXT = 4096
_KINDS = {
    "fpkey1_": "a secret key, which opens everything",
    "fpface2_": "a face key, which opens one face of one image and protects nothing",
    "fppub2_": "a public key, which protects and cannot restore",
}
_PLACES = {"fpkey1_": "key", "fpface2_": "face-key", "fppub2_": "to"}


def recipients_to_protect(service: Service, parts: Parts, options: ProtectOptions) -> Recipients | None:
    """Who will be able to restore a new image; ``None`` for nobody.

    Raises:
        Problem: a key cannot be read, or is of another kind; two ways to say which key; too many recipients; the ring
            does not have it, or there is a ring and it does not say which key is for new images: a one-time key is
            never taken instead.
    """
    found = _recipients(service, parts, options.key_id)
    if not found or options.seals == "none":
        return None
    try:
        return check_recipients(found, reproducible=options.reproducible)
    except ValueError as error:
        raise Problem("bad-recipients", str(error).removeprefix("key ")) from None


def _recipients(service: Service, parts: Parts, key_id: str | None) -> list[Recipient]:
    own = [item for item in (secret_key(parts), *public_keys(parts)) if item is not None]
    to = service.settings.to
    if to:
        if own or key_id not in (None, ONE_TIME):
            raise Problem("bad-recipients", "this service protects for its operator's recipients alone: send no key")
        return [] if key_id == ONE_TIME else list(to)
    if "key" in parts and key_id is not None:
        raise Problem("bad-options", "give the part 'key' or the parameter key_id, not both")
    ring = service.settings.keys
    if key_id == ONE_TIME or (key_id is None and not own and not ring.configured):
        if own:
            raise Problem("bad-options", f"key_id={ONE_TIME} is for nobody: send no part 'to'")
        return []
    if key_id is not None:
        return [known_key(ring.get(key_id), key_id), *own]
    return own or [current_key(service)]


def current_key(service: Service) -> Key:
    """The ring's key for new images.

    Raises:
        Problem: nothing says which it is.
    """
    if service.settings.keys.current is None:
        raise Problem("no-current-key", "the operator must name one", {"Retry-After": "60"})
    return service.settings.keys.current


def known_key(key: Key | None, name: str) -> Key:
    """A key of the ring.

    Raises:
        Problem: there is none.
    """
    if key is None:
        raise Problem("unknown-key", f"{name} is not there, or not any more")
    return key


def secret_key(parts: Parts) -> Key | None:
    """The secret key that the caller sent, for this request alone.

    Raises:
        Problem: it is none.
    """
    if "key" not in parts:
        return None
    text = _text(parts["key"], "key", "fpkey1_")
    try:
        return Key.from_text(text)
    except ValueError:
        raise Problem("bad-key", "the part 'key' must be the text of a key file") from None


def face_key(parts: Parts) -> FaceKey | None:
    """The face key that the caller sent.

    Raises:
        Problem: it is none.
    """
    if "face-key" not in parts:
        return None
    text = _text(parts["face-key"], "face-key", "fpface2_")
    try:
        return FaceKey.from_text(text)
    except ValueError:
        raise Problem("bad-key", "the part 'face-key' must be the whole text of a face key") from None


def public_keys(parts: Parts) -> list[PublicKey]:
    """The public keys that the caller sent, in order.

    Raises:
        Problem: one is none.
    """
    found = []
    for upload in parts.uploads.get("to", []):
        text = _text(upload.data, "to", "fppub2_")
        try:
            found.append(PublicKey.from_text(text))
        except ValueError:
            raise Problem("bad-key", "the part 'to' must be the text of a public key's file") from None
    return found


def _text(data: Bytes, part: str, prefix: str) -> str:
    """The text of a key of one kind.

    Raises:
        Problem: it is one of another kind, or no text.
    """
    text = bytes(data[:_MOST_TEXT]).decode("ascii", "replace").strip()
    other = next((kind for kind in _KINDS if kind != prefix and text.startswith(kind)), None)
    if other is not None:
        where = f"send it as the part '{_PLACES[other]}', where that is meant"
        raise Problem("bad-key", f"the part '{part}' holds {_KINDS[other]}; {where}")
    return text


def key_to_restore(request: Request, service: Service, parts: Parts | None) -> Callable[[Record], Key | FaceKey]:
    """What gives the key for a record: the caller's own, or one of the ring if the caller may use it.

    Args:
        request: who asks.
        service: whose ring it is.
        parts: of the request; None where none can come.

    Raises:
        Problem: no key came, and the ring's are not for restoring, or not for this caller; a key cannot be read, or two
            came.
    """
    own, face = (None, None) if parts is None else (secret_key(parts), face_key(parts))
    if own is not None and face is not None:
        raise Problem("bad-parts", "send the part 'key' or the part 'face-key', not both")
    chosen = own or face
    if chosen is not None:
        return lambda record: chosen
    if not service.settings.allow_restore:
        raise Problem("restore-off", "send your own key as the part 'key' or 'face-key', or ask the operator")
    check_token(request, service, bearer(request), "restore")
    return key_of_ring(service)


def key_of_ring(service: Service) -> Callable[[Record], Key]:
    """What gives the ring's key for a record, by what the record says; raises a problem if there is none."""
    ring = service.settings.keys
    return lambda record: known_key(ring.find(record), record.key_id or "the key of this record")
