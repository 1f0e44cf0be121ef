"""`petitions demo`: a stream of invented complaints through the real system, shown live, judged by what is known of it."""

from __future__ import annotations

import asyncio
import os
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import typer
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.structs import TopicPartition
from rich.progress import Progress

from contracts.topics import EMERGENCY, SUBMITTED
from services.commands.local import bring_up
from services.commands.output import console, print_table
from services.commands.session import connection, console_address
from services.demo.check import CaseRow, ComplaintRow, Outcome, Summary, check
from services.demo.people import PASSWORD, introduce_people
from services.demo.snapshot import AssignedCase, SetAside, Snapshot, Stage
from services.demo.stream import DemoRecord, Fate, stream
from services.demo.view import View
from services.infra import log
from services.infra.cities import load_city
from services.infra.kafka import client_options
from services.infra.postgres import Connection, create_pool
from services.infra.settings import Settings
from services.infra.vault import Vault
from services.stack import stop, supervisor

SEED = 20261124
WATCHED_PER_SECOND = 30
"""A rate at which a person can follow single cases; without a terminal everything is published at once."""
SETTLE_SECONDS = 120.0
PROGRESS = """
SELECT (SELECT count(*) FROM intake.complaints WHERE registered_at >= $1) AS registered,
       (SELECT coalesce(sum(resends), 0)::int FROM intake.complaints WHERE external_id = ANY($2)) AS resends,
       (SELECT count(*) FROM triage.complaints t JOIN intake.complaints c USING (id) WHERE c.registered_at >= $1) AS triaged,
       (SELECT count(*) FROM triage.cases WHERE opened_at >= $1) AS cases,
       (SELECT count(*) FROM triage.links WHERE at >= $1 AND act = 'link' AND band = 'auto') AS links,
       (SELECT count(*) FROM triage.links WHERE at >= $1 AND act = 'suggest') AS suggestions,
       (SELECT count(DISTINCT a.case_id) FROM dispatch.assignments a JOIN triage.cases k ON k.id = a.case_id WHERE k.opened_at >= $1) AS assigned,
       (SELECT count(*) FROM dispatch.leader_assignments WHERE at >= $1) AS leaders,
       (SELECT count(*) FROM dispatch.task_forces WHERE at >= $1) AS task_forces,
       (SELECT count(*) FROM bus.dead_letters WHERE at >= $1) AS set_aside,
       (SELECT count(*) FROM bus.outbox) AS outbox
"""
NEWEST = """
SELECT c.case_no, c.matter, c.complaints, c.reporters, a.event AS assigned, l.event AS leader, t.template
FROM dispatch.assignments a JOIN triage.cases c ON c.id = a.case_id
LEFT JOIN dispatch.leader_assignments l ON l.case_id = c.id LEFT JOIN dispatch.task_forces t ON t.case_id = c.id
WHERE a.at >= $1 ORDER BY coalesce(l.at, a.at) DESC LIMIT 12
"""
SET_ASIDE = "SELECT verdict, consumer, reason, reasons FROM bus.dead_letters WHERE at >= $1 ORDER BY at DESC LIMIT 6"
COMPLAINTS = """
SELECT c.id, c.source, c.external_id, c.resends, c.version, v.case_id, s.case_id AS suggested FROM intake.complaints c
LEFT JOIN triage.live_links v ON v.complaint_id = c.id
LEFT JOIN LATERAL (SELECT case_id FROM triage.links k WHERE k.complaint_id = c.id AND k.act = 'suggest' LIMIT 1) s ON true WHERE c.external_id = ANY($1)
"""
CASES = """
SELECT c.id, a.lead_unit, l.leader_id, t.id IS NOT NULL AS force FROM triage.cases c
LEFT JOIN dispatch.assignments a ON a.case_id = c.id AND a.sequence = 1
LEFT JOIN dispatch.leader_assignments l ON l.case_id = c.id LEFT JOIN dispatch.task_forces t ON t.case_id = c.id
WHERE c.id = ANY($1)
"""
REJECTIONS = "SELECT verdict, reasons FROM bus.dead_letters WHERE at >= $1"


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("demo")(demo)


def demo(
    rate: int = typer.Option(WATCHED_PER_SECOND, min=1, help="Complaints a second, where somebody watches."),
    keep: bool = typer.Option(False, "--keep", help="Leave the stack up even without a terminal."),
    history: bool = typer.Option(True, "--history/--no-history", help="Where somebody watches: half a year of invented history first."),
) -> None:
    """Start everything, publish some 450 invented complaints, watch them arrive; without a terminal judge and stop."""
    watched = console.is_terminal and os.environ.get("CI", "").lower() not in ("1", "true")
    settings = bring_up(None, before=_tell_history if watched and history else None)
    _load_registers()
    summary = asyncio.run(_run(settings, rate if watched else None))
    if watched:
        asyncio.run(_introduce(settings))
        sys.exit(0 if summary.good else 1)
    if not keep:
        supervisor.stop(settings.home)
        stop(settings)
    for failure in summary.failures:
        console.print(f"✗ {failure}", markup=False)
    print(orjson.dumps(summary.as_dict()).decode())
    sys.exit(0 if summary.good else 1)


