"""The analyst's board: one object a process, with the rules, the names and the pictures it keeps."""

from __future__ import annotations

from collections.abc import Callable, Collection, Hashable
from datetime import date, datetime
from functools import partial

from services.analytics import figures as read
from services.analytics import matters, quality, sites
from services.analytics.charts import courses, places, shares, walk
from services.analytics.charts.render import drawn
from services.analytics.charts.theme import Paths, Picture
from services.analytics.figures import Query
from services.analytics.pages import tables
from services.analytics.pages.asked import PAGE, Asked, AskedWrong
from services.analytics.pages.kept import Kept
from services.analytics.pages.models import (
    Cell,
    Group,
    Head,
    IndicatorPage,
    MatterPage,
    Overview,
    QualityPage,
    Step,
    TablePage,
)
from services.analytics.report import HEADLINE, Names
from services.domain.indicators.dictionary import IndicatorRules
from services.domain.indicators.facts import Dimension
from services.domain.indicators.figures import Window, number
from services.infra.postgres import Connection, Pool

HALF_YEAR = 182
KEPT_WINDOWS = 64
CONFIDENCE = {
    "A": "法规原文", "B": "政府网页或官方通报", "C": "转载或公开代码", "D": "弱来源", "G": "通行说法，未查证", "I": "由已知事实推得，本地口径",
}  # fmt: skip


