"""The registers' office: people on duty, uploads, records, a pager on a clock that only moves when told."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Sequence
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4, uuid5

import xlsxwriter

from contracts.cases import EmergencySuspected
from contracts.complaints import Region
from contracts.envelope import Event
from contracts.topics import BY_NAME, CASE_CHANGED, EMERGENCY
from services.domain.city import City
from services.domain.principals import Principal, Role
from services.domain.refusals import Refusal
from services.infra.batches import Batches
from services.infra.cities import load_city
from services.infra.clock import FrozenClock
from services.infra.failures import DeadLetterCount, DeadLetterLimit
from services.infra.postgres import Pool
from services.infra.records import Record
from services.infra.unit_of_work import begin
from services.infra.vault import Vault
from services.registers.emergencies.acts import Duty
from services.registers.emergencies.paging import sweep
from services.registers.handlers import Following, Suspecting
from services.registers.importing import Register, Taken, Upload, take_in
from tests.support.office import SPACE, START, rule_book


@cache
def city() -> City:
    return load_city(Path("deploy/city/example"))


def person(id: str, *roles: Role, unit: str | None = None, regions: Sequence[str] = ("470300",)) -> Principal:
    return Principal(id, f"人员{id}", frozenset(roles), unit, frozenset(regions))


DUTY_OFFICER = person("duty", Role.DUTY_OFFICER)
ELSEWHERE = person("elsewhere", Role.DUTY_OFFICER, regions=("470381",))
KEEPER = person("keeper", Role.SUPERVISOR)
COUNTY_KEEPER = person("county", Role.SUPERVISOR, regions=("470322",))
OFFICER = person("officer", Role.OFFICER, unit="da-hb", regions=("470302",))
STRANGER = person("stranger", Role.CALL_BACK)
MACHINE = Principal("machine", "某系统", frozenset({Role.DUTY_OFFICER, Role.SUPERVISOR}), None, frozenset({"470300"}), person=False)


def workbook(*rows: Sequence[Any]) -> bytes:
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"strings_to_formulas": False})
    page = book.add_worksheet("表")
    for number, row in enumerate(rows):
        page.write_row(number, 0, row)
    book.close()
    return out.getvalue()


def suspected(number: int = 1, *triggers: str, **changes: Any) -> EmergencySuspected:
    fields: dict[str, Any] = {
        "event_id": uuid4(), "occurred_at": START, "complaint_id": uuid5(SPACE, f"complaint/{number}"),
        "receipt_no": f"YZ20260302-{number:06d}-1", "region": Region(code="470302", city="470300", confidence=1.0),
        "triggers": triggers or ("油罐车侧翻",), "received_at": START, "report_due_at": START,
    }  # fmt: skip
    return EmergencySuspected(**(fields | changes))


def record(event: Event, topic: str, *, offset: int | None = None) -> Record:
    headers = {"ce_id": str(event.event_id), "ce_source": "petitions/test"}
    return Record(topic, 0, uuid4().int % 10**9 if offset is None else offset, b"k", event.to_bytes(), headers, 1)


STORED = """
INSERT INTO casework.files (sha256, kind, media_type, size, state, uploaded_by, at) VALUES ($1, 'photo', 'image/jpeg', 9, 'stored', 'x', $2)
ON CONFLICT DO NOTHING
"""


class RegisterDesk:
    """Registers over one database."""

    def __init__(self, pool: Pool, vault: Vault, clock: FrozenClock | None = None) -> None:
        self.pool, self.vault = pool, vault
        self.clock = clock or FrozenClock(START)
        self.rules = rule_book()
        self.city = city()
        self.duty = Duty(self.rules.emergency, self.city)

    def begin(self) -> Any:
        return begin(self.pool, service="registers", vault=self.vault, clock=self.clock)

    async def act(self, act: Any, *arguments: Any, **named: Any) -> Any:
        """One act in a transaction of its own."""
        async with self.begin() as unit:
            return await act(unit, *arguments, **named)

    async def done(self, act: Any, *arguments: Any, **named: Any) -> Any:
        """An act that must be done."""
        result = await self.act(act, *arguments, **named)
        assert not isinstance(result, Refusal), result
        return result

    async def suspect(self, *events: EmergencySuspected) -> None:
        """Through the inbox, as a batch of records."""
        await self.batches().run([record(event, EMERGENCY.name) for event in events], Suspecting(self.duty).handle)

    def batches(self) -> Batches:
        count = DeadLetterCount(DeadLetterLimit(ratio=1.0, run=10))
        return Batches("registers-emergency", self.pool, self.vault, count, retry_seconds=10, clock=self.clock)

    async def follow(self) -> None:
        """Every change of a case that waits in the outbox, as Kafka would bring it."""
        rows = await self.pool.fetch("SELECT event_id, value, headers FROM bus.outbox WHERE topic = $1 ORDER BY id", CASE_CHANGED.name)
        records = [Record(CASE_CHANGED.name, 0, n, b"k", row["value"], row["headers"], 1) for n, row in enumerate(rows)]
        count = DeadLetterCount(DeadLetterLimit(ratio=1.0, run=10))
        batches = Batches("registers", self.pool, self.vault, count, retry_seconds=10, clock=self.clock)
        await batches.run(records, Following(self.rules).handle)

    async def page(self) -> int:
        """One sweep."""
        async with self.begin() as unit:
            return await sweep(unit, self.duty)

    async def take(self, actor: Principal, register: Register, data: bytes, *, check: bool = False, **columns: str) -> Taken | Refusal:
        """One import."""
        upload = Upload(data, "台账.xlsx", columns)
        result: Taken | Refusal = await self.act(take_in, actor, register, upload, check=check)
        return result

    async def stored(self, name: str) -> str:
        """The hash of a file in the evidence store."""
        sha256 = hashlib.sha256(name.encode()).hexdigest()
        await self.pool.execute(STORED, sha256, self.clock())
        return sha256

    async def told(self, topic: str) -> list[Any]:
        """Events of a topic in the outbox, in order."""
        rows = await self.pool.fetch("SELECT value FROM bus.outbox WHERE topic = $1 ORDER BY id", topic)
        return [BY_NAME[topic].payload.model_validate_json(row["value"]) for row in rows]


def emergency_id(number: int = 1) -> UUID:
    return uuid5(uuid5(SPACE, f"complaint/{number}"), "emergency")


def at(hour: int, minute: int = 0) -> datetime:
    return START.replace(hour=hour, minute=minute)


