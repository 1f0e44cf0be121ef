"""`petitions indicators`, `hot`, `rising`, `matter`, `brief`, `analytics`: the numbers on repeat petitions, and where they come from.

What draws and computes is imported where it is used: charts and statistics take a second that no other command should wait.
"""

from __future__ import annotations

import getpass
from collections.abc import Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import typer
from rich.progress import Progress

from services.commands.output import JSON_OPTION, Failed, console, print_json, print_table, run
from services.commands.session import connection, rule_book, settings
from services.domain.clocks.calendar import day_of
from services.domain.indicators.facts import Dimension

if TYPE_CHECKING:
    from services.analytics.figures import Query
    from services.analytics.matters import Story
    from services.domain.indicators.dictionary import IndicatorRules

app = typer.Typer(no_args_is_help=True, help="The read models behind the numbers.")
REGION = typer.Option(None, help="Only this district (six digits).")
UNIT = typer.Option(None, help="Only what this unit leads (id).")
FROM = typer.Option(None, "--from", formats=["%Y-%m-%d"], help="First day; 90 days before --to where not given.")
TO = typer.Option(None, "--to", formats=["%Y-%m-%d"], help="Last day; today where not given.")
LIMIT = typer.Option(20, min=1, max=1000, help="How many.")


def register(root: typer.Typer) -> None:
    """Add the commands."""
    for name, command in (("indicators", indicators), ("hot", hot), ("rising", rising), ("matter", matter), ("brief", brief)):
        root.command(name)(command)
    root.add_typer(app, name="analytics")


def query_of(
    rules: IndicatorRules, region: str | None, unit: str | None, start: datetime | None, end: datetime | None, days: int | None = None
) -> Query:
    """Window and slice of the options; raises `Failed` for a window that ends before it starts."""
    from services.analytics.figures import Query
    from services.domain.indicators.figures import Slice, Window

    last = end.date() if end else day_of(datetime.now(UTC))
    slice_ = Slice.of({Dimension.REGION: region, Dimension.UNIT: unit})
    if start is None:
        return Query(Window.last(days or rules.default_days, last), slice_)
    if start.date() > last:
        raise Failed(f"--from {start.date()} is after --to {last}: swap them")
    return Query(Window(start.date(), last), slice_)


def indicators(
    region: str = REGION, unit: str = UNIT, start: datetime = FROM, end: datetime = TO,
    by: str = typer.Option(None, help="Break one indicator down: region, unit, leader, channel, type or respondent."),
    indicator: str = typer.Option("repeat_rate_submissions", help="Which one --by breaks down (the 标识 of the table)."),
    as_json: bool = JSON_OPTION,
) -> None:  # fmt: skip
    """All indicators with numerator, denominator and interval, against the window before; or one broken down with --by."""
    from services.analytics import figures as read
    from services.analytics.pages import change_json

    rules = rule_book().indicators
    query = query_of(rules, region, unit, start, end)
    if by is not None:
        _breakdown(rules, indicator, by, query, as_json)
        return

    async def work() -> Sequence[Any]:
        async with connection() as c:
            return await read.changes(c, rules, query)

    found = run(work())
    if as_json:
        print_json({"window": query.window.text, "indicators": [change_json(change) for change in found]})
        return
    print_table(
        f"指标　{query.window.text}　括号内为同样长的上一时段",
        ("标识", "指标", "本期", "分子/分母", "95%区间", "上期", "变化"),
        [
            (c.after.id, c.after.indicator.name, c.after.text, c.after.counts, c.after.interval.text if c.after.interval else "",
             c.before.text, ("明显" if c.certain else "") + {True: "好转", False: "变差", None: ""}[c.better if c.certain else None])
            for c in found
        ],
        empty="",
    )  # fmt: skip
    console.print("next: petitions indicators --by unit --indicator 标识; definitions: deploy/rules/indicators.yaml", style="dim", markup=False)


def _breakdown(rules: IndicatorRules, id: str, by: str, query: Query, as_json: bool) -> None:
    from services.analytics import figures as read
    from services.analytics.names import names

    if id not in rules.indicators:
        raise Failed(f"there is no indicator {id}; the first column of petitions indicators lists them")
    if by not in set(Dimension):
        raise Failed(f"--by {by}: it must be one of {', '.join(Dimension)}")
    dimension = Dimension(by)

    async def work() -> list[Any]:
        async with connection() as c:
            known = await names(c, settings())
            items = await read.breakdown(c, rules, id, dimension, query)
            return [(member, known.of(dimension, member), figure) for member, figure in items]

    found = run(work())
    if as_json:
        print_json([
            {"member": m, "name": n, "value": f.value, "numerator": float(f.numerator), "denominator": None if f.denominator is None else float(f.denominator),
             "interval": [f.interval.low, f.interval.high] if f.interval else None} for m, n, f in found
        ])  # fmt: skip
        return
    whole = rules.indicators[id]
    print_table(
        f"{whole.name}（{whole.formula}，{whole.unit}）　{query.window.text}", (dimension.label, "数值", "分子/分母", "95%区间"),
        [(n, f.text, f.counts, f.interval.text if f.interval else "") for _, n, f in found[:50]],
        empty="Nothing in this window; see petitions analytics status",
    )  # fmt: skip


