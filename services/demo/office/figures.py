"""How the half year went: the ledger, the indicators with their denominators, and what looked wrong."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from rich.console import Console
from rich.table import Table

from contracts.vocabulary import LinkKind
from services.demo.office.run import Course
from services.demo.office.town import Town
from services.domain.case.state import CaseState, load_state
from services.domain.case.status import ENDED, UNOWNED, Status
from services.domain.clocks.calendar import local
from services.domain.clocks.deadlines import deadlines

STATES = "SELECT state::text AS state FROM casework.cases ORDER BY case_no"
KINDS = "SELECT kind, count(*)::int AS n FROM casework.events GROUP BY kind"
SUPERVISED = """
SELECT (SELECT count(*) FROM supervision.digests) AS digests, (SELECT count(*) FROM supervision.digests WHERE emergency) AS emergencies,
       (SELECT count(DISTINCT week) FROM supervision.weekly) AS weeks, (SELECT count(*) FROM supervision.draws) AS draws,
       (SELECT count(*) FROM supervision.look_backs WHERE state = 'done') AS looked_back,
       (SELECT count(*) FROM supervision.look_backs WHERE state = 'done' AND passed) AS passed,
       (SELECT count(*) FROM supervision.rebounds) AS rebounds,
       (SELECT count(*) FROM supervision.firings) AS fired,
       (SELECT count(*) FROM bus.dead_letters) AS dead_letters,
       (SELECT count(*) FROM intake.complaints) AS registered,
       (SELECT count(*) FROM casework.events) AS events
