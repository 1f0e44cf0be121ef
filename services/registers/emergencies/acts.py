"""Acts on emergencies: suspected by the machine, then acknowledged, placed, graded, reported and dismissed by people.

Every act is one transaction: the state, its entry in the history, the pages still to come, the events that tell of it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID, uuid5

from contracts.cases import EmergencySuspected
from contracts.registers import EmergencyChanged, NeighbourNotified
from contracts.topics import EMERGENCY_CHANGED, NEIGHBOUR_NOTIFIED
from services.domain import emergency as em
from services.domain.case.values import Position
from services.domain.city import City
from services.domain.principals import Principal
from services.domain.refusals import Refusal, refuse
from services.domain.registers import changed, missing
from services.infra.unit_of_work import UnitOfWork
from services.registers.emergencies import repository as rows

LABELS = {
    "suspected": "疑似事件", "noted": "补充线索", "acknowledged": "接警", "graded": "定级", "located": "标定位置", "reported": "上报",
    "dismissed": "排除",
}  # fmt: skip
WHAT = "突发事件"


@dataclass(frozen=True, slots=True)
class Duty:
    """What acts need: the rules and the city in force."""

    rules: em.EmergencyRules
    city: City


async def suspect(unit: UnitOfWork, duty: Duty, told: EmergencySuspected, traceparent: str | None) -> None:
    """A complaint hints at an event: its clocks run from when it was known. Told again, only new triggers count."""
    before = await rows.of_complaint(unit.connection, told.complaint_id)
    if before is not None:
        await _more(unit, duty, before, told, traceparent)
        return
    region = told.region.code
    named = told.region.districts or ((region,) if region else ())
    beside = [code for code in (*named, *duty.city.neighbours(named)) if code != region]
    event = em.Emergency(
        id=str(uuid5(told.complaint_id, "emergency")), complaint_id=str(told.complaint_id), region=region,
        triggers=told.triggers, known_at=told.occurred_at, neighbours=tuple(dict.fromkeys(beside)), receipt_no=told.receipt_no,
    )  # fmt: skip
    if await rows.open_(unit.connection, event, em.report_due(event, duty.rules)):
        body = {"triggers": list(event.triggers), "neighbours": list(event.neighbours)}
        await _tell(unit, duty, event, "suspected", "system", None, body, traceparent)
        _notify(unit, event, "suspected", em.notices(event))


async def _more(unit: UnitOfWork, duty: Duty, event: em.Emergency, told: EmergencySuspected, traceparent: str | None) -> None:
    fresh = tuple(word for word in told.triggers if word not in event.triggers)
    if not fresh or not event.open:
        return
    after = replace(event, triggers=(*event.triggers, *fresh), version=event.version + 1)
    await rows.save(unit.connection, after, em.report_due(after, duty.rules))
    await _tell(unit, duty, after, "noted", "system", None, {"triggers": list(fresh)}, traceparent)


async def acknowledge(
    unit: UnitOfWork, duty: Duty, actor: Principal, id: UUID, *, with_similar: bool = False
) -> em.Emergency | Refusal:
    """接警: somebody has it, and paging stops. Whoever comes second is told who was first.

    `with_similar` takes the open ones of the same district and hours along: several people may tell of one event.
    """
    alike: list[str] = []
    if with_similar and (event := (await rows.states(unit.connection, [id])).get(id)) is not None:
        alike = await rows.similar(unit.connection, event)
    results = {}
    for one in sorted({id, *map(UUID, alike)}):  # one order, so that two who take the same ones along take turns
        results[one] = await _act(unit, duty, one, "acknowledged", actor, lambda known: em.acknowledge(known, actor, unit.clock()))
    return results[id]


async def grade(
    unit: UnitOfWork, duty: Duty, actor: Principal, id: UUID, value: em.Grade, sensitive: tuple[str, ...], reason: str,
    expected: int | None = None,
) -> em.Emergency | Refusal:  # fmt: skip
    """定级: by a person with a reason; the clock of the first report follows the grade, neighbours are told."""
    if not reason.strip():
        return refuse("emergency.reason", act="定级", field="reason")
    if refusal := em.check_sensitive(sensitive, duty.rules):
        return refusal
    done = await _act(
        unit, duty, id, "graded", actor, lambda event: em.grade(event, value, actor, sensitive), expected=expected, reason=reason,
        body={"grade": value.value, "sensitive": list(sensitive)},
    )  # fmt: skip
    if not isinstance(done, Refusal):
        _notify(unit, done, "graded", em.notices(done))
    return done


async def locate(
    unit: UnitOfWork, duty: Duty, actor: Principal, id: UUID, place: str, position: Position | None
) -> em.Emergency | Refusal:
    """Where it is, so that the nearest help can be found."""
    body = {"place": place, "position": position.model_dump() if position else None}
    return await _act(unit, duty, id, "located", actor, lambda event: em.locate(event, actor, place, position), body=body)


async def report(
    unit: UnitOfWork, duty: Duty, actor: Principal, id: UUID, kind: em.ReportKind, fields: Mapping[str, str],
    expected: int | None = None,
) -> em.Emergency | Refusal:  # fmt: skip
    """初报, 续报 or 处理结果报告, complete with its fields."""
    now = unit.clock()
    body = {"report": kind.value}
    return await _act(
        unit, duty, id, "reported", actor, lambda event: em.report(event, kind, fields, duty.rules, actor, now), body=body,
        expected=expected,
    )  # fmt: skip


async def dismiss(
    unit: UnitOfWork, duty: Duty, actor: Principal, id: UUID, reason: str, *, same_as: UUID | None = None,
    expected: int | None = None,
) -> em.Emergency | Refusal:  # fmt: skip
    """A person finds it is none, or the same as another open one; clocks end, neighbours are told."""
    if same_as is not None and same_as != id:
        other = await rows.locked(unit.connection, same_as)
        if other is None or other.dismissed_by is not None or not actor.covers(other.region):
            return refuse("emergency.same", id=same_as, field="same_as")
    now = unit.clock()
    other_id = str(same_as) if same_as else None
    done = await _act(
        unit, duty, id, "dismissed", actor, lambda event: em.dismiss(event, actor, reason, now, same_as=other_id), reason=reason,
        body={"same_as": other_id}, expected=expected,
    )  # fmt: skip
    if not isinstance(done, Refusal) and done.same_as is None:
        _notify(unit, done, "dismissed", em.all_clear(done))
    return done


async def _act(
    unit: UnitOfWork, duty: Duty, id: UUID, kind: str, actor: Principal, change: Callable[[em.Emergency], em.Emergency | Refusal], *,
    reason: str | None = None, body: Mapping[str, Any] | None = None, expected: int | None = None,
) -> em.Emergency | Refusal:  # fmt: skip
    event = await rows.locked(unit.connection, id)
    if event is None:
        return missing(WHAT, str(id))
    if refusal := changed(WHAT, str(id), expected, event.version):
        return refusal
    after = change(event)
    if isinstance(after, Refusal) or after == event:
        return after
    after = replace(after, version=event.version + 1)
    await rows.save(unit.connection, after, em.report_due(after, duty.rules))
    await _tell(unit, duty, after, kind, actor.id, reason, dict(body or {}), None)
    return after


async def _tell(
    unit: UnitOfWork, duty: Duty, event: em.Emergency, kind: str, by: str, reason: str | None, body: dict[str, Any],
    traceparent: str | None,
) -> None:  # fmt: skip
    """History, pages and the event on the topic, all of the state after the act."""
    now = unit.clock()
    await rows.note(unit.connection, event, kind, by, reason, body, now)
    await rows.keep_pages(unit.connection, event, (*em.pages(event, duty.rules), *em.reminders(event, duty.rules)))
    unit.emit(
        EMERGENCY_CHANGED,
        event.id,
        EmergencyChanged(
            event_id=uuid5(UUID(event.id), f"changed/{event.version}"), occurred_at=now, emergency_id=UUID(event.id),
            complaint_id=UUID(event.complaint_id), receipt_no=event.receipt_no, version=event.version, kind=kind, label=LABELS[kind],
            by=by, reason=reason, status=event.status, region=event.region, grade=event.grade.value if event.grade else None,
            report_due_at=em.report_due(event, duty.rules), detail=body,
        ),
        traceparent=traceparent,
    )  # fmt: skip


def _notify(unit: UnitOfWork, event: em.Emergency, kind: str, notices: tuple[tuple[str, str], ...]) -> None:
    for district, text in notices:
        notice = NeighbourNotified(
            event_id=uuid5(UUID(event.id), f"neighbour/{event.version}/{district}"), occurred_at=unit.clock(),
            emergency_id=UUID(event.id), district=district, from_district=event.region, kind=kind,
            grade=event.grade.value if event.grade else None, text=text,
        )  # fmt: skip
        unit.emit(NEIGHBOUR_NOTIFIED, district, notice)
