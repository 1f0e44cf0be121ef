"""What may be read of cases, by whom: lists by key, one case, its history, gates and evidence; without any petitioner.

Pages, the API and the command line read through this, so that scope is decided once.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
from pydantic import TypeAdapter

from services.domain.case.answers import Answer, status_answer
from services.domain.case.case import allowed_commands
from services.domain.case.events import EVENTS
from services.domain.case.evidence import public_view
from services.domain.case.gates import gates
from services.domain.case.links import counts
from services.domain.case.rules import Context
from services.domain.case.state import CaseState, load_state
from services.domain.case.status import Status
from services.domain.case.values import Evidence
from services.domain.principals import Grant, Principal, Role, What, may_read
from services.domain.refusals import Refusal, refuse
from services.domain.rulebook import RuleBook
from services.infra.postgres import Connection

# A caller sees the cases of its regions and those without a known one; people of units only those their unit has a part in.
SEEN = "(c.region IS NULL OR $1::text[] IS NULL OR c.region LIKE ANY($1::text[])) AND ($2::text IS NULL OR c.units @> ARRAY[$2::text])"
LIST = f"""
SELECT c.case_id, c.case_no, c.version, c.status, c.region, c.lead_unit, c.leader_id, c.urgency, c.types, c.respondent, c.place,
       c.summary, c.ordinal, c.repeat_ordinal, c.complaints, c.reporters, c.opened_at, c.first_received_at, c.last_event_at,
       c.last_progress_at, c.person_id, c.deadlines
FROM casework.cases c WHERE {SEEN}
  AND ($3::text[] IS NULL OR c.status = ANY($3)) AND ($4::text IS NULL OR c.units @> ARRAY[$4::text])
  AND ($5::text IS NULL OR c.leader_id = $5) AND ($6::text IS NULL OR c.region LIKE $6)
  AND c.complaints >= $7 AND ($8::text IS NULL OR strpos(c.case_no || c.summary || coalesce(c.respondent, '') || coalesce(c.place, ''), $8) > 0)
  AND ($9::timestamptz IS NULL OR (c.opened_at, c.case_id) < ($9, $10::uuid))
ORDER BY c.opened_at DESC, c.case_id DESC LIMIT $11
"""
BY_ID = "SELECT case_id, state::text AS state, deadlines FROM casework.cases WHERE case_id = $1"
BY_NUMBER = "SELECT case_id, state::text AS state, deadlines FROM casework.cases WHERE case_no = $1"
BY_RECEIPT = """
SELECT c.case_id, c.state::text AS state, c.deadlines FROM casework.complaint_cases l JOIN casework.cases c USING (case_id)
WHERE l.receipt_no = $1 ORDER BY l.weight DESC LIMIT 1
"""
EVENTS_AFTER = """
SELECT version, kind, at, by, role, unit, body, digest FROM casework.events
WHERE case_id = $1 AND version > $2 ORDER BY version LIMIT $3
"""
OF_SOURCE = "SELECT complaint_id, source, external_id FROM casework.complaint_sources WHERE receipt_no = $1"
INSIDERS = frozenset({
    Role.DISPATCHER, Role.OFFICER, Role.UNIT_HEAD, Role.LEADER, Role.ACCEPTOR, Role.CITY_REVIEWER, Role.SUPERVISOR,
    Role.INSPECTOR, Role.DUTY_OFFICER, Role.SYSTEM, Role.CALL_BACK,
})  # fmt: skip
"""Who works on cases and sees evidence as it was taken; others see it without place, time and author."""
UNIT_ROLES = frozenset({Role.OFFICER, Role.UNIT_HEAD})
CALLERS = frozenset({Role.CALL_BACK, Role.SUPERVISOR, Role.DISPATCHER, Role.INSPECTOR, Role.SYSTEM})
"""Who needs the opaque ids of petitioners, to call them back or to link."""
STATE: TypeAdapter[CaseState] = TypeAdapter(CaseState)


@dataclass(frozen=True, slots=True)
class Filters:
    """What a list shows. `region` is a code whose trailing zeros widen it; `after` is the key of the last row seen."""

    statuses: tuple[str, ...] = ()
    unit: str | None = None
    leader: str | None = None
    region: str | None = None
    complaints: int = 0
    text: str | None = None
    after: tuple[datetime, UUID] | None = None
    limit: int = 50


def scope_of(actor: Principal) -> tuple[list[str] | None, str | None]:
    """(patterns of region codes or None for all, unit or None) that a caller's lists are held to."""
    regions = None if Role.SYSTEM in actor.roles else [pattern_of(code) for code in sorted(actor.regions)]
    bound = actor.unit_id if actor.unit_id and actor.roles <= UNIT_ROLES else None
    return regions, bound


def pattern_of(code: str) -> str:
    """A region code as a LIKE pattern: its trailing zeros stand for everything inside."""
    while len(code) > 2 and code.endswith("00"):
        code = code[:-2]
    return f"{code}%"


def may_see(rules: RuleBook, actor: Principal, state: CaseState | None = None) -> Refusal | None:
    """Whether a caller may read facts of cases at all, and of this one."""
    # Who is accused sees nothing of a case, whatever other role was given by mistake.
    roles_read = {Role.ACCUSED} if Role.ACCUSED in actor.roles else actor.roles
    grants = [may_read(rules.access, role, What.FACTS) for role in sorted(roles_read)]
    whole = any(isinstance(grant, Grant) and grant.form == "full" for grant in grants)
    if not whole and Role.SYSTEM not in actor.roles:
        roles = "、".join(role.label for role in sorted(actor.roles)) or actor.name
        return refuse("access.denied", reader=roles, what=What.FACTS.label)
    if state is None:
        return None
    if not actor.covers(state.region):
        return refuse("actor.region", region=state.region, actor=actor.name)
    if actor.roles <= UNIT_ROLES and state.part(actor.unit_id) is None:
        return refuse("actor.unit", actor=actor.name, command="查看案件")
    return None


