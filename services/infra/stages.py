"""How long each stage of a service's work takes, so that the next bottleneck is visible."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from services.infra.metrics import STAGE_SECONDS


@contextmanager
def stage(service: str, name: str) -> Iterator[None]:
    """Add the block's wall time to the stage's counter, failed or not."""
    started = time.perf_counter()
    try:
        yield
    finally:
        STAGE_SECONDS.labels(service, name).inc(time.perf_counter() - started)
