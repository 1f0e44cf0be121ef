"""Everything said about one window and slice, gathered once: pages, workbooks and briefs show the same numbers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from services.analytics import figures as read
from services.analytics import sites
from services.analytics.figures import Query
from services.analytics.sites import Risen
from services.domain.indicators.dictionary import IndicatorRules
from services.domain.indicators.facts import Dimension
from services.domain.indicators.figures import Change, Figure, Slice, Window
from services.domain.indicators.heat import Concentration, Ranked
from services.domain.indicators.survival import Duration
from services.infra.postgres import Connection

HEADLINE = "repeat_rate_submissions"
BROKEN_DOWN = (HEADLINE, "conclude_in_time", "rebound_rate", "return_rate", "satisfied_rate")
"""Indicators a report breaks down by district and unit."""


@dataclass(frozen=True, slots=True)
class Names:
    """What codes and ids are called: districts, units, leaders, channels."""

    region: Mapping[str, str]
    unit: Mapping[str, str]
    leader: Mapping[str, str]
    channel: Mapping[str, str]
    city: str = "全市"

    def of(self, dimension: Dimension, value: str) -> str:
        """The name of one value; the value itself where it has none, 不明 for the unknown."""
        if value == "-":
            return "不明"
        known: dict[Dimension, Mapping[str, str]] = {
            Dimension.REGION: self.region, Dimension.UNIT: self.unit, Dimension.LEADER: self.leader, Dimension.CHANNEL: self.channel,
        }  # fmt: skip
        return known.get(dimension, {}).get(value, value)

    def all(self, dimension: Dimension) -> Mapping[str, str]:
        """The names of one dimension."""
        return {
            Dimension.REGION: {**self.region, "-": "不明"}, Dimension.UNIT: self.unit, Dimension.LEADER: self.leader,
            Dimension.CHANNEL: self.channel,
        }.get(dimension, {})  # fmt: skip

    def slice(self, slice_: Slice) -> str:
        """A slice in words; the city's name for the whole."""
        return "、".join(self.of(dimension, value) for dimension, value in slice_.values) or self.city


@dataclass(frozen=True, slots=True)
class Report:
    """One window and slice. `trend` is the headline week by week over half a year; `fresh_at` when sums last changed."""

    query: Query
    changes: tuple[Change, ...]
    trend: tuple[tuple[date, Figure], ...]
    trend_whole: Figure
    breakdowns: Mapping[tuple[str, Dimension], tuple[tuple[str, Figure], ...]]
    hot: tuple[Ranked, ...]
    respondents: tuple[Ranked, ...]
    chronic: tuple[Ranked, ...]
    rising: tuple[Risen, ...]
    concentration: Concentration
    closing: Duration
    fresh_at: datetime | None

    def figure(self, id: str) -> Figure:
        """One indicator of the window."""
        return next(change.after for change in self.changes if change.after.id == id)


async def report(connection: Connection, rules: IndicatorRules, query: Query, today: date, *, suppress: bool = True) -> Report:
    """Gather a report; values with fewer petitioners than the small-group limit come without figures where `suppress`."""
    half = Query(Window(max(date(2000, 1, 1), query.window.end - timedelta(days=181)), query.window.end), query.slice)
    points = await read.trend(connection, rules, [HEADLINE], half)
    [whole] = await read.figures(connection, rules, half, [HEADLINE])
    dimensions = [Dimension.UNIT] + ([] if query.slice.get(Dimension.REGION) else [Dimension.REGION])
    breakdowns = {
        (id, dimension): tuple(await read.breakdown(connection, rules, id, dimension, query, suppress=suppress))
        for dimension in dimensions
        for id in BROKEN_DOWN
    }
    state = await connection.fetchrow("SELECT refreshed_at FROM analytics.state")
    return Report(
        query=query,
        changes=tuple(await read.changes(connection, rules, query)),
        trend=tuple(next(iter(points.values()), [])),
        trend_whole=whole,
        breakdowns=breakdowns,
        hot=tuple(await sites.hot(connection, rules, query)),
        respondents=tuple(await sites.hot(connection, rules, query, by="respondent")),
        chronic=tuple(await sites.chronic(connection, rules, query)),
        rising=tuple(await sites.rising(connection, rules, min(today, query.window.end), query)),
        concentration=await sites.concentrated(connection, query),
        closing=await read.time_to_close(connection, rules, query, today),
        fresh_at=state["refreshed_at"] if state else None,
    )
