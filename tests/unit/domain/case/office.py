"""An invented office: people, rules and a case that is worked command by command on a simulated clock."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from contracts.vocabulary import (
    LinkKind,
    PollutionType,
    SourceChannel,
    UnitRole,
    Verdict,
)
from services.domain.case import commands as c
from services.domain.case import values as v
from services.domain.case.case import handle
from services.domain.case.events import CaseEvent
from services.domain.case.rules import CaseRules, Context
from services.domain.case.state import CaseState
from services.domain.principals import SYSTEM, Principal, Role
from services.domain.refusals import Refusal
from services.domain.rulebook import RuleBook, read_rule_book

RULES = Path(__file__).parents[4] / "deploy" / "rules"
START = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)  # Monday 9:00 in China
REGION = "429304"
CITY = frozenset({"429300"})


@cache
def rule_book() -> RuleBook:
    return read_rule_book(RULES)


def rules() -> CaseRules:
    return rule_book().case


def person(id_: str, *roles: Role, unit: str | None = None, regions: frozenset[str] = CITY) -> Principal:
    return Principal(id_, f"人员{id_}", frozenset(roles), unit, regions)


DISPATCHER = person("dispatcher", Role.DISPATCHER)
OFFICER = person("officer", Role.OFFICER, unit="eco")
HELPER = person("helper", Role.OFFICER, unit="urban")
OUTSIDER = person("outsider", Role.OFFICER, unit="water")
HEAD = person("head", Role.UNIT_HEAD, unit="eco")
ACCEPTOR = person("acceptor", Role.ACCEPTOR)
LEADER = person("leader", Role.LEADER)
REVIEWER = person("reviewer", Role.CITY_REVIEWER)
SUPERVISOR = person("supervisor", Role.SUPERVISOR)
INSPECTOR = person("inspector", Role.INSPECTOR)
CALLER = person("caller", Role.CALL_BACK)
MACHINE = SYSTEM
EVERYBODY = (
    DISPATCHER, OFFICER, HELPER, OUTSIDER, HEAD, ACCEPTOR, LEADER, REVIEWER, SUPERVISOR, INSPECTOR, CALLER, MACHINE,
)  # fmt: skip

LEAD_UNIT = v.UnitRef(unit_id="eco", name="江南区生态环境分局", role=UnitRole.LEAD)
HELP_UNIT = v.UnitRef(unit_id="urban", name="江南区城管局", role=UnitRole.CO_HANDLING)


def link(number: int = 1, **changes: Any) -> v.Link:
    fields: dict[str, Any] = {
        "id": f"l{number}",
        "complaint_id": f"c{number}",
        "receipt_no": f"R{number:04d}",
        "kind": LinkKind.FIRST_REPORT if number == 1 else LinkKind.MERGED_REPORT,
        "channel": SourceChannel.HOTLINE_12345,
        "received_at": START - timedelta(hours=2),
        "reporter": f"p{number}",
    }
    return v.Link(**(fields | changes))


def matter(**changes: Any) -> v.Matter:
    fields: dict[str, Any] = {
        "summary": "某塑料颗粒作坊夜间排放刺鼻气体",
        "place": "柳河路工业小区",
        "respondent": "宏塑再生塑料厂",
        "types": (PollutionType.AIR,),
    }
    return v.Matter(**(fields | changes))


def evidence(id_: str, purpose: str = "site", at: datetime | None = None, **changes: Any) -> v.Evidence:
    kind = {"report": "document", "measurement": "monitoring"}.get(purpose, "photo")
    media = {"document": "application/pdf", "monitoring": "text/csv"}.get(kind, "image/jpeg")
    fields: dict[str, Any] = {
        "id": id_,
        "sha256": "ab" * 32,
        "kind": kind,
        "purpose": purpose,
        "media_type": media,
        "size": 1000,
        "on_site": purpose in ("site", "before", "after"),
        "taken_at": at,
        "added_at": at or START,
    }
    return v.Evidence(**(fields | changes))


def measured(value: float, at: datetime, limit: float = 60.0) -> v.Monitoring:
    return v.Monitoring(
        indicator="非甲烷总烃", value=value, unit="mg/m³", standard="GB 31572", limit=limit, measured_at=at
    )


def measure(id_: str = "m1", deadline: date | None = None, **changes: Any) -> v.PlannedMeasure:
    fields: dict[str, Any] = {
        "id": id_,
        "text": "安装废气收集和活性炭处理设施",
        "unit_id": "eco",
        "person_id": "officer",
        "person": "周工",
        "deadline": deadline or date(2026, 12, 30),
    }
    return v.PlannedMeasure(**(fields | changes))


class Desk:
    """One case and a clock; `give` expects success, `refused` a refusal."""

    def __init__(self, rules_: CaseRules | None = None) -> None:
        self.rules = rules_ or rules()
        self.now = START
        self.state = CaseState("case-1")
        self.events: list[CaseEvent] = []

    def wait(self, **delta: float) -> Desk:
        self.now += timedelta(**delta)
        return self

    def attempt(self, actor: Principal, command: c.Command) -> tuple[CaseEvent, ...] | Refusal:
        result = handle(command, self.state, Context(actor, self.now, self.rules))
        if isinstance(result, Refusal):
            return result
        events, self.state = result
        self.events.extend(events)
        return events

    def give(self, actor: Principal, *commands: c.Command) -> Desk:
        for command in commands:
            result = self.attempt(actor, command)
            assert not isinstance(result, Refusal), f"{command.type}: {result}"
        return self

    def refused(self, actor: Principal, command: c.Command) -> Refusal:
        before = self.state
        result = self.attempt(actor, command)
        assert isinstance(result, Refusal), f"{command.type} was not refused"
        assert self.state is before
        return result

    # --- steps ------------------------------------------------------------------------------------------------------
    def opened(self, *more: v.Link, **changes: Any) -> Desk:
        self.give(
            MACHINE,
            c.Open(case_no="A2026-1", region=REGION, city="429300", matter=matter(**changes), first=link()),
        )
        return self.give(MACHINE, *(c.AddLink(link=item) for item in more))

    def assigned(self, *, helper: bool = False, designated: bool = False) -> Desk:
        units = (LEAD_UNIT, HELP_UNIT) if helper else (LEAD_UNIT,)
        return self.give(
            DISPATCHER, c.Assign(units=units, designated=designated, basis=("大气法第九十九条",))
        )

    def investigating(self) -> Desk:
        self.give(OFFICER, c.SignIn(), c.Investigate())
        self.wait(hours=1)
        site = evidence("e-site", "before", self.now)
        report = evidence("e-report", "report", self.now)
        return self.give(OFFICER, c.AddEvidence(evidence=site), c.AddEvidence(evidence=report))

    def verified(self, verdict: Verdict = Verdict.TRUE) -> Desk:
        return self.give(OFFICER, VERIFY.model_copy(update={"verdict": verdict}))

    def planned(self, *measures: v.PlannedMeasure, mode: v.RectifyMode = v.RectifyMode.LEDGER) -> Desk:
        planned = measures or (measure(),)
        return self.give(OFFICER, c.Plan(mode=mode, target="废气达标排放", measures=planned))

    def rectified(self) -> Desk:
        self.wait(days=5)
        after = evidence("e-after", "after", self.now, pair_of="e-site")
        value = evidence("e-value", "measurement", self.now, monitoring=measured(12.0, self.now))
        self.give(OFFICER, c.AddEvidence(evidence=after), c.AddEvidence(evidence=value))
        for item in self.state.measures:
            if item.unit_id == "eco" and item.progress < 100:
                report = c.ReportMeasure(
                    measure_id=item.id, progress=100, note="已完成", evidence=("e-after",)
                )
                self.give(OFFICER, report)
        return self

    def concluded(self) -> Desk:
        self.give(OFFICER, SETTLE)
        return self.give(OFFICER, c.Conclude(result="已安装处理设施，废气达标"))

    def requested(self) -> Desk:
        return self.give(OFFICER, c.RequestCloseOut())

    def accepted(self) -> Desk:
        return self.give(ACCEPTOR, ACCEPT)

    def publicised(self) -> Desk:
        self.give(ACCEPTOR, c.StartPublicity(media="区政府网站", days=10))
        self.wait(days=20)
        return self.give(ACCEPTOR, c.FinishPublicity())

    def called(self) -> Desk:
        for reporter in sorted({item.reporter for item in self.state.links if item.reporter}):
            self.give(CALLER, c.RecordCallback(reporter=reporter, outcome=v.Satisfaction.SATISFIED))
        return self

    def to_rectifying(self) -> Desk:
        return self.opened().assigned().investigating().verified().planned()

    def to_concluded(self) -> Desk:
        return self.to_rectifying().rectified().concluded()

    def to_review(self) -> Desk:
        self.to_concluded().requested().accepted().publicised().called()
        return self.give(ACCEPTOR, c.SubmitReview())

    def to_closed(self) -> Desk:
        return self.to_review().give(REVIEWER, CLOSE)


VERIFY = c.Verify(
    verdict=Verdict.TRUE, found="现场有明显异味，无处理设施", root_cause="未安装废气处理设施", report="e-report",
    evidence=("e-site",),
)  # fmt: skip
SETTLE = c.SettleResponsibility(unit="宏塑再生塑料厂", person="厂长", punishments=("罚款八万元",))
ACCEPT = c.AcceptWork(unit="江南区整改办", finding="现场查看，设施运行正常", evidence=("e-after",))
CLOSE = c.CloseOut(document_no="销〔2026〕1号", finding="同意销号")
LOOKED = c.LookBack(
    measures_in_place=v.LookBackAnswer(ok=True),
    target_met=v.LookBackAnswer(ok=True),
    file_complete=v.LookBackAnswer(ok=True),
    finding="设施运行，无异味",
)
