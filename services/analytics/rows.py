"""Rows of the facts, made from the rows that are true: pure functions, no waiting.

A fact is a dictionary with the columns of its table. The same functions serve the live feed and a rebuild, so that both
can only differ in which cases they were asked about.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from classifiers.sources import SOURCE_GROUPS
from contracts.vocabulary import LinkKind
from services.domain.clocks.calendar import day_of
from services.domain.indicators.dictionary import Thresholds
from services.domain.indicators.history import CaseHistory, Round
from services.domain.indicators.sites import most_common, place_key, respondent_key, site_key

Row = dict[str, Any]
DUPLICATE = LinkKind.DUPLICATE_DELIVERY.value
MACHINE = "machine"
NOUNS = frozenset(word for words in SOURCE_GROUPS.values() for word in words.split())
"""What kind of thing is complained of (工地, 烧烤摊): no name, so never one business among others."""
INSTANT = timedelta(microseconds=1)
ANSWERS = {"undo": "undone", "confirm": "confirmed", "refuse": "refused"}
SHARED = ("region", "channel", "types", "environmental", "key_item", "respondent_key", "site_key", "unit", "leader")
"""Columns that stand in a case's row and, again, in the rows of its rounds, call-backs and returns."""
CARRIED = (*SHARED, "repeat_ordinal", "first_received_on")
"""When one of these changes, the case's rounds are made anew."""


def complaint_rows(truth: Mapping[str, Any], placements: Sequence[Mapping[str, Any]], thresholds: Thresholds) -> list[Row]:
    """One row a case the complaint is in; what depends on the whole case is filled in by `place_in_case`."""
    types = [name for name, probability in truth["types"] or () if probability >= thresholds.type] or ["其他"]
    environmental = truth["environmental"] >= thresholds.environmental
    respondent = truth["respondent"] or truth["declared"]
    place = truth["place"]
    return [
        {
            "complaint_id": truth["complaint_id"],
            "case_id": placed["case_id"],
            "receipt_no": truth["receipt_no"],
            "received_at": truth["received_at"],
            "received_on": day_of(truth["received_at"]),
            "region": truth["region"],
            "channel": truth["channel"],
            "types": types,
            "subtype": truth["subtype"][0] if truth["subtype"] else None,
            "environmental": environmental,
            "key_item": truth["key_item"],
            "anonymous": truth["reporter"] is None,
            "reporter": truth["reporter"],
            "signatories": truth["signatories"],
            "respondent": respondent,
            "respondent_key": business(respondent, thresholds),
            "place": place["text"] if place else None,
            "place_key": place_key(place),
            "kind": placed["kind"],
            "band": placed["band"],
            "machine": placed["decided_by"] in (None, MACHINE),
            "weight": placed["weight"],
            "persons": placed["weight"] * truth["signatories"],
        }
        for placed in placements
    ]


def business(name: str | None, thresholds: Thresholds) -> str | None:
    """The key of a named business; None of a mere noun such as 工地 or 住户, which would make one firm of a whole trade."""
    key = respondent_key(name)
    return None if key in NOUNS or key in thresholds.nobody else key


def place_in_case(rows: Sequence[Row], case: Mapping[str, Any]) -> list[Row]:
    """The complaints of one case with what depends on the others: how many-th they are, validity, the case's dimensions."""
    ordinal = 0
    times: dict[str, int] = defaultdict(int)
    placed: list[Row] = []
    for row in sorted(rows, key=lambda row: (row["received_at"], row["complaint_id"])):
        counted = row["kind"] != DUPLICATE
        ordinal += counted
        if counted and row["reporter"]:
            times[row["reporter"]] += 1
        supervised = case["supervised_on"]
        placed.append({
            **row,
            "valid": counted and row["environmental"] and case["status"] != "declined",
            "case_ordinal": ordinal if counted else None,
            "reporter_ordinal": times[row["reporter"]] if counted and row["reporter"] else None,
            "after_supervision": bool(supervised and row["received_on"] > supervised),
            "unit": case["unit"], "leader": case["leader"], "site_key": case["site_key"],
        })  # fmt: skip
    return placed


