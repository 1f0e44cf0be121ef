"""How long each stage of a service's work takes, so that the next bottleneck is visible."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from services.infra.metrics import STAGE_CPU_SECONDS, STAGE_SECONDS


@contextmanager
def stage(service: str, name: str) -> Iterator[None]:
    """Add the block's wall time and the process's processor time to the stage's counters, failed or not."""
    started, processor = time.perf_counter(), time.process_time()
    try:
        yield
    finally:
        STAGE_SECONDS.labels(service, name).inc(time.perf_counter() - started)
        STAGE_CPU_SECONDS.labels(service, name).inc(time.process_time() - processor)
