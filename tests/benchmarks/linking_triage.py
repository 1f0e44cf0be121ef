"""Whole triage of a complaint, every step, on a history of any size: reading, candidates, decision, remembering.

Reading a million complaints first would take long and change nothing of the speed measured, so the history's own
profiles are those of a few thousand that were read, given in turn to all; the index is of the true texts.
"""

from __future__ import annotations

import gc
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any

from classifiers.history import History
from classifiers.index import BATCH
from classifiers.reading import Complaint
from classifiers.steady import steady
from classifiers.triage import Triage
from tests.benchmarks.stream import neighbours

_READ = 2048


def measure(history: Iterator[Complaint], asked: Sequence[Complaint], size: int) -> dict[str, Any]:
    """A row of the table for one size."""
    triage = Triage.load()
    steady()
    first = list(islice(history, min(_READ, size)))
    readings = triage.read(first)
    with tempfile.TemporaryDirectory() as folder:
        store = History(neighbours(), spill=Path(folder))
        spent = 0.0
        batch = first
        while batch:
            given = [replace(readings[number], id=complaint.id, respondent=None, place=None) for number, complaint in enumerate(batch)]
            started = time.process_time()
            store.add_many(batch, given, [complaint.id for complaint in batch])
            spent += time.process_time() - started
            batch = list(islice(history, _READ))
        gc.collect()
        triage.decide(asked[:64], triage.read(asked[:64]), store, lambda complaint: complaint.id)
        asked = asked[64:]
        taken = reading_time = 0.0
        for start in range(0, len(asked), BATCH):
            part = asked[start : start + BATCH]
            started = time.process_time()
            read = triage.read(part)
            middle = time.process_time()
            triage.decide(part, read, store, lambda complaint: complaint.id)
            taken += time.process_time() - started
            reading_time += middle - started
        kept = _kept(store, Path(folder) / "saved")
        parts = store.nbytes()
        held = sum(value for name, value in parts.items() if name not in ("profile", "notes"))
    return {
        "name": "whole triage", "size": size, "held": size, "queries": len(asked), "recall": None, "levels": {},
        "queries_a_second": round(len(asked) / taken), "microseconds": round(taken / len(asked) * 1e6, 1),
        "reading_microseconds": round(reading_time / len(asked) * 1e6, 1), "adds_a_second": round(size / spent),
        "bytes_an_item": round(held / size), "memory": "index", "parts": parts, **kept,
    }


def _kept(store: History, folder: Path) -> dict[str, float]:
    """Wall-clock seconds to save the index and to open it again, every file checked."""
    started = time.perf_counter()
    store.save(folder)
    middle = time.perf_counter()
    opened = History.open(folder, neighbours())
    seconds = {"save_seconds": round(middle - started, 2), "open_seconds": round(time.perf_counter() - middle, 2)}
    assert len(opened) == len(store)
    return seconds