def counts(rows: Sequence[Row], supervised_on: date | None) -> Row:
    """What a case's row takes from its complaints: 件次, 人, how insistent, since when, which site."""
    counted = [row for row in rows if row["kind"] != DUPLICATE]
    times: dict[str, int] = defaultdict(int)
    late = 0
    for row in sorted(counted, key=lambda row: (row["received_at"], row["complaint_id"])):
        if row["reporter"]:
            times[row["reporter"]] += 1
            late += bool(times[row["reporter"]] > 1 and supervised_on and row["received_on"] > supervised_on)
    first = min(rows, key=lambda row: (row["received_at"], row["complaint_id"]), default=None)
    return {
        "live": bool(counted),
        "complaints": sum((row["weight"] for row in counted), Decimal(0)),
        "deliveries": sum((row["weight"] for row in rows), Decimal(0)),
        "reporters": len(times) or min(1, len(counted)),
        "repeat_ordinal": max([*times.values(), min(1, len(counted))]),
        "repeats_after_supervision": late,
        "channel": first["channel"] if first else "OTHER",
        "key_item": any(row["key_item"] for row in rows),
        "site_key": site_key(rows),
        "respondent_key": most_common(row["respondent_key"] for row in rows),
        **({} if first is None else {
            "first_received_on": first["received_on"],
            "last_received_on": max(row["received_on"] for row in rows),
        }),
    }  # fmt: skip


def case_row(truth: Mapping[str, Any], history: CaseHistory | None, rows: Sequence[Row], thresholds: Thresholds) -> Row:
    """The row of one case from triage, dispatch, its history (None before casework has it) and its complaints' rows."""
    matter = truth["matter"] or {}
    opened = truth["opened_at"]
    told = history or CaseHistory(str(truth["case_id"]), 0, None)
    types = truth["types"] if truth["types"] is not None else [t["type"] for t in matter.get("types", ())]
    first = min((row["received_at"] for row in rows), default=None)
    leader_at = told.leader_at or truth["leader_at"]
    supervised_on = _day(told.supervised_at)
    counted = counts(rows, supervised_on)
    respondent = truth["respondent"] or matter.get("respondent")
    return {
        "case_id": truth["case_id"],
        "case_no": truth["case_no"],
        "version": told.version,
        "status": told.status.value if told.status else "opened",
        "resolved": told.resolved,
        "region": truth["region"],
        "types": types or ["其他"],
        "subtype": matter.get("subtype"),
        "environmental": matter.get("environmental", 1.0) >= thresholds.environmental,
        "urgency": truth["urgency"] or matter.get("urgency") or "一般",
        "respondent": respondent,
        "place": truth["place"] or matter.get("place"),
        "unit": told.unit or truth["lead_unit"],
        "unit_name": told.unit_name or truth["lead_name"] or "",
        "leader": told.leader.person_id if told.leader else truth["leader_id"],
        "leader_name": told.leader.name if told.leader else truth["leader_name"] or "",
        "verdict": next((r.verdict.value for r in reversed(told.rounds) if r.verdict), None),
        "ordinal": max((r.ordinal for r in told.rounds), default=1),
        "rebounds": told.rebounds,
        "fakes": told.fakes,
        "supervisions": told.supervisions,
        "step": told.step.value if told.step else None,
        "merged_into": UUID(told.merged_into) if told.merged_into else None,
        "opened_on": day_of(opened),
        "first_received_on": day_of(opened),
        "last_received_on": day_of(opened),
        "leader_on": _day(leader_at),
        "supervised_on": supervised_on,
        "first_closed_on": _day(told.first_closed_at),
        "days_to_close": _days(first, told.first_closed_at),
        **counted,
        "respondent_key": business(respondent, thresholds) or counted["respondent_key"],
    }


