"""What the operator of the service decides: limits, keys, tokens, and who may reach it."""

from __future__ import annotations

import ipaddress
import math
from dataclasses import dataclass, field

from .. import PublicKey
from ..faces import Find
from ..faces.presets import PRESETS, usual_detectors
from ..recipients import check_recipients
from ..threads import available_cpus
from .key_ring import KeyRing
from .tokens import Tokens

_LOOPBACK_NAMES = ("localhost", "127.0.0.1", "[::1]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What one request, and all together, may cost.

    Attributes:
        body_bytes: the most bytes of a request's body. It is cut off as soon as it has more.
        result_bytes: the most bytes of a protected image with its record and seals, which is written only if it has no
            more, and taken back by the addresses that work on protected images; ``None`` for eight bytes a pixel, which
            hold any picture of three channels of 8 bits, all of it sealed, in any format. No less than ``body_bytes``
            counts. As many such larger bodies are held at once as there are workers.
        pixels: the most pixels (height x width) of an image; checked in its header, before anything is decoded.
        seconds: the longest that a request may wait and be worked on.
        upload_seconds: the longest that its body may take to arrive.
        workers: how many requests are worked on at once; ``None`` for one on every processor.
        queue: how many more may be admitted while all workers are busy; those beyond are refused with 429.
        images: the most images of one request; together they may have as many pixels and bytes as one alone.

    Raises:
        ValueError: a limit that is not over 0 (``queue``: 0 or more).
    """

    body_bytes: int = 20 * 2**20
    pixels: int = 40_000_000
    seconds: float = 30.0
    upload_seconds: float = 30.0
    workers: int | None = None
    queue: int = 16
    result_bytes: int | None = None
    images: int = 100

    def __post_init__(self) -> None:
        for name in ("body_bytes", "pixels", "seconds", "upload_seconds", "result_bytes"):
            value = getattr(self, name)
            if value is not None and not 0 < value < math.inf:
                raise ValueError(f"{name} must be over 0 and finite, got {value!r}")
        if self.workers is not None and not 1 <= self.workers <= 1024:
            raise ValueError(f"workers must be 1 to 1024, got {self.workers!r}")
        if not 1 <= self.images <= 10_000:
            raise ValueError(f"images must be 1 to 10000, got {self.images!r}")
        if self.queue < 0:
            raise ValueError(f"queue must be 0 or more, got {self.queue!r}")

    @property
    def most_result_bytes(self) -> int:
        """The most bytes of a protected image with its record and seals."""
        return max(self.body_bytes, 8 * self.pixels if self.result_bytes is None else self.result_bytes)

    @property
    def most_body_bytes(self) -> int:
        """The most bytes of a body that holds a protected image, perhaps its record, and perhaps its original."""
        return self.most_result_bytes + self.body_bytes

    @property
    def threads(self) -> int:
        """How many requests are worked on at once."""
        return available_cpus() if self.workers is None else self.workers


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """How the service is set up.

    Attributes:
        limits: what requests may cost.
        keys: the key ring; an empty one means one-time keys: results that can never be restored.
        to: public keys that all images are protected to, unless a request asks that nobody can restore them. Then the
            process holds no secret, and restores nothing.
        origin: whose records are taken where a request does not say: "key", those that a key was needed to make; or
            "any".
        tokens: who may ask for what; ``None`` for nobody having to say who they are.
        no_auth: a plain statement that a gateway in front decides who may protect images, so that no token is asked for
            (restoring with the ring's keys always asks for one).
        allow_restore: whether the ring's keys may be used to restore at all.
        host_names: names by which the service may be called (the Host header, without port), against DNS rebinding;
            empty for any.
        find: how hard to look for faces where a request does not say: "fast", "careful" or "everything".
        most_find: how hard a request may ask to look; no less than ``find``.
        reload_seconds: how often key folder and token file are looked at again; over 0.

    Raises:
        ValueError: restoring is allowed and no token has the scope for it; keys, or restoring, beside ``to``; too many
            recipients; ``reload_seconds``, ``origin``, ``find`` or
            ``most_find`` is out of range.
        MissingExtra: ``to`` needs a newer cryptography; ``find`` is "everything", and CenterFace has no weights.
    """

    limits: Limits = field(default_factory=Limits)
    keys: KeyRing = field(default_factory=KeyRing.empty)
    to: tuple[PublicKey, ...] = ()
    origin: str = "key"
    tokens: Tokens | None = None
    no_auth: bool = False
    allow_restore: bool = False
    host_names: tuple[str, ...] = ()
    find: Find = "fast"
    most_find: Find = "everything"
    reload_seconds: float = 5.0

    def __post_init__(self) -> None:
        if self.to:
            check_recipients(self.to)
            self.to[0].encrypt(bytes(32), b"")  # so that a package that is missing is told now
            if self.keys.configured or self.allow_restore:
                raise ValueError(
                    "a service that protects to public keys must hold no secret key, and restores nothing: "
                    "give recipients, or keys, not both"
                )
        if self.origin not in ("key", "any"):
            raise ValueError(f"origin must be 'key' or 'any', got {self.origin!r}")
        for name in ("find", "most_find"):
            if getattr(self, name) not in PRESETS:
                raise ValueError(f"{name} must be one of {', '.join(PRESETS)}, got {getattr(self, name)!r}")
        if PRESETS.index(self.find) > PRESETS.index(self.most_find):
            raise ValueError(f"most_find must allow find, {self.find!r}, got {self.most_find!r}")
        if self.find == "everything":
            usual_detectors(self.find, {})  # so that weights that are missing are told now
        if self.allow_restore and (self.tokens is None or not self.tokens.any_with("restore")):
            raise ValueError("restoring needs a token with the scope 'restore', also without authentication otherwise")
        if not 0 < self.reload_seconds < math.inf:
            raise ValueError(f"reload_seconds must be over 0 and finite, got {self.reload_seconds!r}")

    @property
    def finds(self) -> tuple[Find, Find]:
        """How hard to look for faces: where a request does not say, and at most."""
        return self.find, self.most_find

    @property
    def reversible(self) -> bool:
        """Whether somebody can restore what is protected where a request does not say otherwise."""
        return self.keys.configured or bool(self.to)

    @property
    def asks_for_tokens(self) -> bool:
        """Whether protecting, viewing, locating and comparing need a token."""
        return self.tokens is not None and not self.no_auth


def check_address(host: str, settings: Settings) -> None:
    """Raises ValueError for an address that others can reach, unless somebody has said who may use the service."""
    if not is_loopback(host) and settings.tokens is None and not settings.no_auth:
        raise ValueError(
            f"others can reach {host}: give tokens, or say with no_auth that a gateway in front authorises requests"
        )


def is_loopback(host: str) -> bool:
    """Whether an address to listen on can be reached from this machine alone. Other names count as not."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def local_names(host: str) -> tuple[str, ...]:
    """The names that a service on this address goes by, if only this machine can reach it; else any."""
    if not is_loopback(host):
        return ()
    return (*_LOOPBACK_NAMES, f"[{host.strip('[]')}]" if ":" in host else host)