async def _introduce(settings: Settings) -> None:
    """Make the invented people and say where and as whom to log in."""
    async with connection(settings) as c:
        people = await introduce_people(c, load_city(settings.city), datetime.now(UTC))
    print_table(f"登录（密码都是 {PASSWORD}）", ("登录名", "姓名", "职责"), people, empty="")
    address = console_address(settings)
    console.print(f"open {address or 'the address petitions status shows under http'}", markup=False)


def _tell_history(settings: Settings) -> None:
    """Half a year of invented petitions, told and worked before the services start, so that pages and charts have something to say."""
    from services.demo.history import MONTHS

    log.configure("history", level="ERROR", format="console")
    console.print("half a year of invented history first: a minute or two, once (--no-history leaves it out)", style="dim", markup=False)
    until = datetime.now(UTC)
    span = timedelta(days=30 * MONTHS)
    with Progress(console=console, transient=True) as bar:
        task = bar.add_task("history", total=span.days)
        told = asyncio.run(_history(settings, until, lambda at: bar.update(task, completed=(at - until + span).days, description=f"{at:%Y-%m-%d}")))
    if told is not None:
        console.print(f"{told['登记']} complaints and {told['案件']} cases of the last half year", style="dim", markup=False)


async def _history(settings: Settings, until: datetime, progress: Callable[[datetime], None]) -> Mapping[str, int] | None:
    """Counts of the work told; None where the database has a past already."""
    from services.demo.history import HistoryThere, fill_history

    assert settings.database is not None
    pool = await create_pool(settings.database.get_secret_value(), service="history", size=4)
    try:
        report = await fill_history(settings, pool, Vault.from_settings(settings), until=until, progress=progress)
        return report.work
    except HistoryThere:
        return None
    finally:
        await pool.close()


def _load_registers() -> None:
    """The example city's risk sources, stations, supplies and ledger, so that complaints meet them; again it changes nothing."""
    from services.commands.register_folder import city_folder, load_folder

    if city_folder().is_dir():
        loaded = load_folder(city_folder())
        console.print("；".join(f"{taken.register}{taken.rows}条" for _, taken in loaded), style="dim", markup=False)


async def _run(settings: Settings, rate: int | None) -> Summary:
    truth = stream(SEED, datetime.now(UTC))
    ids = [r.expectation.identity[1] for r in truth if r.expectation.fate is not Fate.REJECTED]
    since = datetime.now(UTC)
    began = time.monotonic()
    sent = [0]
    async with connection(settings) as c:
        others = await c.fetchval("SELECT EXISTS (SELECT FROM intake.complaints)")
        again = await c.fetchval("SELECT EXISTS (SELECT FROM intake.complaints WHERE external_id = ANY($1))", ids)
        publishing = asyncio.create_task(_publish(settings, truth, rate, sent))
        if rate is None:
            await publishing
            progress = await _settle(c, since, ids, truth, None, began, sent)
            return judged(check(truth, await _outcome(settings, c, since, ids, progress), alone=not others), again)
        with View(console) as view:
            progress = await _settle(c, since, ids, truth, view, began, sent)
        await publishing
        summary = judged(check(truth, await _outcome(settings, c, since, ids, progress), alone=not others), again)
        view.finish(summary)
        return summary


def judged(summary: Summary, again: bool) -> Summary:
    """Where the same complaints lie here from an earlier run, what is registered is no longer only ours to judge."""
    return replace(summary, failures=()) if again else summary


async def _publish(settings: Settings, truth: Sequence[DemoRecord], rate: int | None, sent: list[int]) -> None:
    producer = AIOKafkaProducer(
        **client_options(settings), acks="all", enable_idempotence=True, max_request_size=SUBMITTED.max_bytes
    )
    await producer.start()
    try:
        began = time.monotonic()
        for n, record in enumerate(truth, 1):
            await producer.send(SUBMITTED.name, value=record.value, key=record.key, headers=record.headers)
            sent[0] = n
            if rate is not None:
                await asyncio.sleep(max(0.0, began + n / rate - time.monotonic()))
        await producer.flush()
    finally:
        await producer.stop()


