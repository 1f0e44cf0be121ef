"""How commands speak: tables for people, one JSON document for machines, one sentence for a failure."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Sequence
from typing import Any, TypeVar

import orjson
import typer
from rich.cells import cell_len
from rich.console import Console
from rich.table import Table

T = TypeVar("T")
UNBROKEN_CELLS = 16
"""Numbers, codes and terms up to this width stay on one line; a broken case number cannot be copied."""
console = Console()
console_err = Console(stderr=True)
JSON_OPTION = typer.Option(False, "--json", help="One JSON document instead of a table.")


class Failed(Exception):
    """The command could not do what it was asked; the message names the cause and the remedy."""


def print_json(value: Any) -> None:
    """One JSON document on standard output."""
    print(orjson.dumps(value, option=orjson.OPT_INDENT_2 | orjson.OPT_NON_STR_KEYS, default=str).decode())


def print_table(title: str, columns: Sequence[str], rows: Sequence[Sequence[object]], *, empty: str) -> None:
    """A table, or a sentence where there is nothing to show."""
    if not rows:
        console.print(empty, markup=False)
        return
    table = Table(title=title, title_justify="left", header_style="bold")
    for index, column in enumerate(columns):
        number = all(isinstance(row[index], (int, float)) for row in rows)
        short = all((width := cell_len(str(row[index] or ""))) <= UNBROKEN_CELLS or width == 36 for row in rows)
        table.add_column(column, justify="right" if number else "left", overflow="fold", no_wrap=short)
    for row in rows:
        table.add_row(*("" if value is None else str(value) for value in row))
    console.print(table)


def run(work: Coroutine[Any, Any, T]) -> T:
    """Run an asynchronous command."""
    return asyncio.run(work)
