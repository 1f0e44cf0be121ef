"""Leaders in charge: due by what the public wrote, not by when it was entered; and nobody is forgotten where none fits."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from contracts.cases import CaseOpened, ComplaintLinked, Matter, ModelVersions, TypeShare
from contracts.complaints import Region
from contracts.envelope import Event
from contracts.topics import LEADER_ASSIGNED, LEADER_WANTED, LINKED, OPENED, Topic
from contracts.vocabulary import LinkBand, LinkKind, PollutionType, SourceChannel
from services.dispatch.handlers import Dispatching
from services.domain.city import City
from services.infra.cities import load_city
from services.infra.clock import FrozenClock
from services.infra.postgres import Pool
from services.infra.records import Record
from services.infra.settings import repository_root
from services.infra.unit_of_work import begin
from services.infra.vault import Vault

NOW = datetime(2026, 11, 26, 2, tzinfo=UTC)
VERSIONS = ModelVersions(model="m", lexicon="l", taxonomy="t")
YEARS_6 = timedelta(days=2200)


@pytest.fixture(scope="module")
def city() -> City:
    return load_city(repository_root() / "deploy" / "city" / "example")


class Office:
    """Dispatch with one database; `hear` handles one event in one transaction."""

    def __init__(self, pool: Pool, vault: Vault, city: City) -> None:
        self.pool, self.vault = pool, vault
        self.dispatching = Dispatching(city, clock=FrozenClock(NOW))
        self.offset = 0

    async def hear(self, topic: Topic, event: Event) -> None:
        self.offset += 1
        record = Record(topic.name, 0, self.offset, b"", event.to_bytes(), {}, 0)
        async with begin(self.pool, service="dispatch", vault=self.vault) as unit:
            await self.dispatching.handle(unit, [record])

    async def open(self, received: datetime) -> UUID:
        case = uuid4()
        await self.hear(OPENED, opened(case, received))
        return case

    async def add(self, case: UUID, received: datetime, *, ordinal: int = 1) -> None:
        await self.hear(LINKED, linked(case, received, ordinal))

    async def said(self, topic: Topic) -> int:
        return int(await self.pool.fetchval("SELECT count(*) FROM bus.outbox WHERE topic = $1", topic.name))


@pytest.fixture
def office(pool: Pool, vault: Vault, city: City) -> Office:
    return Office(pool, vault, city)


def shared(case: UUID, received: datetime) -> dict[str, Any]:
    return dict(
        occurred_at=NOW, case_id=case, complaint_id=uuid4(), receipt_no="r", link_id=uuid4(),
        region=Region(code="470302", city="470300", confidence=1.0), channel=SourceChannel.HOTLINE_12345,
        received_at=received, registered_at=NOW,
    )  # fmt: skip


def opened(case: UUID, received: datetime) -> CaseOpened:
    noise = TypeShare(type=PollutionType.NOISE, probability=0.97)
    matter = Matter(environmental=0.99, types=(noise,), subtype="建筑施工噪声", subtype_probability=0.9, versions=VERSIONS)
    return CaseOpened(case_no=f"AJ{case.hex[:6]}", matter=matter, **shared(case, received))


def linked(case: UUID, received: datetime, ordinal: int) -> ComplaintLinked:
    return ComplaintLinked(
        kind=LinkKind.REPEAT_PETITION, band=LinkBand.AUTO, score=0.9, decided_by="machine", complaints=max(2, ordinal), reporters=1,
        repeat_ordinal=ordinal, versions=VERSIONS, **shared(case, received),
    )  # fmt: skip


async def test_an_old_letter_that_is_only_now_entered_makes_no_leader_due(office: Office) -> None:
    await office.open(NOW - YEARS_6)
    assert (await office.said(LEADER_ASSIGNED), await office.said(LEADER_WANTED)) == (0, 0)


@pytest.mark.parametrize("order", ["as written", "the other way round"])
async def test_a_matter_written_of_for_five_years_gets_a_leader_in_whatever_order_its_letters_arrive(office: Office, order: str) -> None:
    first, last = (NOW - YEARS_6, NOW) if order == "as written" else (NOW, NOW - YEARS_6)
    case = await office.open(first)
    await office.add(case, last)
    assert await office.said(LEADER_ASSIGNED) == 1


async def test_where_no_leader_fits_it_is_told_once_and_ends_when_one_does(office: Office, city: City) -> None:
    full = {leader.id: leader.load_limit for leader in city.document.leaders}
    async with office.pool.acquire() as connection:
        for leader, limit in full.items():
            for _ in range(limit):
                await connection.execute("INSERT INTO dispatch.cases (case_id, leader_id) VALUES ($1, $2)", uuid4(), leader)
    case = await office.open(NOW)
    await office.add(case, NOW, ordinal=3)
    await office.add(case, NOW, ordinal=4)
    assert (await office.said(LEADER_WANTED), await office.said(LEADER_ASSIGNED)) == (1, 0)
    row = await office.pool.fetchrow("SELECT * FROM dispatch.leaders_wanted")
    assert row["case_id"] == case and row["appointed_at"] is None and any("已满" in reason for reason in row["event"]["reasons"])
    await office.pool.execute("UPDATE dispatch.cases SET leader_id = NULL WHERE case_id <> $1", case)
    await office.add(case, NOW, ordinal=5)
    assert await office.said(LEADER_ASSIGNED) == 1
    assert await office.pool.fetchval("SELECT appointed_at FROM dispatch.leaders_wanted") == NOW


async def test_counts_that_come_before_their_case_wait_for_it(office: Office) -> None:
    case = uuid4()
    await office.add(case, NOW, ordinal=3)
    assert await office.said(LEADER_ASSIGNED) == 0
    await office.hear(OPENED, opened(case, NOW))
    assert await office.said(LEADER_ASSIGNED) == 1
