"""A case as its page shows it: facts put into words, texts held against the first complaint, gates with the way to mend them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from contracts.vocabulary import LinkKind
from services.console import highlight
from services.console.access import Visit
from services.console.brief import Brief, brief_of
from services.console.cases import Opened, petitioner_numbers
from services.console.channels import channel_name
from services.console.forms import PLAIN, form_of
from services.console.next_step import NextStep, next_step, verb
from services.console.story import Told, tell
from services.console.words import ClockWords, clock_words, moment, sureness, waited
from services.domain.case.case import allowed_commands
from services.domain.case.evidence import pairs
from services.domain.case.gates import GateResult, Stage, gates
from services.domain.case.state import CaseState
from services.domain.case.states import TABLE
from services.domain.case.status import CLOSING, ENDED
from services.domain.case.values import Evidence
from services.domain.principals import What
from services.domain.refusals import Refusal

MENDS: Mapping[str, str] = {
    "verdict": "verify", "report": "add_evidence", "on_site": "add_evidence", "root_cause": "verify", "measures": "report_measure",
    "effect": "add_evidence", "parts": "", "two_persons": "accept_work", "not_fake": "judge_rectification",
    "responsible": "settle_responsibility", "accountability": "settle_responsibility", "called_back": "record_callback",
    "satisfied": "record_callback", "quiet": "", "publicised": "finish_publicity", "similar": "conclude",
}  # fmt: skip
"""Check of a gate → the command whose form mends it."""


@dataclass(frozen=True, slots=True)
class Paper:
    """A complaint behind the case."""

    id: str
    receipt_no: str
    channel: str
    received: str
    kind: str
    who: str
    sure: str
    score: str
    why: tuple[str, ...]
    against: tuple[str, ...]
    title: str
    pieces: highlight.Pieces
    length: int
    tags: tuple[tuple[str, str], ...]
    may_reveal: bool
    link_id: str
    first: bool


@dataclass(frozen=True, slots=True)
class GateTile:
    """A gate with its checks: (met, sentence, command that mends it or empty)."""

    result: GateResult
    checks: tuple[tuple[bool, str, str], ...]
    later: bool


@dataclass(frozen=True)
class View:
    """Everything the page says."""

    state: CaseState
    brief: Brief
    step: NextStep
    commands: tuple[str, ...]
    more: tuple[tuple[str, str], ...]
    blocked: str
    clocks: tuple[ClockWords, ...]
    waited: str
    gates: tuple[GateTile, ...]
    story: tuple[Told, ...]
    papers: dict[str, Paper]
    pairs: tuple[tuple[Evidence, Evidence], ...]
    lone: tuple[Evidence, ...]
    plain: frozenset[str]

    @property
    def title(self) -> str:
        """What the case is called."""
        matter = self.state.matter
        return matter.summary or "、".join(filter(None, (matter.respondent, matter.place))) or "对象和地点不明"


def view_of(visit: Visit, opened: Opened) -> View:
    """The view of a case for one visit."""
    state, office = opened.state, visit.office
    rules, now = office.rules.case, visit.now
    brief = brief_of(state, rules)
    commands = allowed_commands(state, visit.context)
    step = next_step(brief, visit.principal, now)
    results = gates(state, rules.gates, rules.calendar, now)
    clocks = [item for item in brief.deadlines if item.running]
    clocks.sort(key=lambda item: (item.perspective != "public", item.due_at))
    shown = pairs(state)
    paired = {item.id for pair in shown for item in pair}
    received = state.first_received_at
    return View(
        state=state,
        brief=brief,
        step=step if step.kind in commands else NextStep(None, "等待", step.why, step.clock),
        commands=commands,
        more=tuple((kind, verb(kind)) for kind in commands if kind != step.kind and form_known(kind, visit, state)),
        blocked=_blocked(step.kind, results),
        clocks=tuple(clock_words(item, now, rules.calendar) for item in clocks),
        waited=waited((_ended_at(state) or now) - received) if received else "",
        gates=tuple(_tile(result, commands, state) for result in results),
        story=tell(opened.events, opened.reads, office.person, office.unit),
        papers=_papers(visit, opened),
        pairs=shown,
        lone=tuple(item for item in state.evidence if item.id not in paired),
        plain=PLAIN,
    )


def form_known(kind: str, visit: Visit, state: CaseState) -> bool:
    """Whether the pages have a form of this command."""
    from services.console.forms import Desk

    return form_of(kind, Desk(visit.office, state, visit.principal, visit.now)) is not None


def _blocked(kind: str | None, results: tuple[GateResult, ...]) -> str:
    """What stands in the way of the next step, in the words of the gates."""
    stage = {"request_close_out": Stage.REQUEST, "accept_work": Stage.ACCEPTANCE, "close_out": Stage.CLOSE_OUT}.get(kind or "")
    lacking = ((result, result.missing(stage)) for result in results) if stage else ()
    return "".join(f"【{result.gate}】" + "".join(check.sentence for check in unmet) for result, unmet in lacking if unmet)


def _ended_at(state: CaseState) -> Any:
    return state.last_event_at if state.status in ENDED else None


def _tile(result: GateResult, commands: tuple[str, ...], state: CaseState) -> GateTile:
    names = {item.id: f"“{item.caption}”" for item in state.evidence if item.caption}
    checks = tuple(
        (check.met, _named(check.sentence.rstrip("。"), names), MENDS.get(check.check, "") if MENDS.get(check.check) in commands else "") for check in result.checks
    )
    unmet = result.missing(Stage.CLOSE_OUT)
    later = bool(unmet) and all(check.at is not Stage.REQUEST for check in unmet) and state.status not in CLOSING
    return GateTile(result, checks, later)


def _named(sentence: str, names: Mapping[str, str]) -> str:
    """Evidence by what it shows rather than by its id."""
    for id, name in names.items():
        sentence = sentence.replace(id, name)
    return sentence


def _papers(visit: Visit, opened: Opened) -> dict[str, Paper]:
    state, numbers = opened.state, petitioner_numbers(opened.state)
    links = {link.complaint_id: link for link in state.links}
    order = sorted(opened.complaints.values(), key=lambda item: item.received_at)
    first = next((item for item in order if (link := links.get(str(item.id))) and link.kind is LinkKind.FIRST_REPORT), order[0] if order else None)
    granted = visit.reading(What.TEXT, purpose="受理和办理本案")
    whole = not isinstance(granted, Refusal) and granted.form != "summary"
    reveals = not isinstance(visit.reading(What.IDENTITY, purpose="试"), Refusal)
    reveals_confidential = not isinstance(visit.reading(What.IDENTITY, purpose="试", confidential=True), Refusal)
    papers = {}
    for item in order:
        id = str(item.id)
        link, row, event = links.get(id), opened.links.get(id), item.event
        text = str(event.get("text") or "") if whole else state.matter.summary
        is_first = first is not None and item.id == first.id
        pieces = highlight.against(text, str(first.event.get("text") or "")) if whole and first is not None and not is_first else (("", text),)
        number = numbers.get(link.reporter or "") if link else None
        tags = []
        if event.get("confidential"):
            tags.append(("late", "要求保密"))
        if event.get("anonymous"):
            tags.append(("", "匿名"))
        if (event.get("signatories") or 1) > 1:
            tags.append(("", f"联名 {event['signatories']} 人"))
        if link is None:
            tags.append(("", "已移出本案"))
        elif link.refused:
            tags.append(("", "按重复件不予受理"))
        score = row["score"] if row and not is_first else None
        papers[id] = Paper(
            id=id, receipt_no=item.receipt_no, channel=channel_name(item.channel), received=moment(item.received_at, visit.now),
            kind=link.kind.label if link else "", who=f"信访人 {number}" if number else "匿名信访人",
            sure="人工确认" if link and link.confirmed_by else "" if is_first else sureness(score), score=f"{score:.2f}" if score is not None else "",
            why=tuple(fact["text"] for fact in (row["why"] if row and not is_first else ())),
            against=tuple(fact["text"] for fact in (row["against"] if row and not is_first else ())),
            title=str(event.get("title") or "") if whole else "", pieces=pieces, length=len(text), tags=tuple(tags),
            may_reveal=link is not None and bool(link.reporter) and (reveals_confidential if link.confidential else reveals),
            link_id=str(row["id"]) if row else "", first=is_first,
        )  # fmt: skip
    return papers


def rule_label(kind: str) -> str:
    """A command's name in the state table."""
    return TABLE[kind].label
