"""Why a file as a whole is not read."""

from __future__ import annotations

from dataclasses import dataclass


class SheetRefused(ValueError):
    """The file is not read; `reason` and `remedy` are Chinese sentences for the person who brought it."""

    def __init__(self, reason: str, remedy: str) -> None:
        self.reason, self.remedy = reason, remedy
        super().__init__(f"{reason}{remedy}")


@dataclass(frozen=True, slots=True)
class Limits:
    """What an uploaded table may cost. Registers of a city hold hundreds of rows, ledgers some thousands.

    `file` and `unpacked` in bytes; `entries` are files inside a workbook; `cells` bounds the rectangle of a sheet, since
    a reader holds it whole.
    """

    file: int = 10 * 1024 * 1024
    unpacked: int = 64 * 1024 * 1024
    entries: int = 1000
    rows: int = 20_000
    columns: int = 200
    cells: int = 1_000_000
    merges: int = 20_000


def mb(size: int) -> str:
    """A size as people say it."""
    return f"{size / 1024 / 1024:.0f} MB"
