"""The outermost layer of every request: its id, who may call, security headers, counting, the log, errors that escaped.

Plain ASGI, so that bodies stream through untouched.
"""

from __future__ import annotations

import asyncio
import logging
import re
import secrets
import time
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass, field
from typing import Any

from starlette.datastructures import Headers, MutableHeaders

from . import image_work
from .logs import describe, log
from .problems import Problem, let_go
from .request_bodies import linger
from .service import Service
from .worker_pool import ClientGone

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
_METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}
_CLIENT_GONE = 499  # as nginx counts them; nobody gets to see it
HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
"""On every answer; one that sets its own keeps it."""


@dataclass(slots=True)
class RequestFacts:
    """What the log and the metrics say of a request."""

    request_id: str
    work: image_work.Facts = field(default_factory=image_work.Facts)
    caller: str | None = None
    problem: str | None = None
    waited: float | None = None
    bytes_in: int = 0
    bytes_out: int = 0
    status: int = 0


class RequestMiddleware:
    """Wraps the application.

    Args:
        app: what answers.
        service: whose limits, counts and state these are.
    """

    def __init__(self, app: Any, service: Service) -> None:
        self.app = app
        self.service = service

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handles one request; other kinds of connections go straight through."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        given = headers.get("x-request-id", "")
        facts = RequestFacts(given if _REQUEST_ID.fullmatch(given) else secrets.token_hex(8))
        scope["facts"] = facts
        began = time.monotonic()
        unread = "content-length" in headers or "transfer-encoding" in headers

        async def counted_receive() -> Message:
            nonlocal unread
            message = await receive()
            facts.bytes_in += len(message.get("body", b""))
            unread = unread and bool(message.get("more_body"))
            return message

        async def dressed_send(message: Message) -> None:
            if message["type"] == "http.response.start":
                facts.status = message["status"]
                own = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    own.setdefault(name, value)
                own["X-Request-Id"] = facts.request_id
                if unread and "expect" not in headers:
                    await linger(counted_receive, lambda: unread)
                if unread:
                    own["Connection"] = "close"
            facts.bytes_out += len(message.get("body", b""))
            await send(message)

        try:
            refusal = self._refusal(scope, headers)
            if refusal is not None:
                facts.problem = refusal.name
                await refusal.response(facts.request_id)(scope, counted_receive, dressed_send)
            else:
                await self._answer(scope, counted_receive, dressed_send, facts)
        finally:
            self._note(scope, facts, time.monotonic() - began)

    async def _answer(self, scope: Scope, receive: Receive, send: Send, facts: RequestFacts) -> None:
        try:
            await self.app(scope, receive, send)
        except ClientGone:
            facts.status = _CLIENT_GONE
        except asyncio.CancelledError:
            facts.status = facts.status or _CLIENT_GONE
            raise
        except Exception as error:
            log("failure", logging.ERROR, request_id=facts.request_id, **describe(error))
            let_go(error)
            if facts.status:
                raise RuntimeError("the answer broke off") from None
            problem = Problem("out-of-memory" if isinstance(error, MemoryError) else "internal")
            facts.problem = problem.name
            await problem.response(facts.request_id)(scope, receive, send)

    def _refusal(self, scope: Scope, headers: Headers) -> Problem | None:
        if "content-length" in headers and "transfer-encoding" in headers:  # RFC 9112, 6.3: it may be smuggling
            return Problem("bad-request", "give Content-Length or Transfer-Encoding, not both", {"Connection": "close"})
        names = self.service.settings.host_names
        if names and _host_name(headers.get("host", "")) not in names and scope["path"] not in ("/healthz", "/readyz"):
            return Problem("misdirected", "the Host header is not one that this service goes by")
        if scope["method"] not in ("GET", "HEAD"):
            if headers.get("sec-fetch-site") == "cross-site":
                return Problem("cross-site")
            if self.service.stopping:
                return Problem("stopping", headers={"Retry-After": "5", "Connection": "close"})
        return None

    def _note(self, scope: Scope, facts: RequestFacts, seconds: float) -> None:
        route = getattr(scope.get("route"), "path", None) or "unmatched"
        method = scope["method"] if scope["method"] in _METHODS else "other"
        numbers = self.service.metrics
        numbers.requests.labels(route, method, str(facts.status)).inc()
        numbers.seconds.labels(route).observe(seconds)
        if facts.problem is not None:
            numbers.problems.labels(facts.problem).inc()
        if facts.bytes_in:
            numbers.bytes_in.observe(facts.bytes_in)
        if facts.waited is not None:
            numbers.waited.observe(facts.waited)
        numbers.pixels.inc(facts.work.pixels)
        numbers.faces.inc(facts.work.faces or 0)
        numbers.failed.inc(facts.work.failed or 0)
        if facts.work.protection is not None and facts.work.images:
            numbers.protections.labels(facts.work.protection).inc(facts.work.images)
        log(
            "request",
            logging.DEBUG if route in ("/healthz", "/readyz", "/metrics") else logging.INFO,
            request_id=facts.request_id,
            method=method,
            route=route,
            status=facts.status,
            problem=facts.problem,
            caller=facts.caller,
            seconds=round(seconds, 4),
            waited=None if facts.waited is None else round(facts.waited, 4),
            bytes_in=facts.bytes_in,
            bytes_out=facts.bytes_out,
            pixels=facts.work.pixels or None,
            faces=facts.work.faces,
            moved=facts.work.moved,
            protection=facts.work.protection,
            images=facts.work.images or None,
            failed=facts.work.failed,
        )


def _host_name(host: str) -> str:
    """The Host header without its port, in lower case; [::1] keeps its brackets."""
    name, colon, port = host.rpartition(":")
    return (name if colon and port.isdigit() else host).lower()