"""


@dataclass(frozen=True, slots=True)
class Share:
    """One indicator: how many of how many."""

    name: str
    part: int
    whole: int
    of: str

    @property
    def text(self) -> str:
        """As people read it; a share of nothing is none."""
        return f"{self.part / self.whole:.1%}（{self.part}/{self.whole} {self.of}）" if self.whole else f"—（0 {self.of}）"


@dataclass(frozen=True, slots=True)
class Report:
    """Everything the half year is judged by."""

    ledger: dict[str, int]
    indicators: tuple[Share, ...]
    ladder: dict[str, int]
    work: dict[str, int]
    wrong: tuple[str, ...]

    def as_json(self) -> dict[str, Any]:
        """Plain values for machines."""
        shares = [{"name": s.name, "part": s.part, "whole": s.whole, "of": s.of} for s in self.indicators]
        return {"ledger": self.ledger, "indicators": shares, "ladder": self.ladder, "work": self.work, "wrong": list(self.wrong)}


async def report(town: Town, course: Course) -> Report:
    """From the tables as they stand and what the office noted on its way."""
    states = [load_state(row["state"]) for row in await town.pool.fetch(STATES)]
    kinds = {row["kind"]: row["n"] for row in await town.pool.fetch(KINDS)}
    told = dict(await town.pool.fetchrow(SUPERVISED))
    ledger = Counter(state.status.label for state in states if state.status)
    ladder = Counter(record.step.value for state in states for record in state.supervision)
    work = {
        "信访件": course.complaints, "登记": told["registered"], "案件": len(states), "事件": told["events"], "办理命令": course.commands,
        "到点播报": told["fired"], "每日汇总": told["digests"], "突发即报": told["emergencies"], "周调度": told["weeks"],
        "回头看抽取": told["draws"], "延期": kinds.get("extended", 0), "退回整改": kinds.get("sent_back", 0),
    }  # fmt: skip
    order = [status.label for status in Status if ledger[status.label]]
    return Report(
        {label: ledger[label] for label in order}, indicators(town, states, kinds, told), dict(ladder), work,
        tuple(what_looked_wrong(town, course, states, told)),
    )  # fmt: skip


def indicators(town: Town, states: Sequence[CaseState], kinds: dict[str, int], told: dict[str, int]) -> tuple[Share, ...]:
    """Shares with their denominators; a duty counts once it is done or its time is over."""
    now, rules = town.clock(), town.book.case
    kept: Counter[str] = Counter()
    due: Counter[str] = Counter()
    labels: dict[str, str] = {}
    for state in states:
        for item in deadlines(state.clock_facts(), rules.deadlines, rules.calendar):
            if item.kind == "limit" and (not item.running or item.due_at <= now):
                labels[item.clock] = item.label
                due[item.clock] += 1
                kept[item.clock] += not item.overdue(now)
    closed = kinds.get("closed_out", 0)
    assigned = [state for state in states if state.sequence]
    led = [state for state in states if state.leader]
    solved = [state for state in led if state.status in (Status.CLOSED_OUT, Status.LOOKED_BACK)]
    links = [link for state in states for link in state.counting]
    repeated = sum(link.kind in (LinkKind.REPEAT_PETITION, LinkKind.FOLLOW_ON, LinkKind.RECURRENCE) for link in links)
    verified = [state for state in states if state.verification]
    return (
        *(Share(f"按期率：{labels[clock]}", kept[clock], due[clock], "项期限（本轮）") for clock in sorted(due)),
        Share("退单率", sum(bool(state.returns) for state in assigned), len(assigned), "件已交办案件"),
        Share("重复信访率", repeated, len(links), "件次"),
        Share("不属实率", sum(s.verification.verdict.value == "不属实" for s in verified if s.verification), len(verified), "件已核实案件"),
        Share("反弹率", told["rebounds"], closed, "次销号"),
        Share("回头看合格率", told["passed"], told["looked_back"], "件已回头看"),
        Share("包案化解率", len(solved), len(led), "件包案"),
        Share("销号率", sum(s.status in (Status.CLOSED_OUT, Status.LOOKED_BACK) for s in states), len(states), "件案件"),
    )


def what_looked_wrong(town: Town, course: Course, states: Sequence[CaseState], told: dict[str, int]) -> list[str]:
    """What a reader of the figures should know before believing them."""
    now, found = town.clock(), []
    if told["dead_letters"]:
        found.append(f"{told['dead_letters']} 条记录被搁置（petitions dlq list）")
    if course.without_officer:
        found.append(f"{len(course.without_officer)} 个单位没有经办人：{'、'.join(course.without_officer)}")
    unowned = [s for s in states if s.status in UNOWNED and s.last_event_at and (now - s.last_event_at).days >= 7]
    if unowned:
        found.append(f"{len(unowned)} 件案件一周以上无人承办，例如 {unowned[0].case_no}")
    old = [s for s in states if s.status not in ENDED and s.status is not Status.MERGED and s.last_event_at and (now - s.last_event_at).days >= 30]
    stuck = Counter(s.status.label for s in old if s.status)
    if stuck:
        found.append("三十日以上没有任何变化：" + "、".join(f"{label}{n}件" for label, n in stuck.most_common()))
    waiting = [s for s in states if s.leader_due]
    if waiting:
        found.append(f"{len(waiting)} 件应当包案而未确定领导，例如 {waiting[0].case_no}")
    again = [s for s in states if s.ordinal > 2]
    if again:
        found.append(f"{len(again)} 件案件两次以上重新立案，例如 {again[0].case_no}")
    for (name, reason), times in course.refused.most_common(12):
        found.append(f"命令被拒 {times} 次（{name}）：{reason}")
    return found


def show(console: Console, course: Course, found: Report) -> None:
    """The report for people."""
    span = f"{local(course.since):%Y-%m-%d} 至 {local(course.until):%Y-%m-%d}"
    for title, rows in (
        (f"台账（{span}）", list(found.ledger.items())),
        ("工作量", list(found.work.items())),
        ("督办", list(found.ladder.items())),
        ("指标", [(share.name, share.text) for share in found.indicators]),
    ):
        table = Table(title=title, title_justify="left", show_header=False)
        for name, value in rows:
            table.add_row(str(name), str(value))
        console.print(table)
    console.print("值得注意", style="bold")
    for line in found.wrong or ("没有发现异常",):
        console.print(f"· {line}", markup=False, highlight=False)
