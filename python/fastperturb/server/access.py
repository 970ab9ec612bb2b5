"""Who may ask for what: bearer tokens with scopes, and which key a request may use."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Annotated

from fastapi import Depends, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from .. import Key, Record
from .options import ONE_TIME
from .problems import Problem
from .request_bodies import Parts
from .service import Service, service_of

BEARER = HTTPBearer(
    auto_error=False,
    description="A token that `fastperturb token` made. Its scopes: `perturb` for everything but restoring with the "
    "service's own keys (`restore`) and the numbers (`metrics`). Not needed where the service runs without tokens.",
)
Credentials = Annotated[HTTPAuthorizationCredentials | None, Depends(BEARER)]


def needs(scope: str) -> Callable[..., None]:
    """A dependency: the request must carry a token with this scope, where the service asks for tokens."""

    def check(request: Request, credentials: Credentials) -> None:
        service = service_of(request)
        if service.settings.asks_for_tokens:
            check_token(request, service, credentials.credentials if credentials else None, scope)

    return check


def check_token(request: Request, service: Service, token: str | None, scope: str) -> None:
    """Raises a problem unless the token is somebody's and has the scope.

    Raises:
        Problem: 401 without a valid token, 403 without the scope.
    """
    tokens = service.settings.tokens
    holder = tokens.holder(token) if tokens is not None and token else None
    if holder is None:
        raise Problem("unauthorised", "send Authorization: Bearer TOKEN", {"WWW-Authenticate": "Bearer"})
    request.scope["facts"].caller = holder.name
    if scope not in holder.scopes:
        challenge = f'Bearer error="insufficient_scope", scope="{scope}"'
        raise Problem("forbidden", f"it needs the scope {scope!r}", {"WWW-Authenticate": challenge})


def check_any_token(request: Request, service: Service, token: str | None, scopes: Collection[str]) -> None:
    """As :func:`check_token`, for a token that has one of these scopes.

    Raises:
        Problem: it is nobody's, or has none of them.
    """
    tokens = service.settings.tokens
    holder = tokens.holder(token) if tokens is not None and token else None
    owned = [scope for scope in scopes if holder is not None and scope in holder.scopes]
    check_token(request, service, token, owned[0] if owned else next(iter(scopes)))


def bearer(request: Request) -> str | None:
    """The token that a request carries."""
    kind, _, token = request.headers.get("authorization", "").partition(" ")
    return token.strip() if kind.lower() == "bearer" else None


def key_to_protect(service: Service, parts: Parts, key_id: str | None) -> Key | None:
    """The key for a new image; ``None`` for one that nobody will have.

    Raises:
        Problem: the caller's own key cannot be read, two keys are asked for, the ring does not have it, or there is a
            ring and it does not say which key is for new images: a one-time key is never taken instead.
    """
    own = own_key(parts)
    if own is not None:
        if key_id is not None:
            raise Problem("bad-options", "give the part 'key' or the parameter key_id, not both")
        return own
    ring = service.settings.keys
    if key_id == ONE_TIME or (key_id is None and not ring.configured):
        return None
    if key_id is not None:
        return _known(ring.get(key_id), key_id)
    if ring.current is None:
        raise Problem("no-current-key", "the operator must name one", {"Retry-After": "60"})
    return ring.current


def own_key(parts: Parts) -> Key | None:
    """The key that the caller sent, for this request alone.

    Raises:
        Problem: it is none. What came is not repeated.
    """
    if "key" not in parts:
        return None
    try:
        return Key.from_text(bytes(parts["key"][:200]).decode("ascii"))
    except ValueError:
        raise Problem("bad-key", "the part 'key' must be the text of a key file") from None


def key_to_restore(request: Request, service: Service, own: Key | None) -> Callable[[Record], Key]:
    """What gives the key for a record: the caller's own, or one of the ring if the caller may use it.

    Raises:
        Problem: no key came, and the ring's are not for restoring, or not for this caller.
    """
    if own is not None:
        return lambda record: own
    if not service.settings.allow_restore:
        raise Problem("restore-off", "send your own key as the part 'key', or ask the operator")
    check_token(request, service, bearer(request), "restore")
    ring = service.settings.keys
    return lambda record: _known(ring.find(record), record.key_id or "the key of this record")


def _known(key: Key | None, name: str) -> Key:
    if key is None:
        raise Problem("unknown-key", f"{name} is not there, or not any more")
    return key
