"""领导包案: when a case needs a leader in charge, and which leader takes it. Pure.

The regulation (信访工作条例 art. 18) gives no numbers; triggers come from the city's file with their provenance.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from contracts.vocabulary import SourceChannel
from services.domain.city import City
from services.domain.city_schema import Leader, Trigger
from services.domain.routing import Matter, RouteDecision


@dataclass(frozen=True, slots=True)
class CaseFacts:
    """What is known of a case's history. Counts are of live complaints; `age_days` since the public first wrote."""

    repeat_ordinal: int = 1
    reporters: int = 1
    signatories: int = 1
    channel: SourceChannel = SourceChannel.OTHER
    key_item: bool = False
    reopened: bool = False
    age_days: int = 0


@dataclass(frozen=True, slots=True)
class Due:
    """A trigger that fired; `level` says whose leader is asked for."""

    trigger: str
    text: str
    level: str


@dataclass(frozen=True, slots=True)
class LeaderChoice:
    """The leader who takes the case over, or None; `reasons` say why in either case."""

    leader: Leader | None
    reasons: tuple[str, ...]


def leader_due(facts: CaseFacts, city: City) -> list[Due]:
    """The triggers that fire, in the order of the city's file; empty where no leader is needed yet."""
    return [Due(t.id, t.text, t.level) for t in city.document.triggers if _fires(t, facts)]


def _fires(trigger: Trigger, facts: CaseFacts) -> bool:
    conditions = (
        trigger.repeat_ordinal_at_least is None or facts.repeat_ordinal >= trigger.repeat_ordinal_at_least,
        trigger.distinct_reporters_at_least is None
        or max(facts.reporters, facts.signatories if trigger.joint else 0) >= trigger.distinct_reporters_at_least,
        trigger.joint is None or (facts.signatories > 1) == trigger.joint or facts.reporters > 1,
        not trigger.channels or facts.channel in trigger.channels,
        trigger.key_item is None or facts.key_item == trigger.key_item,
        trigger.reopened is None or facts.reopened == trigger.reopened,
        trigger.age_days_at_least is None or facts.age_days >= trigger.age_days_at_least,
    )
    return all(conditions)


def choose_leader(
    matter: Matter, route: RouteDecision, due: list[Due], loads: Mapping[str, int], city: City
) -> LeaderChoice:
    """By portfolio, then region, then load as a share of the limit, then id; never one recused, away or full.

    A city-level trigger asks for a leader of the city; a district one prefers the district's and falls back to the
    city's. Where nobody fits, the reasons say so and a supervisor must decide.
    """
    asked = "city" if any(item.level == "city" for item in due) else "district"
    district = city.district_of(matter.region)
    lead = city.unit(route.lead)
    involved = {route.lead, *route.co_handling}
    passed: list[str] = []
    fitting: list[tuple[tuple[int, int, float, str], Leader]] = []
    for leader in city.document.leaders:
        here = leader.region == city.code if asked == "city" or district is None else leader.region in (district, city.code)
        if not here:
            continue
        if not leader.available:
            passed.append(f"{leader.name}不在岗")
        elif _recused(leader, matter, involved):
            passed.append(f"{leader.name}应当回避")
        elif loads.get(leader.id, 0) >= leader.load_limit:
            passed.append(f"{leader.name}包案已满 {leader.load_limit} 件")
        else:
            match = _portfolio(leader, matter, lead.kind)
            if match < 4:
                far = 0 if leader.region == (district if asked == "district" else city.code) else 1
                fitting.append(((far, match, loads.get(leader.id, 0) / leader.load_limit, leader.id), leader))
    if not fitting:
        return LeaderChoice(None, (*(item.text for item in due), "没有合适的包案领导，由督办人员确定", *passed))
    (_, match, _, _), leader = min(fitting, key=lambda item: item[0])
    why = ("分管该风险领域", "分管该污染类型", f"分管“{lead.kind}”", "综合分管")[match]
    load = f"现包案 {loads.get(leader.id, 0)} 件，上限 {leader.load_limit} 件"
    return LeaderChoice(leader, (*(item.text for item in due), f"{leader.name}{why}，{load}", *passed))


def _recused(leader: Leader, matter: Matter, units: set[str]) -> bool:
    """信访工作条例 art. 28: who has a stake in the matter steps aside."""
    respondent = matter.respondent or ""
    return bool(units & set(leader.recusal.units)) or any(name in respondent for name in leader.recusal.respondents)


def _portfolio(leader: Leader, matter: Matter, kind: str) -> int:
    """How well it fits: 0 risk area, 1 pollution type, 2 kind of the lead unit, 3 general, 4 not at all."""
    portfolio = leader.portfolio
    if matter.risk_area is not None and matter.risk_area in portfolio.risk_areas:
        return 0
    if matter.types and matter.types[0][0] in portfolio.types:
        return 1
    if kind in portfolio.kinds:
        return 2
    return 3 if portfolio.general else 4
