"""Who may ask for what: bearer tokens with scopes."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Annotated

from fastapi import Depends, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from .problems import Problem
from .service import Service, service_of

BEARER = HTTPBearer(
    auto_error=False,
    description="A token that `fastperturb token` made. Its scopes: `perturb` for everything but restoring with the "
    "service's own keys (`restore`), changing records with them (`rekey`, `forget`) and the numbers (`metrics`). Not "
    "needed where the service runs without tokens.",
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
