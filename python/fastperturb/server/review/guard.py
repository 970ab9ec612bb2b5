"""Who may talk to the review: this machine's browser under a local name, its own page, with the token. Plain ASGI."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from typing import Any

from starlette.datastructures import Headers, MutableHeaders

from ..middleware import HEADERS, Message, Receive, Scope, Send
from ..problems import Problem, let_go

HOST = "127.0.0.1"
_PUBLIC = ("/", "/static/")


class Guard:
    """Wraps the application.

    A name that another site lets point to this machine (DNS rebinding) is refused by Host, another site's page by
    Origin and Sec-Fetch-Site, and everybody else on this machine by the token, which travels in a header alone: no
    cookie is set, so no other page can make the browser send it.

    Args:
        app: what answers.
        token: what requests to ``/api/`` must carry.
        port: the port that is listened on.
    """

    def __init__(self, app: Any, token: str, port: int) -> None:
        self.app = app
        self._token = token.encode("ascii")
        self._hosts = {f"{HOST}:{port}", f"localhost:{port}"} | ({HOST, "localhost"} if port == 80 else set())
        self._origins = {f"http://{host}" for host in self._hosts}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handles one request; websockets are closed."""
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
            return
        if scope["type"] != "http":
            await send({"type": "websocket.close", "code": 1008})
            return

        begun = False

        async def dressed_send(message: Message) -> None:
            nonlocal begun
            if message["type"] == "http.response.start":
                begun = True
                own = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    own.setdefault(name, value)
            await send(message)

        refusal = self._refusal(scope, Headers(scope=scope))
        if refusal is not None:
            await refusal.response("-")(scope, receive, dressed_send)
            return
        try:
            await self.app(scope, receive, dressed_send)
        except Exception as error:
            let_go(error)
            if begun:
                raise RuntimeError("the answer broke off") from None
            problem = Problem("out-of-memory" if isinstance(error, MemoryError) else "internal")
            await problem.response("-")(scope, receive, dressed_send)

    def _refusal(self, scope: Scope, headers: Headers) -> Problem | None:
        if _only(headers.getlist("host")) not in self._hosts:
            return Problem("misdirected", "this page is at the address that the command printed")
        origin = headers.get("origin")
        if origin is not None and origin not in self._origins:
            return Problem("cross-site")
        if scope["path"] == _PUBLIC[0] or scope["path"].startswith(_PUBLIC[1]):
            return None
        if headers.get("sec-fetch-site", "same-origin") != "same-origin":
            return Problem("cross-site")
        scheme, _, given = headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not secrets.compare_digest(given.encode(), self._token):
            return Problem("unauthorised", "open the address that the command printed")
        return None


def _only(values: Iterable[str]) -> str:
    """The value of a header that must come once."""
    found = list(values)
    return found[0].lower() if len(found) == 1 else ""
