"""The registers as lists: what stands in them for this person, one shape for all of them."""

from __future__ import annotations

import base64
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, TypeVar
from urllib.parse import urlencode
from uuid import UUID

from contracts.vocabulary import RiskArea
from services.console.access import NotFound, Visit
from services.console.cases import prefixes
from services.console.words import day_text
from services.domain.refusals import Refusal
from services.domain.registers import Act, may
from services.domain.resources import Hazard, ResourceKind
from services.infra.unit_of_work import begin
from services.registers.ledger import acts as ledger_acts
from services.registers.resources import acts as resource_acts
from services.registers.risks import acts as risk_acts
from services.registers.stations import acts as station_acts

T = TypeVar("T")
WANTED = """
SELECT w.case_id, w.since, w.event, c.case_no, c.summary, c.respondent, c.place, c.region, c.lead_unit, c.complaints::float AS complaints, c.reporters,
       c.repeat_ordinal
FROM dispatch.leaders_wanted w JOIN casework.cases c USING (case_id)
WHERE w.appointed_at IS NULL AND c.leader_id IS NULL AND (c.region IS NULL OR c.region LIKE ANY($1)) AND ($2::text IS NULL OR c.region = $2)
ORDER BY w.since, c.case_no LIMIT 500
"""
STATIONS = ("逾期", "未核查", "整治中", "完成")
LATE = frozenset({"逾期"})


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell; it may lead somewhere, stand right, or carry a tone (late, soon, done)."""

    text: str
    href: str = ""
    number: bool = False
    tone: str = ""
    wide: bool = False
    narrow: bool = False


@dataclass(frozen=True, slots=True)
class Choice:
    """A filter: its name in the address, its label, (value, word) to choose from, and what is chosen."""

    name: str
    label: str
    options: tuple[tuple[str, str], ...]
    chosen: str


@dataclass(frozen=True, slots=True)
class Sheet:
    """A page of a register. `take_out` is where it is taken out as a file, empty where this person may not or nobody can."""

    title: str
    said: str
    choices: tuple[Choice, ...]
    headings: tuple[Cell, ...]
    rows: tuple[tuple[Cell, ...], ...]
    empty: str
    next: str = ""
    take_out: str = ""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What an address asks for; a word that is none of the choices is none."""

    visit: Visit

    def one_of(self, name: str, options: Iterable[str]) -> str:
        """The value of a filter."""
        value = self.visit.request.query_params.get(name, "")
        return value if value in set(options) else ""

    @property
    def region(self) -> Choice:
        """Which district."""
        districts = tuple((item.code, item.name) for item in self.visit.office.city.document.districts if self.visit.principal.covers(item.code))
        return Choice("region", "区县", districts, self.one_of("region", (code for code, _ in districts)))

    def choice(self, name: str, label: str, options: Sequence[tuple[str, str]]) -> Choice:
        """A filter of this address."""
        return Choice(name, label, tuple(options), self.one_of(name, (value for value, _ in options)))

    @property
    def after(self) -> str:
        """Where the page begins."""
        return self.visit.request.query_params.get("after", "")[:300]

    def href(self, path: str, choices: Sequence[Choice], **more: str) -> str:
        """The same view elsewhere."""
        kept = {**{choice.name: choice.chosen for choice in choices}, **more}
        query = urlencode({key: value for key, value in kept.items() if value or key == "state"})
        return f"{path}?{query}" if query else path


    def take_out(self, register: str) -> str:
        """Where the API gives a whole register of the district as a file; empty for those who may not take it out."""
        if may(self.visit.principal, Act.EXPORT, register) is not None:
            return ""
        return self.href(f"/api/v1/{register}/export", [self.region])


async def granted(visit: Visit, act: Callable[..., Awaitable[T | Refusal]], *arguments: Any, **named: Any) -> T:
    """What an act of the registers gives in a transaction of its own; raises `NotFound` with the words of a refusal."""
    office = visit.office
    async with begin(office.pool, service="console", vault=office.vault, clock=office.clock) as unit:
        result = await act(unit, visit.principal, *arguments, **named)
    if isinstance(result, Refusal):
        raise NotFound(f"{result.message}{result.instead}")
    return result


def heads(*names: str) -> tuple[Cell, ...]:
    """Headings; one that ends in # stands right and narrow, one in - is narrow, one in * is wide."""
    return tuple(Cell(name.rstrip("#*-"), number=name.endswith("#"), wide=name.endswith("*"), narrow=name.endswith(("#", "-"))) for name in names)


