"""What the service counts, for Prometheus: requests, durations, waiting, images, faces; and its own process."""

from __future__ import annotations

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    PlatformCollector,
    ProcessCollector,
    generate_latest,
)

from .. import __version__
from .key_ring import KeyRing
from .worker_pool import WorkerPool

_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
_BYTES = tuple(float(2**power) for power in range(12, 27, 2))


class ServiceMetrics:
    """The numbers of one application; each has a registry of its own."""

    def __init__(self, pool: WorkerPool, keys: KeyRing) -> None:
        registry = self.registry = CollectorRegistry()
        ProcessCollector(registry=registry)
        PlatformCollector(registry=registry)
        labels = ("route", "method", "status")
        self.requests = Counter("fastperturb_requests", "Requests answered.", labels, registry=registry)
        self.problems = Counter(
            "fastperturb_problems",
            "Requests answered with a problem document, by its type.",
            ("problem",),
            registry=registry,
        )
        self.seconds = Histogram(
            "fastperturb_request_seconds",
            "From a request's headers to the end of its answer.",
            ("route",),
            buckets=_SECONDS,
            registry=registry,
        )
        self.waited = Histogram(
            "fastperturb_waiting_seconds",
            "From a request's last byte to a free worker.",
            buckets=_SECONDS,
            registry=registry,
        )
        self.bytes_in = Histogram(
            "fastperturb_request_bytes", "Size of request bodies.", buckets=_BYTES, registry=registry
        )
        self.pixels = Counter("fastperturb_pixels", "Pixels of images that were worked on.", registry=registry)
        self.faces = Counter("fastperturb_faces", "Faces or own boxes in them.", registry=registry)
        self.protections = Counter(
            "fastperturb_protections", "Images protected, by what is shown instead.", ("protection",), registry=registry
        )
        self.failed = Counter(
            "fastperturb_failed_images", "Images of requests with several that failed.", registry=registry
        )
        self._gauge("fastperturb_admitted", "Requests being received, waiting or worked on.", lambda: pool.admitted)
        self._gauge("fastperturb_running", "Requests being worked on.", lambda: pool.running)
        self._gauge("fastperturb_workers", "Requests that can be worked on at once.", lambda: pool.workers)
        self._gauge("fastperturb_places", "Requests that are admitted at most.", lambda: pool.places)
        self._gauge("fastperturb_keys", "Keys in the ring.", lambda: len(keys))
        self._gauge("fastperturb_key_problems", "Things wrong with the key ring.", lambda: len(keys.problems))
        Gauge("fastperturb_info", "Version.", ("version",), registry=registry).labels(__version__).set(1)

    def _gauge(self, name: str, text: str, value: object) -> None:
        Gauge(name, text, registry=self.registry).set_function(value)  # type: ignore[arg-type]

    def text(self) -> bytes:
        """All numbers in Prometheus's text format."""
        return generate_latest(self.registry)
