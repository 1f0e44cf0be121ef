"""领导包案: when a case needs a leader in charge, and which leader takes it. Pure.

The regulation (信访工作条例 art. 18) gives no numbers; triggers come from the city's file with their provenance.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from contracts.vocabulary import SourceChannel
from services.domain.city import City
from services.domain.city_schema import Leader, Trigger
from services.domain.recusal import must_step_aside
from services.domain.routing import Matter, RouteDecision

RISK_AREA, POLLUTION_TYPE, UNIT_KIND, GENERAL = range(4)
"""How well a portfolio fits, best first."""


@dataclass(frozen=True, slots=True)
class CaseFacts:
    """What is known of a case's history. Counts are of live complaints; `age_days` runs from the first
    letter about the matter to the latest.

    `repeat_ordinal` counts how often the most insistent petitioner has raised the matter, the first time being 1;
    `reporters` are distinct petitioners, `signatories` the most on one letter; `reopened` after close-out (销号).
    """

    repeat_ordinal: int = 1
    reporters: int = 1
    signatories: int = 1
    channel: SourceChannel = SourceChannel.OTHER
    key_item: bool = False
    reopened: bool = False
    age_days: int = 0


@dataclass(frozen=True, slots=True)
class Due:
    """A trigger that fired; `level` says whose leader is asked for (district or city), `source` where the rule is from."""

    trigger: str
    text: str
    level: str
    source: str


@dataclass(frozen=True, slots=True)
class LeaderChoice:
    """The leader who takes the case over; None where nobody fits and a supervisor must decide. `reasons` say why."""

    leader: Leader | None
    reasons: tuple[str, ...]


def leader_due(facts: CaseFacts, city: City) -> list[Due]:
    """The triggers that fire, in the order of the city's file; empty where no leader is needed yet."""
    return [Due(t.id, t.text, t.level, t.source) for t in city.document.triggers if _fires(t, facts)]


def _fires(trigger: Trigger, facts: CaseFacts) -> bool:
    people = max(facts.reporters, facts.signatories) if trigger.joint else facts.reporters
    return (
        _at_least(facts.repeat_ordinal, trigger.repeat_ordinal_at_least)
        and _at_least(people, trigger.distinct_reporters_at_least)
        and _at_least(facts.age_days, trigger.age_days_at_least)
        and (not trigger.channels or facts.channel in trigger.channels)
        and (trigger.key_item is None or facts.key_item == trigger.key_item)
        and (trigger.reopened is None or facts.reopened == trigger.reopened)
    )


def _at_least(value: int, limit: int | None) -> bool:
    return limit is None or value >= limit


def choose_leader(
    matter: Matter,
    route: RouteDecision,
    due: Sequence[Due],
    loads: Mapping[str, int],
    city: City,
    *,
    recused: Collection[str] = (),
) -> LeaderChoice:
    """By portfolio, then region, then load as a share of the limit; never one recused, away or full.

    `loads` are open cases by leader id; `recused` are ids of leaders who stepped aside from this case. A city-level
    trigger, a matter across districts and one whose district is unknown ask for a leader of the city; otherwise the
    district's come before the city's. Never a leader of another district.
    """
    districts = set(filter(None, map(city.district_of, matter.districts)))
    district = city.district_of(matter.region)
    if len(districts) > 1 or any(item.level == "city" for item in due):
        district = None
    lead = city.unit(route.lead)
    involved = {route.lead, *route.co_handling}
    causes = [item.text for item in due]
    passed: list[str] = []
    fitting: list[tuple[tuple[int, bool, float, int, str], Leader]] = []
    for leader in city.document.leaders:
        fit = _fit(leader, matter, lead.kind)
        if fit is None or leader.region not in (district, city.code):
            continue
        load = loads.get(leader.id, 0)
        if leader.id in recused or must_step_aside(
            leader.recusal, respondent=matter.respondent, text=matter.text, units=involved
        ):
            passed.append(f"{leader.name}回避")
        elif not leader.available:
            passed.append(f"{leader.name}不在岗")
        elif load >= leader.load_limit:
            passed.append(f"{leader.name}包案已满（{load}/{leader.load_limit}）")
        else:
            away = district is not None and leader.region != district
            fitting.append(((fit, away, load / leader.load_limit, load, leader.id), leader))
    if not fitting:
        return LeaderChoice(None, (*causes, "没有合适的包案领导，由督办人员确定", *passed))
    (fit, _, _, load, _), leader = min(fitting, key=lambda item: item[0])
    why = ("分管该风险领域", "分管该污染类型", f"分管“{lead.kind}”", "综合分管")[fit]
    return LeaderChoice(leader, (*causes, f"{leader.name}{why}，现包案 {load} 件、上限 {leader.load_limit} 件", *passed))


def _fit(leader: Leader, matter: Matter, kind: str) -> int | None:
    """How well the portfolio fits, 0 best; None where it does not."""
    portfolio = leader.portfolio
    if matter.risk_area is not None and matter.risk_area in portfolio.risk_areas:
        return RISK_AREA
    if matter.types and matter.types[0][0] in portfolio.types:
        return POLLUTION_TYPE
    if kind in portfolio.kinds:
        return UNIT_KIND
    return GENERAL if portfolio.general else None