class Board:
    """Views of the figures. Every method takes a connection for reading; pictures are drawn off the event loop and kept."""

    def __init__(self, rules: IndicatorRules, names: Names, *, paths: Paths | None = None, pool: Pool | None = None) -> None:
        """With a `pool`, pictures and rankings may be a minute behind the figures, and are made anew behind (see `Kept`)."""
        self.rules, self.names, self.paths = rules, names, paths or Paths()
        self.kept = Kept(pool)
        self.changes = Kept(size=KEPT_WINDOWS)

    async def overview(self, c: Connection, asked: Asked) -> Overview:
        """All indicators against the window before."""
        head, generation = await self._head(c, "重复信访指标", asked)
        changes = await self.changes.get(asked.query, generation, c, lambda c: read.changes(c, self.rules, asked.query))
        lines = [tables.line(change, self.rules, self.paths, asked.query) for change in changes]
        groups = tuple(
            Group(title, tuple(line for line in lines if self.rules.indicators[line.id].group == id))
            for id, title in self.rules.groups.items()
        )
        pictures = [await self._trend(c, HEADLINE, asked.query, generation)]
        if asked.query.slice.get(Dimension.REGION) is None and not asked.query.slice.values:
            pictures.append(await self._districts(c, HEADLINE, asked.query, generation))
        return Overview(head, groups, tuple(pictures))

    async def indicator(self, c: Connection, id: str, asked: Asked) -> IndicatorPage:
        """One indicator; raises `AskedWrong` for one the dictionary does not have."""
        if id not in self.rules.indicators:
            raise AskedWrong("没有这个指标，请从指标总览进入")
        indicator = self.rules.indicators[id]
        head, generation = await self._head(c, indicator.name, asked)
        query = asked.query
        changes = await read.changes(c, self.rules, query, self.rules.readings(id))
        lines = {change.after.id: tables.line(change, self.rules, self.paths, query) for change in changes}
        whole = next(change.after for change in changes if change.after.id == id)
        lists = tuple(
            Cell(measure.label, href=self.paths.listing(name, query.window, query.slice))
            for name, measure in read.measures_of(self.rules, id)
        )
        pictures = []
        if all(measure.additive for _, measure in read.measures_of(self.rules, id)) and query.slice.get(Dimension.RESPONDENT) is None:
            pictures.append(await self._trend(c, id, query, generation))
        grids = []
        for dimension in self._open(query):
            items = await read.breakdown(c, self.rules, id, dimension, query, suppress=True)
            if not items:
                continue
            grids.append((f"分{dimension.label}", tables.breakdown(items, dimension, self.names, self.paths, query)))
            if whole.interval and dimension in (Dimension.REGION, Dimension.UNIT):
                across = partial(shares.across, items, whole, dimension, self.names.all(dimension), self.paths, query.slice)
                pictures.append(await self._svg(c, (id, dimension, query), generation, across))
        others = tuple(line for other, line in lines.items() if other != id)
        return IndicatorPage(
            head, lines[id], indicator.provenance, CONFIDENCE[indicator.confidence], indicator.note, others, lists, tuple(pictures),
            tuple(grids),
        )  # fmt: skip

    def _open(self, query: Query) -> list[Dimension]:
        sliced = {dimension for dimension, _ in query.slice.values}
        return [d for d in (Dimension.REGION, Dimension.UNIT, Dimension.TYPE, Dimension.CHANNEL, Dimension.LEADER) if d not in sliced]

    async def listing(self, c: Connection, measure: str, asked: Asked, *, site: str | None = None) -> TablePage:
        """What a number counts; raises `AskedWrong` for a measure the dictionary does not have."""
        if measure not in self.rules.measures:
            raise AskedWrong("没有这个计数，请从指标进入")
        head, _ = await self._head(c, self.rules.measures[measure].label, asked)
        if site is not None:
            found = await sites.complaints(c, site, asked.query, limit=PAGE, offset=asked.offset)
        else:
            found = await read.listing(c, self.rules, measure, asked.query, limit=PAGE, offset=asked.offset)
        more = {"site": site} if site else {}

        def at(offset: int) -> str:
            return self.paths.listing(measure, asked.window, asked.query.slice, offset=str(offset), **more)

        return TablePage(
            head, tables.listing(found, self.names, self.paths), notes=(f"共{number(found.total)}，本页第{asked.offset + 1}行起",),
            previous=at(max(0, asked.offset - PAGE)) if asked.offset else None, next=at(asked.offset + PAGE) if found.more else None,
        )  # fmt: skip

    async def hot(self, c: Connection, asked: Asked, *, by: sites.By = "site", chronic: bool = False) -> TablePage:
        """Hot sites or respondents; with `chronic` those complained of month after month."""
        _, generation = await self._head(c, "", asked)
        page: TablePage = await self.kept.get(("hot", by, chronic, asked.query), generation, c, lambda c: self._hot(c, asked, by, chronic))
        return page

    async def _hot(self, c: Connection, asked: Asked, by: sites.By, chronic: bool) -> TablePage:
        head, _ = await self._head(c, "长期反复" if chronic else "热点单位" if by == "respondent" else "热点对象", asked)
        items = await (sites.chronic(c, self.rules, asked.query) if chronic else sites.hot(c, self.rules, asked.query, by=by))
        held = await sites.concentrated(c, asked.query, by=by)
        svg = await drawn(partial(places.hot, items, asked.window, self.paths, held if by == "respondent" else None))
        share = self.rules.thresholds.one_caller_share
        notes = (f"按不同信访人数排名；{share:.0%}以上出自一人的标“一人反复”，不计为热点。",)
        return TablePage(head, tables.ranked(items, self.names, self.paths, asked.window), (svg,), notes)

    async def rising(self, c: Connection, asked: Asked) -> TablePage:
        """Sites that rose in the last seven days of the window."""
        _, generation = await self._head(c, "", asked)
        page: TablePage = await self.kept.get(("rising", asked.query), generation, c, lambda c: self._rising(c, asked))
        return page

    async def _rising(self, c: Connection, asked: Asked) -> TablePage:
        head, _ = await self._head(c, "本周上升", asked)
        items = await sites.rising(c, self.rules, asked.window.end, asked.query)
        svg = await drawn(partial(places.rising, items, self.paths))
        rate = self.rules.thresholds.rising_false_discovery
        notes = (
            f"与自身过去{self.rules.thresholds.rising_weeks}周和同类季节相比；按 Benjamini–Hochberg 把误报占报警的比例控制在{rate:.0%}以内。"
            "模拟误报率可用 petitions rising --simulate 重新测量。",
        )
        return TablePage(head, tables.risen(items, self.names, self.paths), (svg,), notes)

    async def matter(self, c: Connection, asked_for: str, *, regions: Collection[str] | None = None) -> MatterPage | None:
        """One matter by case number, case id or receipt number; None where there is none, or none in `regions` (a case of an unknown district is everybody's)."""
        found = await matters.find(c, asked_for)
        told = await matters.story(c, found) if found else None
        if told is None or (regions is not None and told.case["region"] not in (None, *regions)):
            return None
        case = told.case
        name = case["respondent"] or case["place"] or case["case_no"]
        timeline = await self._svg(c, ("matter", found, case["version"], len(told.moments)), 0, partial(courses.timeline, told, self.paths))
        facts = (
            f"{number(case['complaints'])}件次，{case['reporters']}人，同一人最多{case['repeat_ordinal']}次",
            f"{case['ordinal']}轮办理，{told.closed}次销号，{case['rebounds']}次反弹",
            f"主办{case['unit_name'] or '待定'}，包案{case['leader_name'] or '无'}",
        )
        return MatterPage(
            name, case["case_no"], case["status_label"], facts, (walk.draw(told.network, self.paths, f"{name}的信访网络"), timeline),
            _steps(told.moments), _steps(told.merging),
        )  # fmt: skip

    async def districts(self, c: Connection, asked: Asked) -> Overview:
        """The headline readings of every district on one scale."""
        head, generation = await self._head(c, "区县对照", asked)
        ids = (HEADLINE, "conclude_in_time", "rebound_rate")
        return Overview(head, (), tuple([await self._districts(c, id, asked.query, generation) for id in ids]))

    async def quality(self, c: Connection, asked: Asked, today: date) -> QualityPage:
        """The machine's own quality, and how long matters take with those still open counted as open."""
        _, generation = await self._head(c, "", asked)
        page: QualityPage = await self.kept.get(("quality", asked.query, today), generation, c, lambda c: self._quality(c, asked, today))
        return page

    async def _quality(self, c: Connection, asked: Asked, today: date) -> QualityPage:
        head, _ = await self._head(c, "机器自身质量", asked)
        ids = [id for id, indicator in self.rules.indicators.items() if indicator.group == "machine"]
        changes = await read.changes(c, self.rules, asked.query, ids)
        found = await quality.sureness(c, asked.query)
        level = self.rules.thresholds.confidence_level
        closing = await read.time_to_close(c, self.rules, asked.query, today)
        rebound = await read.time_to_rebound(c, self.rules, asked.query, today)
        pictures = (
            await drawn(partial(courses.sureness, found, level)),
            await drawn(partial(courses.waiting, closing, asked.window)),
            await drawn(partial(courses.waiting, rebound, asked.window, "销号到反弹")),
        )
        notes = ("只统计人答复过的关联；没有人看过的错误不在其中，真实错误不少于此。",)
        return QualityPage(head, tuple(tables.line(x, self.rules, self.paths, asked.query) for x in changes), pictures, notes)

    async def _head(self, c: Connection, title: str, asked: Asked) -> tuple[Head, int]:
        state = await c.fetchrow("SELECT generation, refreshed_at FROM analytics.state")
        fresh: datetime | None = state["refreshed_at"]
        return Head(title, self.names.slice(asked.query.slice), asked.window.text, asked, fresh), state["generation"]

    async def _svg(self, c: Connection, key: Hashable, generation: Hashable, picture: Callable[[], Picture]) -> str:
        svg: str = await self.kept.get(key, generation, c, lambda _: drawn(picture))
        return svg

    async def _trend(self, c: Connection, id: str, query: Query, generation: int) -> str:
        half = Query(Window.last(max(HALF_YEAR, query.window.days), query.window.end), query.slice)

        async def make(c: Connection) -> str:
            found = await read.trend(c, self.rules, [id], half, step="week" if half.window.days <= 400 else "month")
            [whole] = await read.figures(c, self.rules, half, [id])
            return await drawn(partial(shares.trend, next(iter(found.values()), []), whole, self.paths, query.slice))

        svg: str = await self.kept.get(("trend", id, half), generation, c, make)
        return svg

    async def _districts(self, c: Connection, id: str, query: Query, generation: int) -> str:
        async def make(c: Connection) -> str:
            lines = await read.trend(c, self.rules, [id], query, regions=True)
            city = await read.trend(c, self.rules, [id], query)
            named = {place: points for (_, place), points in lines.items() if place != "-"}
            return await drawn(partial(shares.districts, named, next(iter(city.values()), []), self.names.region, self.paths))

        svg: str = await self.kept.get(("districts", id, query), generation, c, make)
        return svg


def _steps(moments: tuple[matters.Moment, ...]) -> tuple[Step, ...]:
    return tuple(Step(m.at, m.round, m.lane, m.label, m.text, m.by, m.reasons, m.against) for m in moments)
