"""`petitions up`, `down`, `status`, `doctor`: the installation on this machine, or the configured one."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Callable
from typing import Any

import psycopg
import typer

from services.commands.access import synchronise
from services.commands.operator import enter_operator
from services.commands.output import JSON_OPTION, Failed, console, print_json, print_table, run
from services.commands.session import console_address
from services.infra.cities import load_city
from services.infra.failures import TRANSIENT, describe
from services.infra.migrations import migrate
from services.infra.settings import Settings, UnknownSettings, load
from services.infra.topics import create_topics
from services.registry import SERVICES, layout_of, process_names
from services.stack import StackError, doctor, start, state, stop, supervisor

READY_SECONDS = 120.0
DATABASE_REFUSES: tuple[type[BaseException], ...] = (psycopg.OperationalError, *TRANSIENT)
COUNTS = """
SELECT (SELECT count(*) FROM intake.complaints) AS registered, (SELECT coalesce(sum(resends), 0) FROM intake.complaints) AS resends,
       (SELECT count(*) FROM triage.complaints) AS triaged, (SELECT count(*) FROM triage.cases WHERE complaints > 0) AS cases,
       (SELECT count(*) FROM dispatch.assignments) AS assigned, (SELECT count(*) FROM dispatch.leader_assignments) AS leaders,
       (SELECT count(*) FROM dispatch.task_forces) AS task_forces,
       (SELECT count(*) FROM bus.dead_letters WHERE state = 'waiting') AS dead_letters,
       (SELECT count(*) FROM dispatch.leaders_wanted WHERE appointed_at IS NULL) AS leaders_wanted, (SELECT count(*) FROM bus.outbox) AS outbox,
       (SELECT count(*) FROM casework.parked) AS parked