async def _settle(
    c: Connection, since: datetime, ids: list[str], truth: Sequence[DemoRecord], view: View | None, began: float, sent: list[int]
) -> dict[str, Any]:
    """Watch until every record reached its end or nothing moved for too long; the last progress and its seconds."""
    wanted = len(set(ids))
    rejected = sum(r.expectation.fate is Fate.REJECTED for r in truth)
    deadline = time.monotonic() + SETTLE_SECONDS
    while True:
        row = dict(await c.fetchrow(PROGRESS, since, ids))
        row["seconds"] = time.monotonic() - began
        if view is not None:
            view.show(await _snapshot(c, since, row, len(truth), sent[0]))
        handled = row["registered"] + row["resends"] + row["set_aside"]
        done = row["triaged"] >= wanted and row["assigned"] >= row["cases"] and row["set_aside"] >= rejected
        if done and row["outbox"] == 0 and sent[0] == len(truth) and handled >= wanted + rejected:
            return row
        if time.monotonic() > deadline:
            return row
        await asyncio.sleep(0.25)


async def _snapshot(c: Connection, since: datetime, row: dict[str, Any], total: int, sent: int) -> Snapshot:
    stages = (
        Stage("发布", sent),
        Stage("登记", row["registered"], max(0, sent - row["registered"] - row["resends"] - row["set_aside"]), f"重复投递 {row['resends']}"),
        Stage("研判", row["triaged"], row["registered"] - row["triaged"], f"自动关联 {row['links']} · 请人判断 {row['suggestions']}"),
        Stage("交办", row["assigned"], row["cases"] - row["assigned"], f"包案 {row['leaders']} · 专班 {row['task_forces']}"),
        Stage("待发布事件", 0, row["outbox"]),
    )
    assigned = [
        AssignedCase(
            case_no=r["case_no"], subject=_subject(r["matter"]), lead_unit=r["assigned"]["lead"]["name"],
            complaints=r["complaints"], reporters=r["reporters"],
            co_handling=[u["name"] for u in r["assigned"].get("co_handling", ())],
            leader=r["leader"]["name"] if r["leader"] else None, task_force=r["template"],
            why=[*((r["leader"] or {}).get("reasons", ())), *r["assigned"].get("reasons", ())],
        )
        for r in await c.fetch(NEWEST, since)
    ]  # fmt: skip
    aside = []
    for r in await c.fetch(SET_ASIDE, since):
        first = r["reasons"][0] if r["reasons"] else {}
        reason = f"{first['field']}: {first['reason_zh']}" if first else r["reason"]
        aside.append(SetAside("退回" if first else r["verdict"], r["consumer"], reason, first.get("remedy_zh", "")))
    counts = {"案件": row["cases"], "关联": row["links"], "包案领导": row["leaders"], "专班": row["task_forces"]}
    settled = row["triaged"] + row["resends"] + row["set_aside"]
    return Snapshot(row["seconds"], sent, total, stages, settled, assigned, aside, counts)


async def _outcome(settings: Settings, c: Connection, since: datetime, ids: list[str], progress: dict[str, Any]) -> Outcome:
    alarms = await _announced(settings)
    complaints = [
        ComplaintRow(r["source"], r["external_id"], r["case_id"], r["resends"], r["version"], str(r["id"]) in alarms, r["suggested"])
        for r in await c.fetch(COMPLAINTS, ids)
    ]
    cases = await c.fetch(CASES, list({row.case_id for row in complaints if row.case_id}))
    letters = await c.fetch(REJECTIONS, since)
    return Outcome(
        complaints=complaints,
        cases=[CaseRow(r["id"], r["lead_unit"], r["leader_id"], r["force"]) for r in cases],
        rejections=[tuple(f"{x['field']}: {x['code']}" for x in r["reasons"]) for r in letters if r["reasons"]],
        dead_lettered=len(letters),
        seconds=progress["seconds"],
    )


async def _announced(settings: Settings) -> set[str]:
    """Complaints announced as suspected emergencies, from the topic itself."""
    consumer = AIOKafkaConsumer(**client_options(settings), enable_auto_commit=False, auto_offset_reset="earliest")
    await consumer.start()
    try:
        parts = [TopicPartition(EMERGENCY.name, n) for n in range(EMERGENCY.partitions)]
        consumer.assign(parts)
        found: set[str] = set()
        for part, end in (await consumer.end_offsets(parts)).items():
            await consumer.seek_to_beginning(part)
            while await consumer.position(part) < end:
                for records in (await consumer.getmany(part, timeout_ms=1000)).values():
                    found |= {orjson.loads(record.value)["complaint_id"] for record in records}
        return found
    finally:
        await consumer.stop()


def _subject(matter: dict[str, Any]) -> str:
    kind = matter.get("subtype") or "、".join(t["type"] for t in matter.get("types", ())) or "其他"
    return " ".join(filter(None, (kind, matter.get("respondent"), matter.get("place"))))
