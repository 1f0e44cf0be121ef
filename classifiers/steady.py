"""What a process that triages all day sets once: one core for its matrices, few looks for garbage that is not there."""

from __future__ import annotations

import gc

from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

_ALLOCATIONS, _YOUNG, _MIDDLE = 100_000, 20, 50


def steady() -> None:
    """Services, commands and benchmarks call it once, after the models are loaded.

    Matrices here are small: threads that spin for them take the core from a neighbour. A batch makes some hundred
    thousand short-lived objects without cycles, and looking for cycles among them every 700 costs a third of the time.
    """
    threadpool_limits(1, "blas")
    gc.collect()
    gc.freeze()
    gc.set_threshold(_ALLOCATIONS, _YOUNG, _MIDDLE)
