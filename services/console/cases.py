"""Reading cases for pages: lists by what somebody has to do with them, one case whole, and whether it may be seen at all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from services.casework import reading
from services.console.access import NotFound, Visit
from services.console.next_step import FORWARD
from services.console.story import Seen
from services.domain.case.events import CaseEvent, parse_event
from services.domain.case.state import CaseState, load_state
from services.domain.case.states import TABLE
from services.domain.case.status import Status
from services.domain.principals import Principal, Role
from services.domain.rulebook import RuleBook
from services.infra.postgres import Pool

COLUMNS = """c.case_id, c.case_no, c.version, c.status, c.region, c.lead_unit, c.leader_id, c.urgency, c.types, c.respondent, c.place,
    c.summary, c.ordinal, c.repeat_ordinal, c.complaints::float AS complaints, c.reporters, c.first_received_at, c.last_event_at,
    c.last_progress_at"""
OF_UNIT = f"SELECT {COLUMNS} FROM console.parts p JOIN casework.cases c USING (case_id) WHERE p.unit_id = $1"
BY_STATUS = f"""
SELECT {COLUMNS} FROM console.standing s JOIN casework.cases c USING (case_id)
WHERE (s.status = ANY($1) OR ($3 AND s.proposals > 0)) AND (s.region IS NULL OR s.region LIKE ANY($2)) ORDER BY s.since LIMIT $4
"""
OF_LEADER = f"SELECT {COLUMNS} FROM console.standing s JOIN casework.cases c USING (case_id) WHERE s.leader_id = $1 AND s.status <> ALL($2)"
ONE = "SELECT case_id, version, state::text AS state FROM casework.cases WHERE case_no = $1"
EVENTS = "SELECT body FROM casework.events WHERE case_id = $1 ORDER BY version"
COMPLAINTS = "SELECT id, receipt_no, channel, received_at, event FROM intake.complaints WHERE id = ANY($1)"
LINKS = """
SELECT DISTINCT ON (complaint_id) complaint_id, score, why, against, decided_by, id FROM triage.links
WHERE case_id = $1 AND act IN ('link', 'confirm') ORDER BY complaint_id, at DESC
"""
READS = """
SELECT complaint_id, actor, purpose, fields, at FROM vault.unsealings WHERE complaint_id = ANY($1) ORDER BY at
"""
MOST = 1000
"""A list longer than this is nobody's work list; it is cut and says so."""
ANY_CASE = frozenset({Role.SUPERVISOR, Role.INSPECTOR, Role.CITY_REVIEWER, Role.DISPATCHER, Role.ACCEPTOR, Role.CALL_BACK, Role.DUTY_OFFICER})
"""Roles that see every case of their regions; the others see those of their unit or under their lead."""


@dataclass(frozen=True, slots=True)
class Complaint:
    """A complaint behind a case as pages have it: scrubbed text, opaque petitioner."""

    id: UUID
    receipt_no: str
    channel: str
    received_at: datetime
    event: dict[str, Any]


@dataclass(frozen=True)
class Opened:
    """One case whole."""

    id: UUID
    state: CaseState
    events: tuple[CaseEvent, ...]
    complaints: dict[str, Complaint]
    links: dict[str, Any]
    reads: tuple[Seen, ...]


async def of_unit(pool: Pool, unit_id: str) -> list[Any]:
    """Live cases a unit has a part in."""
    found: list[Any] = await pool.fetch(OF_UNIT, unit_id)
    return found


async def of_leader(pool: Pool, leader_id: str) -> list[Any]:
    """Live cases under a leader."""
    found: list[Any] = await pool.fetch(OF_LEADER, leader_id, ["closed_out", "looked_back"])
    return found


async def by_status(pool: Pool, statuses: Sequence[Status], actor: Principal, *, proposals: bool = False, limit: int = MOST) -> list[Any]:
    """Cases in these states inside the actor's regions, longest there first; with `proposals`, those that wait for a second person too."""
    found: list[Any] = await pool.fetch(BY_STATUS, [status.value for status in statuses], prefixes(actor), proposals, limit)
    return found


