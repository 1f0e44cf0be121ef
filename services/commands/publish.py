"""`petitions publish`: complaints from a file to Kafka, with a preview of what would be rejected and a receipt summary."""

from __future__ import annotations

from itertools import islice
from pathlib import Path
from typing import Any

import orjson
import typer
from aiokafka import AIOKafkaProducer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeRemainingColumn

from contracts.submitted import parse_submitted
from contracts.topics import SUBMITTED
from services.commands.output import JSON_OPTION, Failed, console, console_err, print_json, print_table, run
from services.commands.session import settings
from services.exports import ExportUnreadable, Preview, open_export
from services.infra.kafka import client_options


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("publish")(publish)


def publish(
    file: str = typer.Argument(help="JSONL, CSV or XLSX of complaints; - for JSON lines on standard input."),
    source: str = typer.Option(None, help="Source system of rows that name none."),
    columns: list[str] = typer.Option([], "--column", help="column=field for exports with their own headers, e.g. 诉求内容=text."),
    check: bool = typer.Option(False, "--check", help="Only say what would be rejected."),
    strict: bool = typer.Option(False, "--strict", help="Publish nothing where a row would be rejected."),
    limit: int = typer.Option(None, min=1, help="Only the first so many rows."),
    as_json: bool = JSON_OPTION,
) -> None:
    """Publish complaints to the submitted topic; rows that could not be registered are listed and held back."""
    mapping = dict(_pair(text) for text in columns) or None
    found = Preview()
    good = _good_rows(file, mapping, source, limit, found)
    if found.rejected and not as_json:
        print_table(
            f"不能登记的行（{found.rejected} 行，列出前 {len(found.refused)} 条）", ("行", "列", "字段", "原因", "怎么办"),
            [(r.line, r.column, r.field, r.reason, r.remedy) for r in found.refused], empty="",
        )  # fmt: skip
    summary: dict[str, Any] = {"rows": found.rows, "refused": found.rejected, "reasons": dict(found.reasons), "published": 0}
    if not (check or (strict and found.rejected)):
        summary["published"] = run(_send(good))
    if as_json:
        print_json(summary)
    elif check:
        console.print(f"{found.rows} rows read, {found.rejected} cannot be registered; nothing was published.", markup=False)
    else:
        console.print(f"{summary['published']} complaints published to {SUBMITTED.name}, {found.rejected} rows held back.", markup=False)
        console.print("next: petitions status (what became of them), petitions cases, petitions dlq list", style="dim", markup=False)
    if strict and found.rejected and not check:
        raise Failed("nothing was published: rows cannot be registered (see above); mend them or leave out --strict")


def _good_rows(
    file: str, mapping: dict[str, str] | None, source: str | None, limit: int | None, found: Preview
) -> list[tuple[bytes, bytes]]:
    """(key, value) of every row that can be registered; the others are counted in `found`."""
    if file != "-" and not Path(file).is_file():
        raise Failed(f"there is no file {file}; name a JSONL, CSV or XLSX file, or - for standard input")
    export = open_export(file, mapping, report=found.unreadable)
    good: list[tuple[bytes, bytes]] = []
    try:
        for line, row in islice(export, limit):
            if source and not row.get("source"):
                row = {**row, "source": source}
            found.rows += 1
            value = orjson.dumps(row)
            outcome = parse_submitted(value)
            if isinstance(outcome, list):
                found.add(line, outcome, export.columns)
            else:
                good.append((outcome.key.encode(), value))
    except ExportUnreadable as failure:
        raise Failed(str(failure)) from None
    return good


async def _send(records: list[tuple[bytes, bytes]]) -> int:
    configured = settings()
    producer = AIOKafkaProducer(
        **client_options(configured), acks="all", enable_idempotence=True, linger_ms=5, max_batch_size=256 * 1024,
        max_request_size=SUBMITTED.max_bytes,
    )  # fmt: skip
    await producer.start()
    sent = 0
    try:
        with Progress(
            SpinnerColumn(), TextColumn("publishing"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(),
            console=console_err, transient=True,
        ) as progress:  # fmt: skip
            task = progress.add_task("publishing", total=len(records))
            for start in range(0, len(records), 1000):
                waiting = [await producer.send(SUBMITTED.name, value=value, key=key) for key, value in records[start : start + 1000]]
                for future in waiting:
                    await future
                sent += len(waiting)
                progress.update(task, completed=sent)
    finally:
        await producer.stop()
    return sent


def _pair(text: str) -> tuple[str, str]:
    column, equals, name = text.partition("=")
    if not equals or not column or not name:
        raise typer.BadParameter(f"--column needs column=field, not {text!r}")
    return column, name
