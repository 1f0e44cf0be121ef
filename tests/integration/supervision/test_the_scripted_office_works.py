"""A short spell of the scripted office: real services, a clock moved by hand, the same figures from the same seed."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import pytest

from services.demo.history import HistoryThere, fill_history, invented_complaints
from services.demo.office.drawings import drawn_evidence
from services.demo.office.figures import report
from services.demo.office.luck import Luck
from services.demo.office.run import ScriptedOffice
from services.demo.office.town import Town
from services.domain.clocks.calendar import CHINA
from services.domain.sealing import Keyring
from services.infra.clock import FrozenClock
from services.infra.postgres import Pool
from services.infra.settings import Settings
from services.infra.vault import Vault

SINCE = datetime(2026, 3, 2, tzinfo=CHINA)


@pytest.fixture
def settings(database: str, keyring: Keyring, tmp_path: Path) -> Settings:
    return Settings(home=tmp_path, database=database, vault_key=keyring.to_json(), token_key="k")  # type: ignore[arg-type]


async def test_complaints_become_worked_cases_and_supervision_watches(settings: Settings, pool: Pool, vault: Vault) -> None:
    town = await Town.found(settings, pool, vault, FrozenClock(SINCE), seed="t")
    files = await drawn_evidence(settings, pool, town.book.case.casework.evidence, SINCE)
    office = ScriptedOffice(town, seed="t", officers=2, files=files)
    complaints = invented_complaints("t", SINCE, SINCE + timedelta(days=2))[:6]
    course = await office.work(complaints, SINCE, SINCE + timedelta(days=7))
    found = await report(town, course)
    assert course.complaints >= 6 and found.work["登记"] == course.complaints and sum(found.ledger.values()) == found.work["案件"] > 1
    assert found.work["办理命令"] > 10 and found.ladder["提醒"] > 0
    assert await pool.fetchval("SELECT count(*) FROM bus.dead_letters") == 0
    assert await pool.fetchval("SELECT count(*) FROM casework.cases c LEFT JOIN supervision.cases s USING (case_id) WHERE s.version IS DISTINCT FROM c.version") == 0
    assert await pool.fetchval("SELECT count(*) FROM casework.file_uses") > 0 and [len(kept) for kept in files.values()] == [3, 3, 3]
    shares = {share.name: share for share in found.indicators}
    assert shares["退单率"].whole > 0 and shares["退单率"].text.endswith("件已交办案件）")
    assert course.without_officer, "two officers do not reach for every unit"
    with pytest.raises(HistoryThere, match="only be told on an empty one"):
        await fill_history(settings, pool, vault, until=SINCE)


def test_chance_follows_from_the_seed_and_what_it_is_drawn_for() -> None:
    luck = Luck("s").of("case", 1)
    assert luck.share("a") == Luck("s/case/1").share("a") != luck.share("b")
    assert {luck.of(n).weighted("x", (("a", 1.0), ("b", 3.0))) for n in range(40)} == {"a", "b"}
    mean = sum((luck.of(n).days("wait", 2.0) for n in range(2000)), timedelta()) / 2000
    assert timedelta(days=1.8) < mean < timedelta(days=2.2)


def test_invented_history_is_the_same_from_the_same_seed_and_lies_in_its_span() -> None:
    until = SINCE + timedelta(days=150)
    first, again = (invented_complaints("x", SINCE, until) for _ in range(2))
    assert first == again and len(first) > 200 and all(SINCE <= one.at < until for one in first)
    assert len({one.external_id for one in first}) == len(first) and not any("received_at" in one.body for one in first)