def hot(
    region: str = REGION, start: datetime = FROM, end: datetime = TO, limit: int = LIMIT,
    by: str = typer.Option("site", help="site (place over renaming) or respondent."),
    chronic: bool = typer.Option(False, "--chronic", help="Sites complained of in most months of the last year."),
    as_json: bool = JSON_OPTION,
) -> None:  # fmt: skip
    """Sites or respondents by how many different people complain; one insistent caller is named, not counted as heat."""
    from services.analytics import sites
    from services.analytics.pages import rank_json
    from services.domain.indicators.figures import number

    rules = rule_book().indicators
    query = query_of(rules, region, None, start, end)
    kind: Literal["site", "respondent"] = "respondent" if by == "respondent" else "site"

    async def work() -> list[Any]:
        async with connection() as c:
            if chronic:
                return await sites.chronic(c, rules, query, limit=limit)
            return await sites.hot(c, rules, query, by=kind, limit=limit)

    found = run(work())
    if as_json:
        print_json([rank_json(item) for item in found])
        return
    print_table(
        f"{'长期反复' if chronic else '热点'}　{query.window.text}",
        ("名次", "对象", "人", "件次", "件次名次", "重复", "一人占比", "月", "说明"),
        [
            (i.rank, i.site.name, i.site.voices, number(i.site.submissions), i.rank_by_count, number(i.site.repeats),
             f"{i.site.concentration:.0%}", i.site.months,
             "、".join(text for text, on in (("一人反复", i.one_caller), ("长期", i.chronic), ("曾换名称", i.renamed), (f"{i.site.rebounds}次反弹", i.site.rebounds)) if on))
            for i in found
        ],
        empty="No site in this window.",
    )  # fmt: skip


def rising(
    region: str = REGION, end: datetime = TO, limit: int = LIMIT,
    simulate: bool = typer.Option(False, "--simulate", help="Measure on invented data how often the detector errs."),
    as_json: bool = JSON_OPTION,
) -> None:  # fmt: skip
    """Sites whose last seven days are more than their own past and the season explain."""
    from services.analytics import sites
    from services.analytics.pages import rise_json

    rules = rule_book().indicators
    if simulate:
        _simulate(rules, as_json)
        return
    query = query_of(rules, region, None, None, end)

    async def work() -> list[Any]:
        async with connection() as c:
            return await sites.rising(c, rules, query.window.end, query, limit=limit)

    found = run(work())
    if as_json:
        print_json([rise_json(item) for item in found])
        return
    print_table(
        f"上升　至 {query.window.end} 的 7 日，按不同信访人", ("对象", "本周人数", "预期", "倍数", "偶然概率"),
        [(r.name, r.rise.now, round(r.rise.expected, 1), round(r.rise.times, 1), f"{r.rise.p:.1e}") for r in found],
        empty="Nothing rises beyond its past and season this week.",
    )  # fmt: skip
    console.print("how often it errs: petitions rising --simulate", style="dim", markup=False)


def _simulate(rules: IndicatorRules, as_json: bool) -> None:
    from services.domain.indicators.rising import measure

    found = [measure(rules.thresholds, factor=factor, alpha=alpha) for factor in (3.0, 6.0) for alpha in (0.001, 0.3, 1.0)]
    labels = [(factor, alpha) for factor in (3.0, 6.0) for alpha in (0.001, 0.3, 1.0)]
    if as_json:
        print_json([
            {"factor": f, "dispersion": a, "false_alarm_rate": m.false_alarm_rate, "weeks_with_false_alarm": m.weeks_with_false_alarm,
             "weeks": m.weeks, "power": m.power} for (f, a), m in zip(labels, found, strict=True)
        ])  # fmt: skip
        return
    print_table(
        "模拟：400 个对象、78 周、有季节，每周埋一处真上升", ("真上升倍数", "突发程度", "误报/对象·周", "有误报的周", "当周发现真上升"),
        [(f, a, f"{m.false_alarm_rate:.3%}", f"{m.weeks_with_false_alarm}/{m.weeks}", f"{m.power:.0%}") for (f, a), m in zip(labels, found, strict=True)],
        empty="",
    )  # fmt: skip


