"""Proof that nothing was copied: no run of 16 Chinese characters of a folder of texts stands in corpus or word lists."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from importlib import resources
from pathlib import Path
from typing import Any

RUN = 16
_CHINESE = re.compile(r"[\u4e00-\u9fff]+")


def runs(text: str) -> Iterator[str]:
    """Every run of `RUN` Chinese characters, other characters left out between them, so that marks hide nothing."""
    joined = "".join(_CHINESE.findall(text))
    for i in range(len(joined) - RUN + 1):
        yield joined[i : i + RUN]


def own_text() -> Iterator[str]:
    """All data files of the classifiers: frames, word lists, lexicons."""
    root = resources.files("classifiers")
    for folder in ("corpus/data", "lexicon"):
        for entry in sorted(root.joinpath(folder).iterdir(), key=lambda e: e.name):
            if entry.name.endswith((".toml", ".txt", ".tsv", ".json", ".jsonl")):
                yield entry.read_text(encoding="utf-8")


def copied_runs(folder: Path, rows: Iterable[dict[str, Any]]) -> set[str]:
    """Runs that stand both in the folder's JSON lines (title and text) and in `rows` or our data files."""
    theirs: set[int] = set()
    for path in sorted(folder.glob("*.jsonl")):
        with path.open(encoding="utf-8") as lines:
            for record in map(json.loads, lines):
                for field in ("title", "text"):
                    theirs.update(hash(run) for run in runs(record.get(field) or ""))
    ours = {run for text in own_text() for run in runs(text)}
    for row in rows:
        ours.update(run for field in ("title", "text") for run in runs(row[field]) if hash(run) in theirs)
    return {run for run in ours if hash(run) in theirs}
