"""`make office`: six simulated months of a scripted office over real complaints, through every service.

    python -m tests.simulation.office [--complaints 1000] [--seed 1] [--officers 30] [--from 2025-09-01] [--json FILE]

Intake, triage, dispatch, casework and supervision are the real ones, over a PostgreSQL of their own; only the bus is
carried within the process and the clock is moved by hand. The complaints are public hotline tickets read from
../shared/data (see the README there); where that folder is absent it says so and works on invented ones. None of their
sentences is kept: the database is removed at the end. Equal arguments give equal figures.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import tempfile
import time
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import Progress

from services.demo.history import invented_complaints
from services.demo.office.figures import Report, report, show
from services.demo.office.luck import Luck
from services.demo.office.public import Complaint
from services.demo.office.run import Course, ScriptedOffice
from services.demo.office.town import Town
from services.domain.clocks.calendar import CHINA
from services.domain.sealing import Keyring
from services.infra import log
from services.infra.clock import FrozenClock
from services.infra.migrations import migrate
from services.infra.postgres import create_pool
from services.infra.settings import Settings, repository_root
from services.infra.vault import Vault
from services.stack import Postgres

TICKETS = repository_root().parent / "shared" / "data" / "tickets_2018.jsonl"
GOLD = "tickets_2018_gold.jsonl"
MONTHS, ARRIVE = 6, 100
"""Complaints arrive over the first hundred of the hundred and eighty days, so that most cases can reach their end."""
DISTRICTS = {"龙华区": "470302", "秀英区": "470303", "琼山区": "470304", "美兰区": "470321"}
"""The tickets' districts, each played by one of the example city."""
SAME_PERSON = 0.35
"""How often a later ticket of one matter is by somebody who wrote before (the tickets do not say; invented)."""


def tickets(path: Path, count: int, start: datetime, luck: Luck) -> list[Complaint]:
    """Environmental tickets in their order, their times stretched over the arrival days, with invented petitioners."""
    gold = {row["id"]: row for row in map(json.loads, (path.parent / GOLD).open(encoding="utf-8"))}
    rows = [row for row in map(json.loads, path.open(encoding="utf-8")) if gold.get(row["id"], {}).get("env")]
    rows = sorted(rows, key=lambda row: row["id"])[:count]
    voices: dict[str, list[int]] = {}
    found = []
    for n, row in enumerate(rows):
        matter = str(gold[row["id"]].get("matter") or row["id"])
        known = voices.setdefault(matter, [])
        draw = luck.of("voice", row["id"])
        person = draw.pick("who", known) if known and draw.happens("same", SAME_PERSON) else n
        known.append(person)
        body: dict[str, Any] = {
            "source": "hotline-12345", "channel": "HOTLINE_12345", "text": row["text"], "petitioner": {
                "name": f"来电人{person}", "phone": f"1990000{person:04d}", "reply_wanted": True},
        }  # fmt: skip
        if row["address"]:
            body["address"] = row["address"]
        if district := next((code for name, code in DISTRICTS.items() if name in row["text"]), None):
            body["region_code"] = district
        at = start + timedelta(days=ARRIVE * n / len(rows), hours=9, minutes=int(draw.share("minute") * 540))
        found.append(Complaint(at, f"T{row['id']}", body))
    return found


async def simulate(settings: Settings, seed: str, count: int, officers: int, since: datetime) -> tuple[Course, Report]:
    """Fill a fresh database with half a year."""
    clock, until = FrozenClock(since), since + timedelta(days=30 * MONTHS)
    luck = Luck(f"office/{seed}")
    assert settings.database is not None
    pool = await create_pool(settings.database.get_secret_value(), service="office", size=4)
    try:
        if TICKETS.exists():
            complaints = tickets(TICKETS, count, since, luck)
        else:
            print(f"{TICKETS} is not there: working on invented complaints instead", file=sys.stderr)
            complaints = invented_complaints(seed, since, since + timedelta(days=ARRIVE))[:count]
        town = await Town.found(settings, pool, Vault.from_settings(settings), clock, seed=seed)
        office = ScriptedOffice(town, seed=f"office/{seed}", officers=officers)
        with Progress(console=Console(stderr=True), transient=True) as bar:
            task = bar.add_task("six months", total=(until - since).days)
            course = await office.work(
                complaints, since, until, progress=lambda at: bar.update(task, completed=(at - since).days, description=f"{at:%Y-%m-%d}")
            )
        return course, await report(town, course)
    finally:
        await pool.close()


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--complaints", type=int, default=1000)
    parser.add_argument("--seed", default="1")
    parser.add_argument("--officers", type=int, default=30)
    parser.add_argument("--from", dest="since", type=date.fromisoformat, default=date(2025, 9, 1))
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    log.configure("office", level="ERROR", format="console")
    since = datetime(arguments.since.year, arguments.since.month, arguments.since.day, tzinfo=CHINA)
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as home:
        postgres = Postgres(Path(home).resolve())
        port = postgres.start().port
        try:
            dsn = postgres.dsn(port)
            migrate(dsn)
            settings = Settings(home=Path(home), database=dsn, vault_key=Keyring.generate().to_json(), token_key="office")  # type: ignore[arg-type]
            course, found = asyncio.run(simulate(settings, arguments.seed, arguments.complaints, arguments.officers, since))
        finally:
            postgres.stop()
    show(Console(), course, found)
    print(f"{time.monotonic() - began:.0f} s")
    if arguments.json:
        arguments.json.write_text(json.dumps(found.as_json(), ensure_ascii=False, indent=2) + "\n", "utf-8")


if __name__ == "__main__":
    main()
