"""The log: one JSON object a line, with ids, durations, sizes and counts; never a body, a query, a token or a key."""

from __future__ import annotations

import json
import logging
import sys
import traceback
from datetime import datetime, timezone
from typing import Any

logger = logging.getLogger("fastperturb.server")


class JsonFormatter(logging.Formatter):
    """Writes a record as one line of JSON.

    Of exceptions it gives the class and the places in the code, not the message, which may hold what a client sent.
    """

    def format(self, record: logging.LogRecord) -> str:
        """The line."""
        data: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, timezone.utc).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "event": record.getMessage() if record.name == logger.name else "uvicorn",
        }
        if record.name != logger.name and not record.exc_info:
            data["message"] = record.getMessage()[:500]
        data.update(getattr(record, "fields", {}))
        if record.exc_info and record.exc_info[1] is not None:
            data.update(describe(record.exc_info[1]))
        return json.dumps(data)


def describe(error: BaseException) -> dict[str, Any]:
    """Class of an exception, and the last places of the code that it came through."""
    frames = traceback.extract_tb(error.__traceback__)[-8:]
    places = [f"{frame.filename.rpartition('/')[2]}:{frame.lineno} {frame.name}" for frame in frames]
    return {"error": type(error).__name__, "places": places}


def log(event: str, level: int = logging.INFO, **fields: Any) -> None:
    """Writes an event with its fields; those that are ``None`` are left out."""
    kept = {name: value for name, value in fields.items() if value is not None}
    logger.log(level, event, extra={"fields": kept})


def set_up(level: int = logging.INFO) -> None:
    """Sends the service's and uvicorn's log to standard error, as JSON."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonFormatter())
    for name in (logger.name, "uvicorn", "uvicorn.error"):
        target = logging.getLogger(name)
        target.handlers = [handler] if name != "uvicorn.error" else []
        target.setLevel(level)
        target.propagate = name == "uvicorn.error"
