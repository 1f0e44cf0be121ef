"""A cell of a spreadsheet or of a CSV file as a value of a submitted record. Pure."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Any

TIMES = frozenset({"received_at", "occurred_at"})
_EXACT = 2**53
"""Spreadsheets keep numbers as floats: a longer number has lost its last digits."""
_SERIAL_DAYS = (20_000, 80_000)
"""Days since 1899-12-30 that stand for 1954 to 2119: an unformatted date, too small to be an epoch in seconds."""
_EPOCH = datetime(1899, 12, 30)


class Rounded(ValueError):
    """A number too long for a spreadsheet, whose last digits are gone."""


def value_of(cell: Any, field: str) -> Any:
    """A JSON value, or None where the cell is empty. Raises `Rounded`."""
    if isinstance(cell, str):
        return cell if cell.strip() else None
    if isinstance(cell, bool) or cell is None:
        return cell
    if isinstance(cell, datetime):
        return cell.isoformat(sep=" ", timespec="seconds")
    if isinstance(cell, (date, time)):
        return cell.isoformat()
    if isinstance(cell, timedelta):
        return str(cell)
    if isinstance(cell, (int, float)):
        return _number(cell, field)
    return str(cell)


def _number(number: float, field: str) -> Any:
    if field in TIMES and _SERIAL_DAYS[0] < number < _SERIAL_DAYS[1]:
        return (_EPOCH + timedelta(seconds=round(number * 86_400))).isoformat(sep=" ")
    if field in TIMES or field in ("longitude", "latitude"):
        return number
    if abs(number) >= _EXACT:
        raise Rounded
    return str(int(number)) if float(number).is_integer() else str(number)


def put(record: dict[str, Any], field: str, value: Any) -> None:
    """Store under a field; `petitioner.…` and coordinates are nested as the contract has them."""
    if field in ("longitude", "latitude"):
        field = f"coordinates.{field}"
    *path, last = field.split(".")
    for part in path:
        if not isinstance(record.get(part), dict):
            record[part] = {}
        record = record[part]
    record[last] = value
