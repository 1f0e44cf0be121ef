"""When the collector of cycles runs: seldom, and never over what a process keeps from its start.

What a batch makes is freed by counting references; the collector finds next to nothing, yet with CPython's thresholds it
walks every rule, model and remembered case each 70,000 allocations. In the API under load that was a sixth of its processor
time: 4.8 ms a lifecycle, 4.1 without (`python -m tests.benchmarks.casework --collector default` shows it again).
"""

from __future__ import annotations

import gc

YOUNG, MIDDLE, OLD = 50_000, 10, 10
"""Allocations before the youngest are walked (CPython: 700), and how many walks of one age before one of the next."""


def settle() -> None:
    """Call once everything a process keeps is loaded: it is set apart, and what comes later is looked at seldom."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG, MIDDLE, OLD)