def ledger_filter(wanted: Wanted) -> tuple[tuple[Choice, ...], ledger_acts.Filter]:
    """The filters of the ledger, for its page and its file alike."""
    region = wanted.region
    states = (("open", "未销号"), ("overdue", "已逾期"), ("closed", "已销号"))
    asked = "state" in wanted.visit.request.query_params
    state = Choice("state", "状态", states, wanted.one_of("state", dict(states)) if asked else "open")  # what is done is looked up, not worked through
    mode = wanted.choice("mode", "方式", (("ledger", "台账整改"), ("immediate", "立行立改")))
    origin = wanted.choice("origin", "来源", (("case", "案件"), ("import", "导入"), ("inspection", "排查")))
    return (region, state, mode, origin), ledger_acts.Filter(
        region.chosen or None, None, {"open": True, "closed": False}.get(state.chosen), state.chosen == "overdue", mode.chosen or None, origin.chosen or None
    )


async def ledger(visit: Visit) -> Sheet:
    """The rectification ledger, the earliest deadline first."""
    wanted = Wanted(visit)
    choices, chosen = ledger_filter(wanted)
    found = await granted(visit, ledger_acts.page, chosen, after=_read(wanted.after))
    rows = tuple(
        (
            Cell(day_text(line["deadline"], visit.now), tone="late" if line["open"] and line["deadline"] < visit.today else ""),
            Cell(line["problem"], f"/cases/{line['case_no']}" if line["case_no"] and visit.opens("case") else "", wide=True),
            Cell(line["measures"]), Cell(line["lead_unit"]), Cell(line["person"]),
            Cell(visit.office.region(line["region"])), Cell("在办" if line["open"] else "已销号", tone="" if line["open"] else "done"),
            Cell(line["case_no"]),
        )
        for line in found.lines
    )  # fmt: skip
    export = wanted.href("/registers/ledger/export", choices) if may(visit.principal, Act.EXPORT, ledger_acts.TITLE) is None else ""
    return Sheet(
        "整改台账", f"共 {found.total} 条，期限近的在前", choices,
        heads("期限-", "问题*", "整改措施*", "责任单位", "责任人", "属地-", "状态-", "案号"), rows,
        "案件制定整改措施后自动列入台账，别处的台账用 petitions ledger import 导入。",
        wanted.href("/registers/ledger", choices, after=_write(found.after)) if found.after else "", export,
    )  # fmt: skip


async def risks(visit: Visit) -> Sheet:
    """Risk sources with how many cases are about each."""
    wanted = Wanted(visit)
    region, area = wanted.region, wanted.choice("area", "领域", [(item.value, item.value) for item in RiskArea])
    about = wanted.choice("cases", "信访", (("with", "有信访的"),))
    found, further = await granted(
        visit, risk_acts.page, region=region.chosen or None, area=RiskArea(area.chosen) if area.chosen else None,
        with_cases=about.chosen == "with", after=wanted.after or None,
    )  # fmt: skip
    rows = tuple(
        (
            Cell(row["name"], wide=True), Cell(row["area"]), Cell(visit.office.region(row["region"])), Cell(row["address"]),
            Cell(row["unit"]), Cell(row["person"]), Cell(str(row["cases"] or ""), number=True, tone="late" if row["cases"] else ""),
            Cell(day_text(row["inspected_on"], visit.now) if row["inspected_on"] else "没有检查过", tone="" if row["inspected_on"] or not row["cases"] else "soon"),
        )
        for row in found
    )  # fmt: skip
    choices = (region, area, about)
    return Sheet(
        "环境风险源", "七个方面的风险源，信访反映的案件自动比对", choices,
        heads("名称*", "领域", "属地-", "地址", "责任单位", "责任人-", "案件#", "最近检查"), rows,
        "没有符合的风险源；清单用 petitions risk import 或 petitions registers load 导入。",
        wanted.href("/registers/risks", choices, after=further) if further else "", wanted.take_out("risk-sources"),
    )  # fmt: skip