def round_rows(case: Mapping[str, Any], history: CaseHistory) -> list[Row]:
    """One row a round, with the dimensions of the case and the unit that had the round."""
    return [
        {
            "case_id": case["case_id"], "ordinal": item.ordinal, **{name: case[name] for name in SHARED},
            "unit": item.unit or case["unit"], "leader": case["leader"], "repeat_ordinal": case["repeat_ordinal"],
            "outcome": item.outcome, "verdict": item.verdict.value if item.verdict else None, "returns": item.returns,
            "sent_back": item.sent_back, "fake": item.fake, "rebound": item.rebound_at is not None,
            "look_back_passed": item.look_back_passed, "in_time": item.in_time, "answer_in_time": item.answer_in_time, "notice_in_time": item.notice_in_time,
            "sign_in_in_time": item.sign_in_in_time, "started_on": day_of(item.started_at), "assigned_on": _day(item.assigned_at),
            "accepted_on": _day(item.accepted_at), "verified_on": _day(item.verified_at),
            "stage_concluded_on": _day(item.stage_concluded_at), "concluded_on": _day(item.concluded_at),
            "closed_out_on": _day(item.closed_out_at), "looked_back_on": _day(item.looked_back_at),
            "rebound_on": _day(item.rebound_at), "due_on": _last_day(item.due_at), "answer_due_on": _last_day(item.answer_due_at), "notice_due_on": _last_day(item.notice_due_at),
            "sign_in_due_on": _last_day(item.sign_in_due_at), "leader_on": _day(item.leader_at), **_lengths(item),
        }
        for item in history.rounds
    ]  # fmt: skip


def _lengths(item: Round) -> Row:
    return {
        "days_to_accept": _days(item.received_at, item.accepted_at),
        "days_to_conclude": _days(item.received_at, item.concluded_at),
        "days_to_close": _days(item.received_at, item.closed_out_at),
        "rebound_days": _days(item.closed_out_at, item.rebound_at),
    }


def callback_rows(case: Mapping[str, Any], history: CaseHistory) -> list[Row]:
    """One row a call-back, attributed to the unit of its round."""
    units = {item.ordinal: item.unit for item in history.rounds}
    return [
        {
            "case_id": case["case_id"], "version": call.version, "ordinal": call.ordinal,
            **{name: case[name] for name in SHARED}, "unit": units.get(call.ordinal) or case["unit"],
            "called_on": day_of(call.at), "reporter": call.reporter, "outcome": call.outcome.value,
            "contacted": call.contacted, "solved": call.solved, "last": call.last,
        }
        for call in history.calls
    ]  # fmt: skip


def return_rows(case: Mapping[str, Any], history: CaseHistory) -> list[Row]:
    """One row a return, attributed to the unit that returned."""
    return [
        {
            "case_id": case["case_id"], "version": item.version, **{name: case[name] for name in SHARED},
            "unit": item.unit or case["unit"], "returned_on": day_of(item.at), "ground": item.ground.value, "lead": item.lead,
        }
        for item in history.returns
    ]  # fmt: skip


def link_rows(links: Iterable[Mapping[str, Any]], complaints: Mapping[UUID, Row]) -> list[Row]:
    """One row an automatic link or suggestion of complaints that are among `complaints`; no unit: the machine's own work."""
    rows = []
    for link in links:
        about = complaints.get(link["complaint_id"])
        if about is None:
            continue
        rows.append({
            "link_id": link["id"], "complaint_id": link["complaint_id"], "case_id": link["case_id"],
            **{name: about[name] for name in ("region", "channel", "types", "environmental", "key_item", "respondent_key")},
            "site_key": None, "unit": None, "leader": None,
            "decided_on": day_of(link["at"]), "act": "auto" if link["act"] == "link" else "suggest", "kind": link["kind"],
            "score": float(link["score"]), "model": link["model"],
            "answer": ANSWERS[link["answer"]] if link["answer"] else None, "answered_on": _day(link["answered_at"]),
        })  # fmt: skip
    return rows


def _day(moment: datetime | None) -> date | None:
    return day_of(moment) if moment else None


def _last_day(due: datetime | None) -> date | None:
    """The day a duty had to be done: due moments are exclusive, midnight belongs to the day before."""
    return day_of(due - INSTANT) if due else None


def _days(start: datetime | None, end: datetime | None) -> Decimal | None:
    if start is None or end is None:
        return None
    return Decimal(max(0.0, (end - start).total_seconds()) / 86400).quantize(Decimal("0.01"))
