"""What the parts of one running service share."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from typing import Any

from fastapi import Request

from .logs import log
from .metrics import ServiceMetrics
from .settings import Settings
from .worker_pool import WorkerPool


@dataclass(slots=True)
class Service:
    """Settings and state of one application.

    Attributes:
        settings: what the operator decided.
        pool: where the work is done.
        metrics: what is counted.
        stopping: whether new work is refused, since the process is about to end.
    """

    settings: Settings
    pool: WorkerPool = field(init=False)
    metrics: ServiceMetrics = field(init=False)
    stopping: bool = False

    def __post_init__(self) -> None:
        self.pool = WorkerPool(self.settings.limits)
        self.metrics = ServiceMetrics(self.pool, self.settings.keys)

    def reload(self) -> None:
        """Looks at keys and tokens again, and tells the log what changed."""
        keys, tokens = self.settings.keys, self.settings.tokens
        if keys.reload():
            current = keys.current
            log("keys reloaded", keys=len(keys), current=current.id if current else None)
            for line in keys.problems:
                log("key ring", logging.WARNING, problem=line)
        if tokens is None:
            return
        before = len(tokens)
        try:
            if tokens.reload():
                log("tokens reloaded", tokens=len(tokens))
        except (OSError, ValueError) as error:
            if before:
                log("tokens unreadable: none is valid", logging.ERROR, error=type(error).__name__)

    def describe(self) -> dict[str, Any]:
        """What the service is there for: protecting and more, or protecting alone, and to whom."""
        to = self.settings.to
        return {"mode": "protects only", "recipients": [item.id for item in to]} if to else {"mode": "with keys"}

    def not_ready(self) -> str | None:
        """Why no work should be sent here; ``None`` if it should."""
        if self.stopping:
            return "stopping"
        if self.settings.keys.configured and self.settings.keys.current is None:
            return "no current key"
        if self.settings.tokens is not None and not len(self.settings.tokens):
            return "no tokens"
        return None


def service_of(request: Request) -> Service:
    """The service that a request came to."""
    service: Service = request.app.state.service
    return service