async def stations(visit: Visit) -> Sheet:
    """Small hydropower stations with their checks answered, those overdue first."""
    wanted = Wanted(visit)
    region, status = wanted.region, wanted.choice("status", "状态", [(word, word) for word in STATIONS])
    found = await granted(visit, station_acts.page, region=region.chosen or None, status=status.chosen or None)
    rows = tuple(
        (
            Cell(item.station.name, wide=True), Cell(item.station.county), Cell(item.station.river), Cell(item.station.decided.value),
            Cell(day_text(item.station.deadline, visit.now)), Cell(item.status, tone="late" if item.status in LATE else "done" if item.status == "完成" else ""),
            Cell("；".join(answer.sentence for answer in item.answers if answer.met is False) or ("没有核查过" if item.checked_on is None else "均已达到")),
            Cell(item.station.unit),
        )
        for item in found
    )  # fmt: skip
    choices = (region, status)
    return Sheet(
        "小水电", f"共 {len(found)} 座，逾期的在前", choices,
        heads("电站", "县区-", "河流-", "处置-", "期限-", "状态-", "未达到的*", "责任单位"), rows, "没有符合的电站；名录用 petitions hydropower import 导入。",
        take_out=wanted.take_out("stations"),
    )  # fmt: skip


async def resources(visit: Visit) -> Sheet:
    """Supplies, experts and teams; numbers to call only for those who would call them."""
    wanted = Wanted(visit)
    region, kind = wanted.region, wanted.choice("kind", "种类", [(item.value, item.value) for item in ResourceKind])
    hazard = wanted.choice("hazard", "用于", [(item.value, item.value) for item in Hazard])
    term = wanted.choice("term", "期限", (("expired", "已过期"),))
    search = resource_acts.Search(
        region.chosen or None, ResourceKind(kind.chosen) if kind.chosen else None, Hazard(hazard.chosen) if hazard.chosen else None,
        visit.today if term.chosen else None,
    )  # fmt: skip
    found, further = await granted(visit, resource_acts.page, search, after=wanted.after or None)
    rows = tuple(
        (
            Cell(row["name"], wide=True), Cell(row["kind"]), Cell("、".join(row["hazards"])), Cell(visit.office.region(row["region"])), Cell(row["place"]),
            Cell(f"{row['amount']:g} {row['unit']}" if row["amount"] is not None else "", number=True), Cell(f"{row['contact']} {row['phone']}".strip()),
            _usable(row, visit),
        )
        for row in found
    )  # fmt: skip
    choices = (region, kind, hazard, term)
    return Sheet(
        "应急物资、专家和队伍", "值班员在突发事件页上按远近选用", choices,
        heads("名称*", "种类-", "用于", "属地-", "存放地点", "数量#", "联系", "可用"), rows, "没有符合的条目；名录用 petitions resources import 导入。",
        wanted.href("/registers/resources", choices, after=further) if further else "", wanted.take_out("resources"),
    )  # fmt: skip


def _usable(row: Mapping[str, Any], visit: Visit) -> Cell:
    expires = row["expires_on"]
    if not row["available"]:
        return Cell("不可用", tone="late")
    if expires is not None and expires < visit.today:
        return Cell(f"已过期（{day_text(expires, visit.now)}）", tone="late")
    return Cell(f"可用，至 {day_text(expires, visit.now)}" if expires else "可用", tone="done")


async def leaders(visit: Visit) -> Sheet:
    """Cases that need a leader in charge and have none since nobody fits, those that wait longest first."""
    wanted = Wanted(visit)
    region = wanted.region
    found = await visit.office.pool.fetch(WANTED, prefixes(visit.principal), region.chosen or None)
    rows = tuple(
        (
            Cell(day_text(row["since"], visit.now)),
            Cell(row["summary"] or row["respondent"] or row["place"] or "对象和地点不明", f"/cases/{row['case_no']}", wide=True),
            Cell("；".join(row["event"].get("reasons", ()))), Cell(visit.office.region(row["region"])), Cell(visit.office.unit(row["lead_unit"])),
            Cell(f"{row['complaints']:g}／{row['reporters']}", number=True), Cell(row["case_no"]),
        )
        for row in found
    )  # fmt: skip
    return Sheet(
        "待定包案领导", f"共 {len(found)} 件，等得最久的在前；在案件页上用“确定包案领导”", (region,),
        heads("自-", "事项*", "为什么要包案*", "属地-", "承办", "件／人#", "案号"), rows, "没有等待确定包案领导的案件；没有合适人选的案件会出现在这里。",
    )  # fmt: skip


def _write(after: tuple[date, UUID]) -> str:
    return base64.urlsafe_b64encode(f"{after[0].isoformat()}/{after[1]}".encode()).decode()


def _read(word: str) -> tuple[date, UUID] | None:
    """Where a page of the ledger begins; the first page for a word of somebody's own."""
    try:
        day, _, id = base64.urlsafe_b64decode(word.encode()).decode().partition("/")
        return date.fromisoformat(day), UUID(id)
    except ValueError:
        return None