def matter(
    case: str = typer.Argument(help="Case number, case id, or the receipt number of one of its complaints."),
    svg: Path = typer.Option(None, help="Also write network and timeline as SVG into this folder."),
    as_json: bool = JSON_OPTION,
) -> None:
    """One matter across its close-outs: rounds, complaints, and how they came together."""
    from services.analytics import matters
    from services.analytics.pages import story_json
    from services.domain.indicators.figures import number


    async def work() -> Story | None:
        async with connection() as c:
            found = await matters.find(c, case)
            return await matters.story(c, found) if found else None

    told = run(work())
    if told is None:
        raise Failed(f"no counted case is called {case}; list cases with petitions cases, see petitions analytics status")
    if svg:
        from services.analytics.charts import courses, render, walk
        from services.analytics.charts.theme import Paths

        svg.mkdir(parents=True, exist_ok=True)
        name = told.case["respondent"] or told.case["case_no"]
        (svg / "network.svg").write_text(walk.draw(told.network, Paths(), f"{name}的信访网络"), "utf-8")
        (svg / "timeline.svg").write_text(render.to_svg(courses.timeline(told, Paths())), "utf-8")
    if as_json:
        print_json(story_json(told))
        return
    row = told.case
    console.print(f"[bold]{row['case_no']}[/bold]  {row['respondent'] or ''} {row['place'] or ''}  {row['status_label']}")
    console.print(f"{number(row['complaints'])} 件次 {row['reporters']} 人，{row['ordinal']} 轮，{told.closed} 次销号，{row['rebounds']} 次反弹", markup=False)
    moments = sorted((*told.moments, *told.merging), key=lambda m: (m.at, m.lane))
    print_table("经过", ("时间", "轮", "事", "内容", "谁"),
                [(f"{m.at:%Y-%m-%d %H:%M}", m.round, m.label, m.text, m.by) for m in moments], empty="尚无记录")  # fmt: skip
    if svg:
        console.print(f"wrote {svg / 'network.svg'} and {svg / 'timeline.svg'}", style="dim", markup=False)


def brief(
    region: str = typer.Option(..., help="The district (six digits)."),
    end: datetime = TO,
    out: Path = typer.Option(None, "--out", "-o", help="Where to; 周报-REGION-DAY.docx here where not given."),
    who: str = typer.Option(None, "--as", help="Who takes it; the login name where not given."),
) -> None:
    """The weekly brief of a district: one page of Word with its charts."""
    from services.analytics.exports.brief import brief as draw_brief
    from services.analytics.exports.workbook import Mark
    from services.analytics.names import names
    from services.analytics.report import report

    rules = rule_book().indicators
    query = query_of(rules, region, None, None, end, days=7)

    async def work() -> bytes:
        async with connection() as c:
            known = await names(c, settings())
            if region not in known.region:
                raise Failed(f"there is no district {region}; the city file has {', '.join(known.region)}")
            found = await report(c, rules, query, day_of(datetime.now(UTC)))
            return draw_brief(found, known, Mark(who or getpass.getuser(), datetime.now(UTC)))

    path = out or Path(f"周报-{region}-{query.window.end}.docx")
    path.write_bytes(run(work()))
    console.print(f"wrote {path}", markup=False)


@app.command()
def rebuild(as_json: bool = JSON_OPTION) -> None:
    """Count everything anew from the log; the live feed may go on, readers see old figures or new ones."""
    from services.analytics.rebuild import rebuild as count_anew
    from services.infra.postgres import create_pool


    async def work() -> int:
        configured = settings()
        assert configured.database is not None
        pool = await create_pool(configured.database.get_secret_value(), service="cli", size=2)
        try:
            with Progress(console=console, disable=as_json or not console.is_terminal) as bar:
                task = bar.add_task("counting", total=None)
                return await count_anew(pool, rule_book(), lambda done, total: bar.update(task, completed=done, total=total))
        finally:
            await pool.close()

    counted = run(work())
    if as_json:
        print_json({"counted": counted})
        return
    console.print(f"counted {counted} complaints and cases anew; next: petitions indicators", markup=False)


STATUS = """
SELECT (SELECT count(*) FROM analytics.touched) AS waiting, (SELECT count(*) FROM analytics.dirty_days) AS days,
       (SELECT count(*) FROM analytics.complaint_facts) AS complaints, (SELECT count(*) FROM analytics.case_facts) AS cases,
       (SELECT min(received_on) FROM analytics.complaint_facts) AS first, (SELECT max(received_on) FROM analytics.complaint_facts) AS last,
       s.refreshed_at, s.dictionary FROM analytics.state s
"""


@app.command()
def status(as_json: bool = JSON_OPTION) -> None:
    """How far the counting is, and under which dictionary."""

    async def work() -> dict[str, Any]:
        async with connection() as c:
            return dict(await c.fetchrow(STATUS))

    found = run(work())
    version = rule_book().version
    found["dictionary_current"] = found["dictionary"] in (None, version)
    if as_json:
        print_json(found)
        return
    labels = {"waiting": "待重计", "days": "待汇总日", "complaints": "信访件", "cases": "案件", "first": "最早", "last": "最近", "refreshed_at": "最近汇总"}
    print_table("统计", tuple(labels.values()), [tuple(found[key] for key in labels)], empty="")
    if not found["dictionary_current"]:
        console.print("the rules changed since the sums were made; next: petitions analytics rebuild", markup=False)


def today() -> date:
    """The day in China."""
    return day_of(datetime.now(UTC))
