"""`make bench-linking`: finding the earlier complaint, ours against other libraries, at growing histories.

    python -m tests.benchmarks.linking --sizes 10000,100000,1000000 [--only petitions,tantivy] [--json FILE] [--no-triage]

Same machine, same run, same invented stream (tests.benchmarks.stream), one process after the other for each. Recall at
10: of later tellings of a matter that the history holds, the share with one of that matter among the answers. Times are
of the processor, all threads added up, so that a rate is per core even where other work runs beside. Memory is what a
library tells of its index, else the growth of the process. Whole triage, every step on such a history, is timed last.
"""

from __future__ import annotations

import argparse
import gc
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import orjson
import psutil
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from classifiers.reading import Complaint
from tests.benchmarks.linking_contenders import CONTENDERS
from tests.benchmarks.stream import LEVELS, stream

_CHUNK = 4096
_QUERIES = 2048


def main(arguments: list[str] | None = None) -> int:
    """Measure and print; returns the exit status."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", default="10000,100000,1000000")
    parser.add_argument("--only", default="", help="beginnings of names, with commas between")
    parser.add_argument("--json", type=Path, help="write the figures there, too")
    parser.add_argument("--triage", action=argparse.BooleanOptionalAction, default=True, help="time whole triage as well")
    parser.add_argument("--child", nargs=3, help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if options.child:
        name, size, folder = options.child
        print(json.dumps(_measure(name, int(size), Path(folder))))
        return 0
    sizes = [int(size) for size in options.sizes.split(",")]
    wanted = tuple(options.only.split(",")) if options.only else ("",)
    names = [name for name in CONTENDERS if name.startswith(wanted)]
    names += ["whole triage"] if options.triage else []
    console = Console(stderr=True)
    rows: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory() as folder, Progress(console=console, transient=True) as progress:
        _write_streams(Path(folder), sizes, progress)
        # what takes no more than a size that is measured anyway is not measured twice
        runs = [
            (size, name) for size in sizes for name in names
            if not (name in CONTENDERS and size > CONTENDERS[name].most and CONTENDERS[name].most in sizes)
        ]
        task = progress.add_task("measure", total=len(runs))
        for size, name in runs:
            progress.update(task, description=f"{name}, {size:,}")
            rows += _child(name, size, Path(folder))
            progress.advance(task)
    Console(width=150).print(_table(rows))
    if options.json:
        options.json.write_text(json.dumps(rows, ensure_ascii=False, indent=1))
    return 0


def _write_streams(folder: Path, sizes: list[int], progress: Progress) -> None:
    """One file of the longest history, and for each size a file of queries that come after it."""
    task = progress.add_task("invent the stream", total=max(sizes))
    matters: list[int] = []
    told = stream(max(sizes) + 4 * _QUERIES)
    with (folder / "history.jsonl").open("wb") as history:
        waiting: dict[int, list[dict[str, Any]]] = {}
        for number, each in enumerate(told):
            row = {"matter": each.matter, "level": each.level, **_packed(each.complaint)}
            if number in sizes:
                waiting[number] = []
                known = set(matters)
            for size, queries in waiting.items():
                if each.level and each.matter in known and len(queries) < _QUERIES and number < size + 4 * _QUERIES:
                    queries.append(row)
            if number < max(sizes):
                history.write(orjson.dumps(row) + b"\n")
                matters.append(each.matter)
                progress.advance(task)
    for size, queries in waiting.items():
        (folder / f"queries-{size}.jsonl").write_bytes(b"\n".join(map(orjson.dumps, queries)))


def _packed(complaint: Complaint) -> dict[str, Any]:
    fields = ("id", "text", "reporter", "region", "receipt_no")
    return {field: getattr(complaint, field) for field in fields}


def _read(path: Path, size: int | None = None) -> Iterator[tuple[Complaint, int, str]]:
    with path.open("rb") as file:
        for line in islice(file, size):
            row = orjson.loads(line)
            matter, level = row.pop("matter"), row.pop("level")
            yield Complaint(**row), matter, level


def _child(name: str, size: int, folder: Path) -> list[dict[str, Any]]:
    command = [sys.executable, "-m", "tests.benchmarks.linking", "--child", name, str(size), str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{name} at {size} failed:\n{done.stderr}")
    rows: list[dict[str, Any]] = json.loads(done.stdout.splitlines()[-1])
    return rows


def _measure(name: str, size: int, folder: Path) -> list[dict[str, Any]]:
    """Fill one contender and ask it; a row for each way of asking."""
    if name == "whole triage":
        from tests.benchmarks.linking_triage import measure

        return [measure((complaint for complaint, *_ in _read(folder / "history.jsonl", size)),
                        [complaint for complaint, *_ in _read(folder / f"queries-{size}.jsonl")], size)]
    with tempfile.TemporaryDirectory() as own:
        contender = CONTENDERS[name](Path(own))
        held = min(size, contender.most)
        queries = list(_read(folder / f"queries-{held if held in _sizes(folder) else size}.jsonl"))[: contender.queries]
        gc.collect()
        before, spent = psutil.Process().memory_info().rss, 0.0
        rows = _read(folder / "history.jsonl", held)
        matters: list[int] = []
        while chunk := list(islice(rows, _CHUNK)):
            complaints = [complaint for complaint, *_ in chunk]
            started = time.process_time()
            contender.add(complaints)
            spent += time.process_time() - started
            matters += [matter for _, matter, _ in chunk]
        started = time.process_time()
        contender.ready()
        spent += time.process_time() - started
        gc.collect()
        grown = psutil.Process().memory_info().rss - before - 8 * len(matters)
        told = contender.bytes()
        return [
            {
                "name": f"{name} {how}".strip(), "size": size, "held": held, "queries": len(queries),
                "bytes_an_item": round((grown if told is None else told) / held), "adds_a_second": round(held / spent),
                "memory": "process" if told is None else "index", **_ask(search, queries, matters),
            }
            for how, search in contender.searches().items()
        ]


def _sizes(folder: Path) -> set[int]:
    return {int(path.stem.partition("-")[2]) for path in folder.glob("queries-*.jsonl")}


def _ask(search: Any, queries: list[tuple[Complaint, int, str]], matters: list[int]) -> dict[str, Any]:
    complaints = [complaint for complaint, *_ in queries]
    search(complaints[:64])  # first use of caches and lazy imports
    started = time.process_time()
    found = search(complaints)
    spent = time.process_time() - started
    hits: dict[str, list[bool]] = {level: [] for level in LEVELS}
    for (_, matter, level), numbers in zip(queries, found, strict=True):
        hits[level].append(any(matters[number] == matter for number in numbers))
    every = [hit for level in hits.values() for hit in level]
    levels = {level: round(sum(each) / max(len(each), 1), 3) for level, each in hits.items()}
    return {
        "recall": round(sum(every) / len(every), 3), "levels": levels,
        "queries_a_second": round(len(queries) / spent), "microseconds": round(spent / len(queries) * 1e6, 1),
    }


def _table(rows: list[dict[str, Any]]) -> Table:
    table = Table(title="Finding the earlier complaint, per core")
    for heading in ("history", "library", "recall@10", *LEVELS, "queries/s", "µs", "bytes an item", "adds/s"):
        table.add_column(heading, justify="left" if heading == "library" else "right")
    for row in rows:
        held = f"{row['size']:,}" if row["held"] == row["size"] else f"{row['size']:,} ({row['held']:,} held)"
        levels = [f"{row['levels'][level]:.2f}" if row["levels"] else "" for level in LEVELS]
        recall = "" if row["recall"] is None else f"{row['recall']:.3f}"
        memory = f"{row['bytes_an_item']:,}" + (" *" if row["memory"] == "process" else "")
        table.add_row(held, row["name"], recall, *levels, f"{row['queries_a_second']:,}", f"{row['microseconds']:,}",
                      memory, f"{row['adds_a_second']:,}")
    for row in rows:
        if "open_seconds" in row:
            table.add_row("", f"  index saved {row['save_seconds']} s, opened {row['open_seconds']} s", *[""] * 8)
    table.caption = "* growth of the process; LSH: any answer counts, not only ten; “held” or no row: too slow or large for more"
    return table


if __name__ == "__main__":
    sys.exit(main())
