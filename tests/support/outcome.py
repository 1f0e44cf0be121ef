"""What must hold once a stream has been worked off, whatever happened on the way."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from typing import Any

import asyncpg
import orjson

from contracts.topics import ASSIGNED, LINKED, OPENED, REGISTERED
from services.infra.settings import Settings
from tests.support.topics import everything

PROGRESS = """
SELECT (SELECT count(*) FROM intake.complaints) AS registered, (SELECT count(*) FROM triage.complaints) AS triaged,
       (SELECT count(*) FROM triage.cases WHERE complaints > 0) AS cases,
       (SELECT count(*) FROM dispatch.cases WHERE opened IS NOT NULL AND lead_unit IS NOT NULL) AS assigned,
       (SELECT count(*) FROM bus.outbox) AS outbox, (SELECT count(*) FROM bus.dead_letters) AS dead_letters
"""


async def settled(settings: Settings, complaints: int, *, seconds: float, rejected: int = 0) -> dict[str, int]:
    """Wait until so many complaints are registered, linked and their cases assigned and published; the counts either way."""
    assert settings.database
    deadline = time.monotonic() + seconds
    counts: dict[str, int] = {}
    while time.monotonic() < deadline:
        try:
            connection = await asyncpg.connect(settings.database.get_secret_value(), timeout=5)
            try:
                row = await connection.fetchrow(PROGRESS)
            finally:
                await connection.close()
        except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
            await asyncio.sleep(0.3)
            continue
        assert row is not None
        counts = {key: int(value) for key, value in row.items()}
        done = counts["registered"] >= complaints and counts["triaged"] >= complaints and counts["assigned"] >= counts["cases"]
        if done and counts["outbox"] == 0 and counts["dead_letters"] >= rejected:
            return counts
        await asyncio.sleep(0.2)
    return counts


async def broken_promises(settings: Settings, external_ids: set[str]) -> list[str]:
    """Every promise that does not hold, as a sentence; empty where all hold."""
    assert settings.database
    connection = await asyncpg.connect(settings.database.get_secret_value())
    try:
        found: list[str] = []
        registered = {r["external_id"]: r["n"] for r in await connection.fetch("SELECT external_id, count(*) AS n FROM intake.complaints GROUP BY 1")}
        if lost := external_ids - set(registered):
            found.append(f"{len(lost)} complaints were lost")
        if doubled := [id for id, n in registered.items() if n != 1]:
            found.append(f"{len(doubled)} complaints were registered twice")
        receipts = await connection.fetchval("SELECT count(*) - count(DISTINCT receipt_no) FROM intake.complaints")
        if receipts:
            found.append(f"{receipts} receipt numbers were given twice")
        links = await connection.fetchval(
            "SELECT count(*) FROM intake.complaints c WHERE 1 <> (SELECT coalesce(sum(weight), 0) FROM triage.live_links v WHERE v.complaint_id = c.id)"
        )
        if links:
            found.append(f"{links} complaints have not exactly one live link")
        counts = await connection.fetchval(
            """SELECT count(*) FROM triage.cases c WHERE c.complaints <>
               (SELECT count(*) FROM triage.live_links v JOIN triage.links l ON l.id = v.link_id
                WHERE v.case_id = c.id AND l.kind <> 'DUPLICATE_DELIVERY')"""
        )
        if counts:
            found.append(f"{counts} cases count their complaints wrongly")
        unassigned = await connection.fetchval(
            "SELECT count(*) FROM triage.cases c WHERE NOT EXISTS (SELECT 1 FROM dispatch.assignments a WHERE a.case_id = c.id)"
        )
        if unassigned:
            found.append(f"{unassigned} cases have no unit")
        originals = await connection.fetchval(
            "SELECT count(*) FROM intake.complaints c WHERE NOT EXISTS (SELECT 1 FROM vault.originals o WHERE o.complaint_id = c.id)"
        )
        if originals:
            found.append(f"{originals} complaints have no sealed original")
        cases = {str(r["id"]) for r in await connection.fetch("SELECT id FROM triage.cases")}
    finally:
        await connection.close()
    opened = await _events(settings, OPENED.name)
    per_case = Counter(event["case_id"] for event in opened.values())
    if wrong := [case for case in cases if per_case[case] != 1]:
        found.append(f"{len(wrong)} cases have not exactly one opened event")
    assigned = Counter((event["case_id"], event["sequence"]) for event in (await _events(settings, ASSIGNED.name)).values())
    if wrong_assignments := [case for case in cases if assigned[case, 1] != 1]:
        found.append(f"{len(wrong_assignments)} cases have not exactly one first assignment")
    complaints = Counter(e["complaint_id"] for e in (await _events(settings, REGISTERED.name)).values())
    if doubled_events := [id for id, n in complaints.items() if n != 1]:
        found.append(f"{len(doubled_events)} complaints have more than one registered event")
    linked = await _events(settings, LINKED.name)
    if len(opened) + len(linked) != len(registered):
        found.append(f"{len(opened)} opened and {len(linked)} linked events for {len(registered)} complaints")
    found += await _disorder(settings)
    return found


async def _events(settings: Settings, topic: str) -> dict[str, Any]:
    """Events of a topic by id: one published twice counts once, as every inbox has it."""
    return {e["event_id"]: e for e in (orjson.loads(record.value) for record in await everything(settings, topic))}


async def _disorder(settings: Settings) -> list[str]:
    """Later complaints of a case must be published in the order in which they were counted."""
    last: dict[str, int] = {}
    seen: set[str] = set()
    for record in await everything(settings, LINKED.name):
        event = orjson.loads(record.value)
        if event["event_id"] in seen:
            continue
        seen.add(event["event_id"])
        if event["complaints"] < last.get(event["case_id"], 0):
            return [f"events of case {event['case_id']} are out of order"]
        last[event["case_id"]] = event["complaints"]
    return []