async def mine(pool: Pool, actor: Principal) -> list[Any]:
    """Everything that may be waiting for this person: of the unit, and by what the roles do wherever it happens."""
    rows: list[Any] = []
    if actor.unit_id and actor.has({Role.OFFICER, Role.UNIT_HEAD, Role.GRID_WORKER}):
        rows += await of_unit(pool, actor.unit_id)
    statuses = desk_statuses(actor)
    if statuses or actor.has(TABLE["confirm"].roles - {Role.UNIT_HEAD}):
        rows += await by_status(pool, statuses, actor, proposals=actor.has(TABLE["confirm"].roles - {Role.UNIT_HEAD}))
    return list({row["case_id"]: row for row in rows}.values())


def desk_statuses(actor: Principal) -> list[Status]:
    """States in which a role of the actor's, not tied to a unit, moves a case on."""
    return [
        status
        for status, kinds in FORWARD.items()
        if any(TABLE[kind].scope == "any" and kind not in ("sign", "look_back", "settle_responsibility") and actor.has(TABLE[kind].roles) for kind in kinds)
    ]


def prefixes(actor: Principal) -> list[str]:
    """Patterns of the regions the actor covers."""
    found = []
    for code in actor.regions:
        while len(code) > 2 and code.endswith("00"):
            code = code[:-2]
        found.append(f"{code}%")
    return found


async def open_case(visit: Visit, case_no: str) -> Opened:
    """A case whole; raises `NotFound` where it is not there or not for this person to see."""
    pool = visit.office.pool
    row = await pool.fetchrow(ONE, case_no)
    if row is None:
        raise NotFound(f"没有案号为 {case_no} 的案件，或它不在您的管辖范围内。")
    state = load_state(row["state"])
    if not may_see(visit.principal, state, visit.office.rules):
        raise NotFound(f"没有案号为 {case_no} 的案件，或它不在您的管辖范围内。")
    ids = list({UUID(link.complaint_id) for link in state.links})
    async with pool.acquire() as connection:
        events = [parse_event(bytes(item["body"])) for item in await connection.fetch(EVENTS, row["case_id"])]
        told = {event.links[0].complaint_id for event in events if event.type == "opened" and event.links}  # type: ignore[attr-defined]
        told |= {event.link.complaint_id for event in events if event.type == "link_added"}  # type: ignore[attr-defined]
        ids = list({*ids, *(UUID(id) for id in told)})
        complaints = {str(item["id"]): Complaint(**dict(item)) for item in await connection.fetch(COMPLAINTS, ids)}
        links = {str(item["complaint_id"]): item for item in await connection.fetch(LINKS, row["case_id"])}
        reads = await connection.fetch(READS, ids)
    numbers = petitioner_numbers(state)
    whose = {link.complaint_id: numbers.get(link.reporter or "") for link in state.links}
    seen = tuple(Seen(r["at"], r["actor"], r["purpose"], tuple(r["fields"]), whose.get(str(r["complaint_id"]))) for r in reads)
    return Opened(row["case_id"], state, tuple(events), complaints, links, seen)


def petitioner_numbers(state: CaseState) -> dict[str, int]:
    """Opaque id → 信访人 1, 2, 3, in the order they came."""
    reporters = dict.fromkeys(link.reporter for link in sorted(state.links, key=lambda link: link.received_at) if link.reporter)
    return {reporter: number for number, reporter in enumerate(reporters, 1)}


def may_see(actor: Principal, state: CaseState, rules: RuleBook) -> bool:
    """Whether the case is this person's to read: of the unit, under the lead, or of the regions for roles that watch over them."""
    if Role.ACCUSED in actor.roles or actor.id in state.recused or reading.may_see(rules, actor, state) is not None:
        return False
    if actor.unit_id and state.part(actor.unit_id) is not None:
        return True
    if state.leader and state.leader.person_id == actor.id:
        return True
    return actor.has(ANY_CASE) and actor.covers(state.region)
