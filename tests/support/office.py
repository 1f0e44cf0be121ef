"""An invented office on a real database: a clock to set, people, events of other services, a case worked to its end."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4, uuid5

from contracts.assignments import AssignedUnit, CaseAssigned, LeaderAssigned
from contracts.cases import CaseOpened, ComplaintLinked, LinkUndone, Matter, ModelVersions, TypeShare
from contracts.complaints import Region
from contracts.envelope import Event
from contracts.registers import RiskSourceMatched
from contracts.topics import ASSIGNED, LEADER_ASSIGNED, LINK_UNDONE, LINKED, OPENED, RISK_MATCHED
from contracts.vocabulary import LinkBand, LinkKind, PollutionType, SourceChannel, UnitRole, Verdict
from services.casework.acts import Act
from services.casework.execute import Asked, Done, Outcome
from services.casework.handlers import Hearing
from services.casework.office import Office
from services.casework.ports import LinkBook
from services.domain.case import commands as c
from services.domain.case import values as v
from services.domain.principals import Principal, Role
from services.domain.rulebook import RuleBook, read_rule_book
from services.infra.clock import FrozenClock
from services.infra.postgres import Pool
from services.infra.records import Record
from services.infra.unit_of_work import begin
from services.infra.vault import Vault

START = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)  # a Monday, 9:00 in China
CITY, DISTRICT = "470300", "470302"
SPACE = UUID("6f9c1d3e-7a4b-4e0c-9d51-3b8f2a60c111")
VERSIONS = ModelVersions(model="m", lexicon="l", taxonomy="t")
REGION = Region(code=DISTRICT, city=CITY, confidence=0.9)


@cache
def rule_book() -> RuleBook:
    return read_rule_book(Path(__file__).parents[2] / "deploy" / "rules")


def person(id: str, *roles: Role, unit: str | None = None) -> Principal:
    return Principal(id, f"人员{id}", frozenset(roles), unit, frozenset({CITY}))


DISPATCHER = person("dispatcher", Role.DISPATCHER)
OFFICER = person("officer", Role.OFFICER, unit="da-hb")
COLLEAGUE = person("colleague", Role.OFFICER, unit="da-hb")
HELPER = person("helper", Role.OFFICER, unit="da-cg")
ACCEPTOR = person("acceptor", Role.ACCEPTOR)
LEADER = person("leader", Role.LEADER)
REVIEWER = person("reviewer", Role.CITY_REVIEWER)
SUPERVISOR = person("supervisor", Role.SUPERVISOR)
CALLER = person("caller", Role.CALL_BACK)
EVERYBODY = (DISPATCHER, OFFICER, COLLEAGUE, HELPER, ACCEPTOR, LEADER, REVIEWER, SUPERVISOR, CALLER)


def complaint_id(number: int) -> UUID:
    return uuid5(SPACE, f"complaint/{number}")


def case_id(number: int) -> UUID:
    return uuid5(SPACE, f"case/{number}")


def opened(number: int = 1, **changes: Any) -> CaseOpened:
    fields: dict[str, Any] = {
        "occurred_at": START, "case_id": case_id(number), "case_no": f"AJ2026-{number:07d}", "complaint_id": complaint_id(number),
        "receipt_no": f"XF20260302-{number:06d}-1", "link_id": uuid5(SPACE, f"link/{number}"), "region": REGION,
        "matter": Matter(environmental=0.97, types=(TypeShare(type=PollutionType.AIR, probability=0.9),), subtype="油烟",
                         respondent="鑫味烧烤", place="云溪路", versions=VERSIONS),
        "channel": SourceChannel.HOTLINE_12345, "reporter": f"p{number}", "received_at": START - timedelta(hours=1),
        "registered_at": START, "source": "hotline-test", "external_id": f"E{number}",
    }  # fmt: skip
    return CaseOpened(**(fields | changes))


def linked(number: int, case: int = 1, kind: LinkKind = LinkKind.MERGED_REPORT, **changes: Any) -> ComplaintLinked:
    fields: dict[str, Any] = {
        "occurred_at": START, "case_id": case_id(case), "complaint_id": complaint_id(number),
        "receipt_no": f"XF20260302-{number:06d}-1", "link_id": uuid5(SPACE, f"link/{number}"), "kind": kind,
        "band": LinkBand.AUTO, "score": 0.95, "decided_by": "machine", "region": REGION,
        "channel": SourceChannel.HOTLINE_12345, "reporter": f"p{number}", "complaints": 2, "reporters": 2,
        "repeat_ordinal": 1, "versions": VERSIONS, "received_at": START - timedelta(minutes=30), "registered_at": START,
        "source": "hotline-test", "external_id": f"E{number}",
    }  # fmt: skip
    return ComplaintLinked(**(fields | changes))


def undone(number: int, case: int, restored: int, **changes: Any) -> LinkUndone:
    fields: dict[str, Any] = {
        "occurred_at": START, "link_id": uuid5(SPACE, f"link/{number}"), "complaint_id": complaint_id(number),
        "case_id": case_id(case), "restored_case": case_id(restored), "restored_case_no": f"AJ2026-{restored:07d}",
        "decided_by": "reviewer", "reason": "不是同一家店", "complaints": 1, "reporters": 1, "repeat_ordinal": 1,
    }  # fmt: skip
    return LinkUndone(**(fields | changes))


def assigned(number: int = 1, sequence: int = 1, *, helper: bool = False, lead: str = "da-hb", **changes: Any) -> CaseAssigned:
    co = (AssignedUnit(unit_id="da-cg", name="东安区城管局", role=UnitRole.CO_HANDLING),) if helper else ()
    fields: dict[str, Any] = {
        "occurred_at": START, "case_id": case_id(number), "case_no": f"AJ2026-{number:07d}", "sequence": sequence,
        "lead": AssignedUnit(unit_id=lead, name="东安区生态环境分局", role=UnitRole.LEAD), "co_handling": co,
        "reasons": ("油烟由生态环境主办",), "legal_basis": ("大气污染防治法第八十一条",), "confidence": 0.9, "city_version": "v",
        "complaint_received_at": START, "registered_at": START,
    }  # fmt: skip
    return CaseAssigned(**(fields | changes))


def leader_assigned(number: int = 1) -> LeaderAssigned:
    return LeaderAssigned(
        occurred_at=START, case_id=case_id(number), case_no=f"AJ2026-{number:07d}", leader_id="leader", name="人员leader",
        title="副区长", triggers=("repeat",), reasons=("重复信访",), city_version="v",
    )  # fmt: skip


TOPIC_OF = {
    CaseOpened: OPENED.name, ComplaintLinked: LINKED.name, LinkUndone: LINK_UNDONE.name, CaseAssigned: ASSIGNED.name,
    LeaderAssigned: LEADER_ASSIGNED.name, RiskSourceMatched: RISK_MATCHED.name,
}  # fmt: skip


def record(event: Event, topic: str | None = None) -> Record:
    headers = {"ce_id": str(event.event_id), "ce_source": "petitions/test"}
    return Record(topic or TOPIC_OF[type(event)], 0, uuid4().int % 10**9, b"k", event.to_bytes(), headers, 1)


async def stored_file(pool: Pool, kind: str, media_type: str, taken_at: datetime | None = None) -> str:
    """A file as the upload leaves it, without the upload."""
    sha256 = hashlib.sha256(uuid4().bytes).hexdigest()
    await pool.execute(
        "INSERT INTO casework.files (sha256, kind, media_type, size, taken_at, state, uploaded_by, at)"
        " VALUES ($1, $2, $3, 1000, $4, 'stored', 'officer', $4)",
        sha256, kind, media_type, taken_at or START,
    )  # fmt: skip
    return sha256


class Desk:
    """Casework over one database, on a clock that only moves when told."""

    def __init__(self, pool: Pool, vault: Vault, book: LinkBook | None = None) -> None:
        self.pool, self.vault = pool, vault
        self.clock = FrozenClock(START)
        self.office = Office(rule_book(), book)

    async def hear(self, *events: Event) -> None:
        """One batch of other services' events."""
        async with begin(self.pool, service="casework", vault=self.vault, clock=self.clock) as unit:
            await Hearing(self.office).handle(unit, [record(event) for event in events])

    async def ask(self, actor: Principal, command: c.Command | Act, case: int | UUID = 1) -> Outcome:
        """One command in its own transaction."""
        return (await self.ask_all([(actor, command, case)]))[0]

    async def ask_all(self, asked: Sequence[tuple[Principal, c.Command | Act, int | UUID]]) -> list[Outcome]:
        async with begin(self.pool, service="casework", vault=self.vault, clock=self.clock) as unit:
            return await self.office.execute(unit, [
                Asked(actor, id if isinstance(id, UUID) else case_id(id), command) for actor, command, id in asked
            ])  # fmt: skip

    async def give(self, actor: Principal, *commands: c.Command | Act, case: int | UUID = 1) -> Done:
        """Commands that must be done."""
        for outcome in await self.ask_all([(actor, command, case) for command in commands]):
            assert isinstance(outcome, Done), outcome
        assert isinstance(outcome, Done)
        return outcome

    async def evidence(self, id: str, purpose: str, case: int = 1, **changes: Any) -> None:
        kind = {"report": "document", "measurement": "monitoring"}.get(purpose, "photo")
        media = {"document": "application/pdf", "monitoring": "text/csv"}.get(kind, "image/jpeg")
        sha256 = await stored_file(self.pool, kind, media, self.clock())
        fields: dict[str, Any] = {"id": id, "sha256": sha256, "kind": kind, "purpose": purpose, "media_type": media, "size": 1}
        item = v.Evidence(**(fields | {"on_site": purpose in ("site", "before", "after")} | changes))
        await self.give(OFFICER, c.AddEvidence(evidence=item), case=case)

    async def to_concluded(self, case: int = 1) -> None:
        """From an assigned case to its conclusion."""
        await self.give(OFFICER, c.SignIn(), c.AcceptPart(), c.Investigate(), case=case)
        await self.evidence("site", "before", case)
        await self.evidence("report", "report", case)
        await self.give(OFFICER, VERIFY, PLAN, case=case)
        self.clock.advance(timedelta(days=5))
        await self.evidence("after", "after", case, pair_of="site")
        done = c.ReportMeasure(measure_id="m1", progress=100, note="已完成", evidence=("after",))
        await self.give(OFFICER, done, SETTLE, c.Conclude(result="已安装净化设施，油烟达标"), case=case)

    async def to_closed(self, case: int = 1) -> None:
        """From an assigned case to close-out."""
        await self.to_concluded(case)
        await self.give(OFFICER, c.RequestCloseOut(), case=case)
        accept = c.AcceptWork(unit="东安区整改办", finding="设施运行正常", evidence=("after",))
        await self.give(ACCEPTOR, accept, c.StartPublicity(media="区政府网站", days=10), case=case)
        self.clock.advance(timedelta(days=20))
        await self.give(ACCEPTOR, c.FinishPublicity(), case=case)
        rows = await self.pool.fetch("SELECT DISTINCT reporter FROM casework.complaint_cases WHERE case_id = $1", case_id(case))
        for reporter in sorted(row["reporter"] for row in rows if row["reporter"]):
            await self.give(CALLER, c.RecordCallback(reporter=reporter, outcome=v.Satisfaction.SATISFIED), case=case)
        if await self.pool.fetchval("SELECT leader_id FROM casework.cases WHERE case_id = $1", case_id(case)):
            await self.give(LEADER, c.Sign(), case=case)
        await self.give(ACCEPTOR, c.SubmitReview(), case=case)
        await self.give(REVIEWER, c.CloseOut(document_no="销〔2026〕1号", finding="同意销号"), case=case)


VERIFY = c.Verify(
    verdict=Verdict.TRUE, found="现场油烟直排，净化器未开", root_cause="未按规定使用净化设施", report="report", evidence=("site",)
)
PLAN = c.Plan(
    mode=v.RectifyMode.LEDGER, target="油烟达标排放",
    measures=(v.PlannedMeasure(id="m1", text="更换油烟净化器", unit_id="da-hb", person_id="officer", person="周工", deadline=datetime(2026, 12, 30).date()),),
)  # fmt: skip
SETTLE = c.SettleResponsibility(unit="鑫味烧烤", person="店主", punishments=("罚款五千元",))
