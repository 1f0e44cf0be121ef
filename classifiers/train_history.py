"""One training on a city's whole history: categories, units and pair weights, each judged against what is in force.

    learnt = train(read_tickets(file), read_links(file), shelf_folder, "20261124-0800", renames=..., provenance=...)

Tickets are JSON lines as `train_city.from_ticket` and `offline.parse` read them, with `time` to order them by; links as
`train_city_links.links_from` reads them. What is not worse goes onto the shelf (classifiers.shelf) as a new version.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from classifiers import shelf, train_city, train_city_links
from classifiers.categories import NAME as CATEGORIES
from classifiers.categories import Categories
from classifiers.offline import parse_time
from classifiers.renames import Renames
from classifiers.train_city import Comparison
from classifiers.triage import MODELS, Triage
from classifiers.units import NAME as UNITS
from contracts.vocabulary import ReturnGround

LINKS = "links"
PARTS = (CATEGORIES, UNITS, LINKS)
_GROUNDS = {ground.value for ground in ReturnGround}
_KINDS: dict[str, type | tuple[type, ...]] = {
    "text": str, "title": str, "env": (bool, int), "types": list, "subtype": str, "demand": str, "unit": str,
    "returns": list,
}


class BadTicket(ValueError):
    """A line that cannot be learnt from; the message names line, field, reason."""


@dataclass(frozen=True, slots=True)
class Learnt:
    """What a training came to: each model compared, and the version on the shelf where anything was promoted."""

    parts: list[Comparison]
    version: str | None


def read_tickets(lines: Iterable[str | bytes], renames: Renames | None = None) -> list[dict[str, Any]]:
    """Tickets under today's names, the oldest first. BadTicket names the line; nothing is learnt from half a file."""
    tickets: list[dict[str, Any]] = []
    seen: set[str] = set()
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise BadTicket(f"line {number}: not JSON: {error}") from None
        if not isinstance(row, dict) or not row.get("id") or not row.get("text"):
            raise BadTicket(f"line {number}: a ticket is an object with id and text")
        for name, kind in _KINDS.items():
            if row.get(name) is not None and not isinstance(row[name], kind):
                raise BadTicket(f"line {number}: {name} is {row[name]!r}")
        for back in row.get("returns") or ():
            if not isinstance(back, dict) or not back.get("unit") or back.get("ground") not in _GROUNDS:
                raise BadTicket(f"line {number}: returns: needs a unit and a ground out of {'、'.join(sorted(_GROUNDS))}")
        row["id"] = str(row["id"])
        if row["id"] in seen:
            raise BadTicket(f"line {number}: id {row['id']} stands on an earlier line")
        seen.add(row["id"])
        try:
            row["at"] = parse_time(row.get("time"))
        except ValueError as error:
            raise BadTicket(f"line {number}: {error}") from None
        tickets.append((renames or Renames()).ticket(row))
    if tickets and all(t["at"] is not None for t in tickets):
        tickets.sort(key=lambda t: t["at"])
    return tickets


def read_links(lines: Iterable[str | bytes]) -> list[dict[str, Any]]:
    """Answers about links: `{"a", "b", "same": bool}` a line, or `{"id", "matter"}`. BadTicket names the line."""
    rows: list[dict[str, Any]] = []
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise BadTicket(f"line {number}: not JSON: {error}") from None
        pair = isinstance(row, dict) and {"a", "b"} <= row.keys() and isinstance(row.get("same"), bool)
        if not pair and not (isinstance(row, dict) and "id" in row and "matter" in row):
            raise BadTicket(f'line {number}: a link is {{"a", "b", "same": true or false}} or {{"id", "matter"}}')
        rows.append(row)
    return rows


def train(
    tickets: Sequence[Mapping[str, Any]], links: Sequence[Mapping[str, Any]], folder: Path, version: str, *,
    renames: Renames | None = None, provenance: Mapping[str, Any] | None = None, parts: Sequence[str] = PARTS,
    on_progress: Callable[[str], None] | None = None,
) -> Learnt:
    """Learn, compare, put what is not worse onto the shelf and in force. ValueError where there are too few tickets."""
    source, now = shelf.in_force(folder) or folder, Triage.load(folder)
    assert isinstance(now.categories, Categories)
    cut = _first_unseen(tickets, folder, source)
    folder.mkdir(parents=True, exist_ok=True)
    compared: list[Comparison] = []
    with tempfile.TemporaryDirectory(dir=folder, prefix=".training-") as space:
        files = Path(space) / "files"
        files.mkdir()
        if CATEGORIES in parts or UNITS in parts:
            found = train_city.train_and_compare(tickets, files, version, now.categories, on_progress, cut)
            compared += [each for each in found if each.part in parts]
        if LINKS in parts:
            known = [*({"id": t["id"], "matter": t.get("matter"), "env": t["env"]} for t in tickets if _judged(t)), *links]
            answers = train_city_links.links_from(known)
            compared.append(train_city_links.train_and_compare(now, tickets, answers, files, on_progress, cut))
        if not any(part.promoted for part in compared):
            return Learnt(compared, None)
        for beside in (source, MODELS):
            shelf.copy_missing(beside, files, PARTS)
        until = tickets[-1]["at"]
        origin = {
            **(provenance or {}), "tickets": len(tickets), "links": len(links),
            "until": until.isoformat() if until else None, "beside": "shipped" if source == folder else source.name,
        }
        shelf.put(folder, version, files, _manifest(files, compared, origin))
    shelf.use(folder, version)
    return Learnt(compared, version)


def _manifest(files: Path, compared: Sequence[Comparison], origin: dict[str, Any]) -> dict[str, Any]:
    loaded = Triage.load(files)
    assert isinstance(loaded.categories, Categories)
    labels = {head.name: list(head.labels) for head in loaded.categories.model.heads}
    if loaded.categories.units:
        labels["unit"] = list(loaded.categories.units.labels)
    return {
        "made_at": origin.get("made_at"), "models": loaded.versions.model, "provenance": origin, "labels": labels,
        "parts": [{"part": c.part, "promoted": c.promoted, "old": c.old, "new": c.new, "reason": c.reason} for c in compared],
    }


def _first_unseen(tickets: Sequence[Mapping[str, Any]], folder: Path, source: Path) -> int | None:
    """The first ticket the city's models in force have not learnt from: only by those can they be judged fairly.

    None where the shipped models are in force. ValueError where too few tickets are new.
    """
    if source == folder:
        return None
    until = shelf.check(folder, source.name)["provenance"].get("until")
    if not until:
        return None
    seen = datetime.fromisoformat(until)
    new: int = sum(t["at"] is not None and t["at"] > seen for t in tickets)
    if new < train_city.LEAST:
        raise ValueError(
            f"{new} tickets are newer than what {source.name} learnt from ({seen:%Y-%m-%d %H:%M}), too few to judge by; "
            f"come back when there are {train_city.LEAST}"
        )
    return len(tickets) - new


def _judged(ticket: Mapping[str, Any]) -> bool:
    """Whether it is known where a ticket belongs: it has a matter, or is no environmental one."""
    return bool(ticket.get("matter")) or ticket.get("env") is False