async def list_cases(connection: Connection, actor: Principal, filters: Filters) -> list[dict[str, Any]]:
    """A page of cases, the newest first; empty past the end."""
    regions, unit = scope_of(actor)
    after = filters.after or (None, None)
    rows = await connection.fetch(
        LIST, regions, unit, list(filters.statuses) or None, filters.unit, filters.leader,
        pattern_of(filters.region) if filters.region else None, filters.complaints, filters.text, *after, filters.limit,
    )  # fmt: skip
    return [{**dict(row), "status_label": Status(row["status"]).label} for row in rows]


async def find_case(connection: Connection, name: str) -> CaseState | None:
    """The state of a case by its id, its number, or the receipt number of one of its complaints."""
    try:
        row = await connection.fetchrow(BY_ID, UUID(name))
    except ValueError:
        row = await connection.fetchrow(BY_NUMBER, name) or await connection.fetchrow(BY_RECEIPT, name)
    return load_state(row["state"]) if row else None


def case_view(state: CaseState, actor: Principal, rules: RuleBook, now: datetime) -> dict[str, Any]:
    """One case for a caller: facts without petitioners, what the caller may do now."""
    counted = counts([state.links])
    inside = actor.has(INSIDERS)
    callers = actor.has(CALLERS)
    view: dict[str, Any] = STATE.dump_python(state, mode="json", exclude_none=True, exclude={"links", "links_before_merge", "callbacks", "evidence", "handlers"})
    view |= {
        "status_label": state.status.label if state.status else "",
        "counts": {
            "deliveries": counted.deliveries, "submissions": counted.submissions, "person_times": counted.person_times,
            "petitioners": counted.petitioners, "anonymous": counted.anonymous, "repeat_ordinal": counted.repeat_ordinal,
        },
        "complaints": [
            {
                "complaint_id": link.complaint_id, "receipt_no": link.receipt_no, "kind": link.kind.value, "kind_label": link.kind.label,
                "channel": link.channel.value, "received_at": link.received_at, "weight": link.weight, "confidential": link.confidential,
                "reply_wanted": link.reply_wanted, "new_facts": link.new_facts, "confirmed_by": link.confirmed_by, "score": link.score,
                "decided_by": link.decided_by, "refused": link.refused,
                **({"reporter": link.reporter, "operation": link.operation} if callers else {}),
            }
            for link in state.links
        ],
        "evidence": [evidence_view(item, inside=inside) for item in state.evidence],
        "callbacks": [
            {"outcome": call.outcome.value, "outcome_label": call.outcome.label, "at": call.at, **({"reporter": call.reporter, "note": call.note} if callers else {})}
            for call in state.callbacks
        ],
        "allowed": allowed_commands(state, Context(actor, now, rules.case)),
    }  # fmt: skip
    return view


def evidence_view(item: Evidence, *, inside: bool) -> dict[str, Any]:
    """An item of evidence; for others without place, time and author."""
    shown = item if inside else public_view(item)
    view: dict[str, Any] = shown.model_dump(mode="json", exclude_none=True)
    if item.monitoring:
        view["monitoring"] |= {"within": item.monitoring.within, "text": item.monitoring.text}
    return view


def gates_view(state: CaseState, rules: RuleBook, now: datetime) -> dict[str, Any]:
    """The gates of close-out: each in a sentence, its checks with their evidence, and what is missing."""
    found = gates(state, rules.case.gates, rules.case.calendar, now)
    return {
        "case_no": state.case_no,
        "variant": rules.case.gates.active,
        "met": all(gate.met for gate in found),
        "gates": [
            {
                "gate": gate.gate, "formula": gate.formula, "met": gate.met, "sentence": gate.sentence, "provenance": gate.provenance,
                "checks": [
                    {"check": check.check, "met": check.met, "sentence": check.sentence, "evidence": check.evidence, "at": check.at.value}
                    for check in gate.checks
                ],
            }
            for gate in found
        ],
    }  # fmt: skip


async def events_after(connection: Connection, case_id: UUID, version: int, limit: int, actor: Principal) -> list[dict[str, Any]]:
    """The history of a case in order, as stored; opaque ids of petitioners only for those who call them."""
    rows = await connection.fetch(EVENTS_AFTER, case_id, version, limit)
    found = []
    for row in rows:
        detail = orjson.loads(row["body"])
        found.append({
            "version": row["version"], "kind": row["kind"], "label": EVENTS[row["kind"]].label, "at": row["at"], "by": row["by"],
            "role": row["role"], "unit": row["unit"], "digest": row["digest"],
            "detail": detail if actor.has(CALLERS) else without(detail, "reporter"),
        })  # fmt: skip
    return found


def without(value: Any, name: str) -> Any:
    """A JSON value without a member of that name, at any depth."""
    if isinstance(value, Mapping):
        return {key: without(item, name) for key, item in value.items() if key != name}
    return [without(item, name) for item in value] if isinstance(value, list) else value


async def state_of_complaint(connection: Connection, receipt_no: str, source: str | None, now: datetime) -> Answer | Refusal:
    """What a source is told of one of its own complaints when it asks; another source's is not there for it."""
    row = await connection.fetchrow(OF_SOURCE, receipt_no)
    if row is None or (source is not None and row["source"] != source):
        return refuse("request.path", what=f"受理编号{receipt_no}", field="receipt_no")
    state = await find_case(connection, receipt_no)
    answer = status_answer(state, str(row["complaint_id"]), now) if state else None
    return answer or refuse("request.path", what=f"受理编号{receipt_no}的办理情况", field="receipt_no")
