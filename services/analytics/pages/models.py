"""What the pages are made of."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from services.analytics.pages.asked import Asked


@dataclass(frozen=True, slots=True)
class Line:
    """One indicator of a page. `tone` is better, worse or nothing, and only where the change is certain."""

    id: str
    name: str
    formula: str
    unit: str
    text: str
    counts: str
    interval: str
    before: str
    change: str
    tone: str
    href: str
    list_href: str
    base_href: str | None = None


@dataclass(frozen=True, slots=True)
class Group:
    """Indicators of one kind."""

    title: str
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell of a table; numbers stand right, and a cell may lead somewhere."""

    text: str
    number: bool = False
    href: str | None = None


@dataclass(frozen=True, slots=True)
class Grid:
    """A table; `empty` says what would be here and how it gets there."""

    headings: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    empty: str


@dataclass(frozen=True, slots=True)
class Head:
    """Where one is: title, of what, which days, how fresh."""

    title: str
    scope: str
    window: str
    asked: Asked
    fresh_at: datetime | None


@dataclass(frozen=True, slots=True)
class Overview:
    """All indicators, the headline over half a year, and the districts side by side."""

    head: Head
    groups: tuple[Group, ...]
    pictures: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class IndicatorPage:
    """One indicator: what it means, its other readings, how it moved, where it differs, what it counts."""

    head: Head
    line: Line
    provenance: str
    confidence: str
    note: str
    readings: tuple[Line, ...]
    lists: tuple[Cell, ...]
    pictures: tuple[str, ...]
    tables: tuple[tuple[str, Grid], ...]


@dataclass(frozen=True, slots=True)
class TablePage:
    """A table with pictures above it; `previous` and `next` are addresses of the neighbouring pages of a list."""

    head: Head
    grid: Grid
    pictures: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    previous: str | None = None
    next: str | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """One line of a story."""

    at: datetime
    round: int
    lane: str
    label: str
    text: str
    by: str
    reasons: tuple[str, ...] = ()
    against: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class MatterPage:
    """One matter: network and timeline as pictures, its story, and how its complaints came together."""

    title: str
    case_no: str
    status: str
    facts: tuple[str, ...]
    pictures: tuple[str, ...]
    steps: tuple[Step, ...]
    merging: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class QualityPage:
    """How good the machine is, as far as people answered it."""

    head: Head
    lines: tuple[Line, ...]
    pictures: tuple[str, ...]
    notes: tuple[str, ...] = field(default=())
