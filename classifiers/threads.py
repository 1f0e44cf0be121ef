"""One core to one process: matrices here are small, and threads that spin for them take the core from a neighbour."""

from __future__ import annotations

from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]


def one_core() -> None:
    """Let numpy's linear algebra use one thread from now on; services and benchmarks call it once at their start."""
    threadpool_limits(1, "blas")