"""


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("up")(up)
    app.command("down")(down)
    app.command("migrate")(migrate_servers)
    app.command("status")(status)
    app.command("doctor")(examine)
    app.command("run-services", hidden=True)(supervise)


def configured() -> Settings:
    """The settings; raises `Failed` for a misspelt one."""
    try:
        return load()
    except UnknownSettings as failure:
        raise Failed(str(failure)) from None


def bring_up(services: str | None, before: Callable[[Settings], None] | None = None) -> Settings:
    """Broker, database, schema and topics, then the services in the background, ready to work.

    `before` is called with servers up and services not yet started; not at all where they run already.
    """
    settings = configured()
    began = time.monotonic()
    try:
        with console.status("starting") as spinner:
            resolved = start(settings, lambda text: spinner.update(text))
            assert resolved.database is not None
            spinner.update("schema and topics")
            reach(resolved)
            asyncio.run(_enter_people(resolved, own=settings.database is None))
            if state.State(settings.home).running("supervisor") is None:
                if before is not None:
                    spinner.stop()
                    before(resolved)
                    spinner.start()
                supervisor.stop(settings.home)
                supervisor.detach(settings, services or ",".join(SERVICES))
            spinner.update("waiting for the services")
            _wait_ready(settings, services)
    except StackError as failure:
        raise Failed(str(failure)) from None
    console.print(f"up in {time.monotonic() - began:.1f} s", style="dim", markup=False)
    return resolved


async def _enter_people(settings: Settings, *, own: bool) -> None:
    """The city's people may act; on a database of this machine's `own` also whoever started it, at its terminal."""
    from services.commands.session import connection

    city = load_city(settings.city)
    async with connection(settings) as c, c.transaction():
        await synchronise(c, city)
        if own:
            await enter_operator(c, settings, city.code)


def up(
    services: str = typer.Option(None, help="Only these, comma-separated; all of them otherwise."),
    detach: bool = typer.Option(False, "--detach", help="Return once everything is ready; petitions down ends it."),
) -> None:
    """Start what is needed and run the services; in the foreground until Ctrl-C unless --detach."""
    settings = bring_up(services)
    console.print(f"Kafka {settings.kafka}; logs in {settings.home / 'log'}", markup=False)
    if address := console_address(settings):
        asyncio.run(_first_administrator(settings))
        console.print(f"console {address}", markup=False)
    if http := state.State(settings.home).running("http"):
        console.print(f"HTTP API http://{settings.http_host}:{http.port}/api/v1 (document: /api/v1/openapi.json)", markup=False)
    console.print("next: petitions publish FILE, petitions demo, petitions status, petitions down", style="dim", markup=False)
    if detach:
        return
    try:
        while state.State(settings.home).running("supervisor"):
            time.sleep(0.5)
    except KeyboardInterrupt:
        console.print("stopping", markup=False)
        supervisor.stop(settings.home)


async def _first_administrator(settings: Settings) -> None:
    """Where nobody can log in yet, make the administrator and say the password this once."""
    from services.commands.accounts import ADMINISTRATOR, first_administrator
    from services.commands.session import connection

    async with connection(settings) as c, c.transaction():
        password = await first_administrator(c, load_city(settings.city).code)
    if password:
        console.print(f"first administrator: login {ADMINISTRATOR}, password {password} (shown this once)", markup=False)


def migrate_servers(as_json: bool = JSON_OPTION) -> None:
    """Bring schema and topics of the configured (or running) servers up to date; what a deployment runs first."""
    from services.stack import resolve

    try:
        resolved = resolve(configured())
    except StackError as failure:
        raise Failed(str(failure)) from None
    assert resolved.database is not None
    steps, topics = reach(resolved)
    if as_json:
        print_json({"migrations": steps, "topics": topics})
        return
    console.print(f"schema: {', '.join(steps) or 'up to date'}; topics: {f'{len(topics)} made' if topics else 'all there'}", markup=False)


def reach(resolved: Settings) -> tuple[list[str], list[str]]:
    """Migrate and create topics; raises `Failed` naming the server that does not answer. Returns what was done."""
    assert resolved.database is not None
    try:
        steps = migrate(resolved.database.get_secret_value())
    except DATABASE_REFUSES as failure:
        words = str(failure).strip().splitlines()
        raise Failed(
            f"the database does not answer as configured ({words[-1] if words else describe(failure)}): "
            "check PETITIONS_DATABASE, the network and the server, then try again"
        ) from None
    try:
        return steps, asyncio.run(create_topics(resolved))
    except TRANSIENT as failure:
        raise Failed(
            f"Kafka does not answer as configured at {resolved.kafka} ({describe(failure)}): "
            "check PETITIONS_KAFKA and its security settings, the network and the server, then try again"
        ) from None


def down() -> None:
    """End the services, the broker and the database that this clone started, and nothing else."""
    settings = configured()
    ended = ["services"] if supervisor.stop(settings.home) else []
    ended += stop(settings)
    console.print(f"ended: {', '.join(ended)}" if ended else "nothing of this clone was running", markup=False)


def supervise(services: str = typer.Option(",".join(SERVICES))) -> None:
    """Run the service processes in the foreground (what up starts in the background)."""
    supervisor.supervise(configured(), layout_of(services.split(",")))


def status(as_json: bool = JSON_OPTION) -> None:
    """Where everything runs, and how far the complaints are."""
    from services.commands.session import connection
    from services.stack import resolve

    settings = configured()
    report: dict[str, Any] = {"kafka": settings.kafka, "database": None, "running": {}, "counts": {}}
    entries = state.State(settings.home).read()
    report["running"] = {name: {"pid": e.pid, "port": e.port, "alive": e.process() is not None} for name, e in entries.items()}
    try:
        resolved = resolve(settings)
        assert resolved.database is not None
        report |= {"kafka": resolved.kafka, "database": resolved.database.get_secret_value()}

        async def counts() -> dict[str, int]:
            async with connection(resolved) as c:
                return {name: int(value) for name, value in dict(await c.fetchrow(COUNTS)).items()}

        report["counts"] = run(counts())
        problem = None
    except (StackError, Failed) as failure:
        problem = str(failure)
    if as_json:
        print_json({**report, "problem": problem})
    else:
        rows = [(name, e["pid"], f"127.0.0.1:{e['port']}" if e["port"] else "", "运行中" if e["alive"] else "已停止") for name, e in report["running"].items()]
        print_table("进程", ("名称", "pid", "地址", "状态"), rows, empty="Nothing of this clone is running: petitions up")
        if report["counts"]:
            labels = {"registered": "登记", "resends": "重复投递", "triaged": "研判", "cases": "案件", "assigned": "交办", "leaders": "包案", "leaders_wanted": "待定包案",
                      "task_forces": "专班", "dead_letters": "死信待处理", "outbox": "待发布事件", "parked": "待案件的事件"}  # fmt: skip
            print_table("进度", tuple(labels.values()), [tuple(report["counts"][key] for key in labels)], empty="")
    if problem:
        raise Failed(problem)


def examine(as_json: bool = JSON_OPTION) -> None:
    """What is wrong with this installation and how to mend it; exit status 1 where something is."""
    findings = list(doctor.examine(configured()))
    if as_json:
        print_json([{"subject": f.subject, "good": f.good, "text": f.text, "remedy": f.remedy} for f in findings])
    else:
        rows = [("✓" if f.good else "✗", f.subject, f.text, f.remedy) for f in findings]
        print_table("doctor", ("", "what", "found", "remedy"), rows, empty="")
    if not all(f.good for f in findings):
        sys.exit(1)


def _wait_ready(settings: Settings, services: str | None) -> None:
    import httpx

    kept = state.State(settings.home)
    deadline = time.monotonic() + READY_SECONDS
    for name in process_names(layout_of((services or ",".join(SERVICES)).split(","))):
        while True:
            entry = kept.read().get(name)
            try:
                if entry and httpx.get(f"http://127.0.0.1:{entry.port}/readyz", timeout=3, trust_env=False).status_code == 200:
                    break
            except httpx.HTTPError:
                pass
            if time.monotonic() > deadline:
                raise StackError(f"{name} did not become ready within {READY_SECONDS:.0f} s: see {settings.home}/log/{name}.log and petitions doctor")
            time.sleep(0.1)
