"""One matter: its network, its story across close-outs, and how its complaints came together."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson

from contracts.vocabulary import LinkKind
from services.domain.case.events import EVENTS
from services.domain.case.status import Status
from services.domain.indicators.history import LINKING_KINDS
from services.domain.indicators.network import Matter, Network, Tie, network, petitioner_numbers
from services.infra.postgres import Connection

FIND = """
SELECT case_id FROM analytics.case_facts WHERE case_no = $1 OR case_id::text = $1
UNION SELECT case_id FROM analytics.complaint_facts WHERE receipt_no = $1 LIMIT 1
"""
CASE = "SELECT * FROM analytics.case_facts WHERE case_id = $1"
# Cases of the same site and those merged here belong to the picture of a matter.
NEAR = """
SELECT case_id, case_no, status, respondent, place, merged_into, site_key FROM analytics.case_facts
WHERE case_id = $1 OR merged_into = $1 OR ($2::text IS NOT NULL AND site_key = $2 AND live)
ORDER BY case_id <> $1, first_received_on DESC LIMIT 12
"""
TIES = """
SELECT f.complaint_id, f.receipt_no, f.case_id, f.reporter, f.received_on, f.received_at, f.kind, f.machine, f.weight, l.to_complaint,
       l.score, l.why, l.against, l.decided_by, l.id AS link_id
FROM analytics.complaint_facts f
LEFT JOIN triage.live_links v ON v.complaint_id = f.complaint_id AND v.case_id = f.case_id
LEFT JOIN triage.links l ON l.id = v.link_id
WHERE f.case_id = ANY($1::uuid[]) ORDER BY f.received_at, f.complaint_id
"""
ACTS = """
SELECT k.act, k.kind, k.score, k.decided_by, k.reason, k.at, k.why, k.against, x.receipt_no
FROM triage.links k JOIN intake.complaints x ON x.id = k.complaint_id
WHERE k.case_id = $1 OR k.answers IN (SELECT id FROM triage.links WHERE case_id = $1) ORDER BY k.at, k.id
"""
LOG = "SELECT version, kind, at, by, role, unit, body FROM casework.events WHERE case_id = $1 ORDER BY version"
ROUNDS = "SELECT * FROM analytics.round_facts WHERE case_id = $1 ORDER BY ordinal"
SAID = {"link": "关联", "suggest": "建议关联", "confirm": "采纳建议", "refuse": "否定建议", "undo": "撤销关联", "place": "调整归属"}
PLACES = frozenset({"merged_away", "links_merged", "links_released", "merge_undone", "link_weighted", "link_removed"})
"""Kinds of changes that tell how complaints came together or apart."""


@dataclass(frozen=True, slots=True)
class Moment:
    """One line of the story. `lane` is complaint, act or link; `round` counts the rounds of handling, from 1."""

    at: datetime
    lane: str
    label: str
    text: str
    by: str = ""
    round: int = 1
    reasons: tuple[str, ...] = ()
    against: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Story:
    """Everything about one matter that an analyst may see: no names, no words of petitioners."""

    case: dict[str, Any]
    rounds: tuple[dict[str, Any], ...]
    moments: tuple[Moment, ...]
    merging: tuple[Moment, ...]
    network: Network

    @property
    def closed(self) -> int:
        """How often it was closed out."""
        return sum(item["closed_out_on"] is not None for item in self.rounds)


async def find(connection: Connection, asked: str) -> UUID | None:
    """The case of a case number, case id or receipt number."""
    found = await connection.fetchval(FIND, asked)
    return found if found is None else UUID(str(found))


async def story(connection: Connection, case_id: UUID) -> Story | None:
    """The story of a case, or None where it is not counted yet."""
    row = await connection.fetchrow(CASE, case_id)
    if row is None:
        return None
    case = {**row, "status_label": Status(row["status"]).label}
    near = await connection.fetch(NEAR, case_id, row["site_key"])
    links = await connection.fetch(TIES, [other["case_id"] for other in near])
    rounds = tuple(dict(r) for r in await connection.fetch(ROUNDS, case_id))
    log = await connection.fetch(LOG, case_id)
    acts = await connection.fetch(ACTS, case_id)
    ties = [_tie(link) for link in links]
    matters = [
        Matter(str(m["case_id"]), m["case_no"], Status(m["status"]).label, m["respondent"] or m["place"], str(m["merged_into"]) if m["merged_into"] else None)
        for m in near
    ]  # fmt: skip
    numbers = petitioner_numbers(ties)
    moments = [_complaint(link, numbers) for link in links if link["case_id"] == case_id]
    merging = [_act(act) for act in acts if not (act["act"] == "link" and act["kind"] == LinkKind.FIRST_REPORT.value)]
    opened = 1
    for entry in log:
        if entry["kind"] == "reopened":
            opened += 1
        if entry["kind"] in PLACES:
            merging.append(_logged(entry, "link", opened))
        elif entry["kind"] not in LINKING_KINDS:
            moments.append(_logged(entry, "act", opened))
    drawn = await asyncio.to_thread(network, matters, ties)
    return Story(case, rounds, _in_order(moments), _in_order(merging), drawn)


def _in_order(moments: list[Moment]) -> tuple[Moment, ...]:
    return tuple(sorted(moments, key=lambda moment: (moment.at, moment.lane)))


def _tie(link: Mapping[str, Any]) -> Tie:
    return Tie(
        str(link["complaint_id"]), link["receipt_no"], str(link["case_id"]), link["reporter"], link["received_on"], link["kind"],
        LinkKind(link["kind"]).label, str(link["to_complaint"]) if link["to_complaint"] else None, link["machine"],
    )  # fmt: skip


def _complaint(link: Mapping[str, Any], numbers: Mapping[str, int]) -> Moment:
    who = f"信访人{numbers[link['reporter']]}" if link["reporter"] else "匿名"
    share = "" if link["weight"] == 1 else f"（权重{link['weight']}）"
    return Moment(link["received_at"], "complaint", LinkKind(link["kind"]).label, f"{link['receipt_no']} {who}{share}")


def _act(act: Mapping[str, Any]) -> Moment:
    sure = f"，把握{act['score']:.2f}" if act["act"] in ("link", "suggest") else ""
    reason = f"，理由：{act['reason']}" if act["reason"] else ""
    by = "系统" if act["decided_by"] == "machine" else act["decided_by"]
    return Moment(
        act["at"], "link", SAID.get(act["act"], act["act"]), f"{act['receipt_no']} {LinkKind(act['kind']).label}{sure}{reason}", by,
        reasons=tuple(fact["text"] for fact in act["why"] or ()), against=tuple(fact["text"] for fact in act["against"] or ()),
    )  # fmt: skip


def _logged(entry: Mapping[str, Any], lane: str, opened: int) -> Moment:
    body = orjson.loads(entry["body"])
    kind = EVENTS.get(entry["kind"])
    told = body.get("reason") or body.get("verdict") or ""
    return Moment(entry["at"], lane, kind.label if kind else entry["kind"], str(told), entry["by"], opened)
