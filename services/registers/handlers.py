"""What registers hear: changes of cases, which become lines of the ledger and matches, and suspected emergencies."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from pydantic import ValidationError

from contracts.cases import EmergencySuspected
from contracts.casework import CaseChanged
from contracts.dead_letter import FailureVerdict
from contracts.vocabulary import RiskArea
from services.domain.case.events import parse_event
from services.domain.case.evolve import rebuild
from services.domain.case.state import load_state
from services.domain.case.values import Matter
from services.domain.risk_sources import match
from services.domain.rulebook import RuleBook
from services.infra.failures import describe
from services.infra.records import Record
from services.infra.unit_of_work import UnitOfWork
from services.registers.emergencies.acts import Duty, suspect
from services.registers.ledger import repository as ledger
from services.registers.ledger.lines import lacking_of_case, line_of_case
from services.registers.risks import repository as risks
from services.registers.risks.acts import tell
from services.registers.stations import repository as stations
from services.registers.stations.acts import about

MACHINE = "machine"
DESCRIBES = ("opened", "amended")
"""Kinds of change that say what a case is about."""


class Following:
    """Keeps the ledger and the registers up with the cases."""

    def __init__(self, rules: RuleBook) -> None:
        self.rules = rules

    async def handle(self, unit: UnitOfWork, records: Sequence[Record]) -> None:
        """One transaction's work."""
        changes: list[CaseChanged] = []
        for record in records:
            try:
                changes.append(CaseChanged.from_bytes(record.value))
            except ValidationError as failure:
                await unit.dead_letter(record, FailureVerdict.PERMANENT, describe(failure))
        if changes:
            await self._ledger(unit, changes)
            await self._match(unit, [change for change in changes if change.kind in DESCRIBES])

    async def _ledger(self, unit: UnitOfWork, changes: Sequence[CaseChanged]) -> None:
        """A case's line follows its state as it stands now; the round a reopening ended is written once from the log."""
        now, rules = unit.clock(), self.rules.ledger
        lines: list[dict[str, Any]] = []
        lacking: list[dict[str, Any]] = []
        complete: list[UUID] = []
        for state in await ledger.states(unit.connection, sorted({change.case_id for change in changes})):
            case = load_state(state)
            line, missing = line_of_case(case, rules, now)
            if line is None:
                lacking.append(lacking_of_case(case, missing, now))
            else:
                lines.append(line)
                complete.append(UUID(case.case_id))
        for change in changes:
            if change.kind == "reopened":
                log = await ledger.log_before(unit.connection, change.case_id, change.version)
                ended = rebuild(str(change.case_id), map(parse_event, log))
                line, _ = line_of_case(ended, rules, now, ended=True) if ended.measures else (None, ())
                if line is not None:
                    # The last word on that round, whatever was seen of it before.
                    lines.append({**line, "origin_version": change.version})
        lines.sort(key=lambda line: (line["origin_key"], line["origin_version"]))
        newest = {line["origin_key"]: line for line in lines}
        await ledger.keep(unit.connection, list(newest.values()))
        await ledger.note_lacking(unit.connection, lacking, complete)

    async def _match(self, unit: UnitOfWork, changes: Sequence[CaseChanged]) -> None:
        """Cases that are about a risk source or a station of their district, by what they say of respondent and place."""
        if not changes:
            return
        regions = sorted({change.region for change in changes if change.region})
        everywhere = any(change.region is None for change in changes)
        sources = await risks.near(unit.connection, None if everywhere else regions)
        plants = await stations.near(unit.connection, regions)
        rules, now = self.rules.registers.matching, unit.clock()
        found_at: list[tuple[Any, ...]] = []
        for change in changes:
            matter = Matter.model_validate(change.detail.get("matter") or {})
            found = match(
                sources, rules, respondent=matter.respondent, place=matter.place, region=change.region, area=matter.risk_area
            )
            for item in found[: rules.most]:
                sure = item.score >= rules.sure
                values = [
                    item.source.id, change.case_id, change.case_no, item.score, item.why, "matched" if sure else "suggested", MACHINE,
                    now,
                ]  # fmt: skip
                if await risks.keep_match(unit.connection, values):
                    row = {"id": item.source.id, "name": item.source.name, "area": RiskArea(item.source.area).value}
                    tell(unit, change.case_id, change.case_no, row, item.score, item.why, confirmed=sure, by=MACHINE)
            text = f"{matter.respondent} {matter.place}"
            for id in about(plants, text, change.region or ""):
                found_at.append((id, change.case_id, change.case_no, "反映对象或地点即该电站。", now))
        await stations.keep_cases(unit.connection, found_at)


class Suspecting:
    """Suspected emergencies become duties with their clocks."""

    def __init__(self, duty: Duty) -> None:
        self.duty = duty

    async def handle(self, unit: UnitOfWork, records: Sequence[Record]) -> None:
        """One transaction's work."""
        for record in records:
            try:
                told = EmergencySuspected.from_bytes(record.value)
            except ValidationError as failure:
                await unit.dead_letter(record, FailureVerdict.PERMANENT, describe(failure))
                continue
            await suspect(unit, self.duty, told, record.traceparent)
