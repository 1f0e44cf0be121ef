"""The index on disk: the next start goes on from it; what does not fit the database or is damaged is built anew."""

import os
import shutil
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from structlog.testing import capture_logs

from classifiers import scoring, shelf
from classifiers.history import History
from classifiers.triage import MODELS, Triage
from services.infra.batches import Batches
from services.infra.failures import DeadLetterCount, DeadLetterLimit
from services.infra.postgres import Pool
from services.infra.unit_of_work import begin
from services.infra.vault import Vault
from services.triage import links
from services.triage import repository as rows
from services.triage.handlers import Triaging
from services.triage.memory import Memory
from services.triage.rebuilding import rebuild
from services.triage.snapshots import Slot
from tests.integration.test_triage_races import CLOCK, TEXT, a_record, cases

TEXTS = [f"{road}{n}号{shop}每天夜里油烟直排，楼上开窗呛人，请查处" for road, n, shop in (
    ("云溪路", 88, "鑫味烧烤店"), ("书院路", 12, "老周大排档"), ("石桥街", 5, "蜀香火锅店"), ("文庙巷", 31, "阿强粉面馆"))]  # fmt: skip


@pytest.fixture(scope="module")
def triage() -> Triage:
    return Triage.load()


async def a_worker(pool: Pool, vault: Vault, triage: Triage, root: Path) -> tuple[Triaging, Batches]:
    worker = Triaging(Memory(triage, History()), worker=uuid4(), clock=CLOCK)
    count = DeadLetterCount(DeadLetterLimit(ratio=1.0, run=10))
    await worker.open(pool, root)
    return worker, Batches("triage", pool, vault, count, retry_seconds=10, clock=CLOCK, abandon=worker.abandon)


async def stop(worker: Triaging) -> None:
    await worker.close()
    assert worker.memory.slot
    worker.memory.slot.release()


async def test_a_restarted_worker_goes_on_from_what_was_saved_and_catches_up(pool: Pool, vault: Vault, triage: Triage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    one, first = await a_worker(pool, vault, triage, tmp_path)
    moved = uuid4()
    await first.run([a_record(TEXTS[0], reporter="a"), a_record(TEXTS[0], reporter="b", id=moved), a_record(TEXTS[1], reporter="c")], one.handle)
    await stop(one)
    # while it is away another worker takes a complaint in, and a person undoes a link
    other, second = await a_worker(pool, vault, triage, tmp_path / "elsewhere")
    late = uuid4()
    await second.run([a_record(TEXTS[2], reporter="d", id=late)], other.handle)
    link = await pool.fetchval("SELECT link_id FROM triage.live_links WHERE complaint_id = $1", moved)
    async with begin(pool, service="triage", vault=vault, clock=CLOCK) as unit:
        undone = await links.undo(unit, link, actor="审核员", reason="不是一家")
    again, batches = await a_worker(pool, vault, triage, tmp_path)
    assert (len(again.memory.history), set(again.memory.shards)) == (3, {"470302"})
    monkeypatch.setattr(rows, "shard_rows", None)  # nothing is read whole again
    await batches.run([a_record(TEXTS[2], reporter="e")], again.handle)
    assert again.memory.history.case_of(str(late)) is not None
    assert again.memory.history.case_of(str(moved)) == str(undone.case_id)
    assert await cases(pool) == [2, 1, 1, 1]


@pytest.mark.parametrize("harm", ["rotten", "foreign", "future"])
async def test_an_index_that_cannot_be_trusted_is_dropped_said_and_built_anew(pool: Pool, vault: Vault, triage: Triage, tmp_path: Path, harm: str) -> None:
    one, first = await a_worker(pool, vault, triage, tmp_path)
    await first.run([a_record(TEXT, reporter="a")], one.handle)
    if harm == "future":
        one.memory.snapshot = str(10**15)
    await stop(one)
    if harm == "rotten":
        [file] = (tmp_path / "slot-0").glob("generation-*/row-profile.npy")
        file.write_bytes(file.read_bytes()[:-1])
    if harm == "foreign":
        await pool.execute("UPDATE triage.installation SET id = gen_random_uuid()")
    with capture_logs() as logs:
        again, batches = await a_worker(pool, vault, triage, tmp_path)
    [dropped] = [entry for entry in logs if entry["event"] == "index_dropped"]
    assert {"rotten": "checksum", "foreign": "another database", "future": "set back"}[harm] in dropped["reason"]
    assert len(again.memory.history) == 0
    await batches.run([a_record(TEXT, reporter="b")], again.handle)
    assert await cases(pool) == [2]


async def test_a_shard_that_moves_here_is_read_from_its_rows(pool: Pool, vault: Vault, triage: Triage, tmp_path: Path) -> None:
    one, first = await a_worker(pool, vault, triage, tmp_path)
    other, second = await a_worker(pool, vault, triage, tmp_path)
    assert one.memory.slot and other.memory.slot
    assert one.memory.slot.path != other.memory.slot.path
    await first.run([a_record(TEXTS[0], reporter="a")], one.handle)
    await second.run([a_record(TEXTS[1], district="470303", reporter="b")], other.handle)
    await first.run([a_record(TEXTS[1], district="470303", reporter="c")], one.handle)
    assert set(one.memory.shards) == {"470302", "470303"}
    assert await cases(pool) == [2, 1]


async def test_a_shard_that_comes_back_is_read_from_where_it_was_left(pool: Pool, vault: Vault, triage: Triage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    one, first = await a_worker(pool, vault, triage, tmp_path)
    other, second = await a_worker(pool, vault, triage, tmp_path)
    await first.run([a_record(TEXTS[0], reporter="a")], one.handle)
    elsewhere = uuid4()
    await second.run([a_record(TEXTS[1], reporter="b", id=elsewhere)], other.handle)
    before, asked, ended = one.memory.snapshot, [], rows.ended
    monkeypatch.setattr(rows, "ended", lambda connection, since: (asked.append(since), ended(connection, since))[1])
    await first.run([a_record(TEXTS[2], district="470303", reporter="c")], one.handle)
    assert asked == [before], "what ended is asked for since the last batch, whichever shards this one brings"
    assert one.memory.history.case_of(str(elsewhere)) is None, "its shard is another worker's now"
    monkeypatch.setattr(rows, "shard_rows", None)  # nothing is read whole again
    await first.run([a_record(TEXTS[1], reporter="d")], one.handle)
    assert one.memory.history.case_of(str(elsewhere)) is not None
    assert await cases(pool) == [2, 1, 1]


async def test_rows_committed_though_the_answer_was_lost_are_read_again(pool: Pool, vault: Vault, triage: Triage, tmp_path: Path) -> None:
    worker, batches = await a_worker(pool, vault, triage, tmp_path)
    id = uuid4()
    await batches.run([a_record(TEXT, reporter="a", id=id)], worker.handle)
    worker._staged = [str(id)]
    worker.abandon([])  # as if the connection had broken after the commit
    assert str(id) not in worker.memory.history
    await batches.run([a_record(TEXT, reporter="b")], worker.handle)
    assert str(id) in worker.memory.history
    assert await cases(pool) == [2]


async def test_profiles_of_an_older_format_are_read_anew(pool: Pool, vault: Vault, triage: Triage, tmp_path: Path) -> None:
    one, first = await a_worker(pool, vault, triage, tmp_path)
    await first.run([a_record(TEXT, reporter="a")], one.handle)
    await pool.execute("UPDATE triage.complaints SET profile = '\\x00', profile_format = 'old'")
    other, second = await a_worker(pool, vault, triage, tmp_path / "elsewhere")
    await second.run([a_record(TEXT, reporter="b")], other.handle)
    assert await cases(pool) == [2]


async def test_a_confirmed_and_a_refused_link_are_obeyed_by_the_next_batch(pool: Pool, vault: Vault, triage: Triage, tmp_path: Path) -> None:
    worker, batches = await a_worker(pool, vault, triage, tmp_path)
    one, other = uuid4(), uuid4()
    await batches.run([a_record(TEXTS[0], reporter="a", id=one), a_record(TEXTS[3], reporter="b", id=other)], worker.handle)
    live = {r["complaint_id"]: r["case_id"] for r in await pool.fetch("SELECT complaint_id, case_id FROM triage.live_links")}
    question = await _ask(pool, other, one, live[one])
    async with begin(pool, service="triage", vault=vault, clock=CLOCK) as unit:
        await links.confirm(unit, question, actor="审核员")
    await batches.run([a_record(TEXTS[1], reporter="z")], worker.handle)
    assert worker.memory.history.case_of(str(other)) == str(live[one])
    assert worker.memory.history.bound(str(one)) == {str(other)}


async def _ask(pool: Pool, complaint: UUID, to: UUID, case: UUID) -> UUID:
    id = uuid4()
    await pool.execute(
        "INSERT INTO triage.links (id, complaint_id, case_id, act, kind, band, score, to_complaint, versions, decided_by, at)"
        " VALUES ($1, $2, $3, 'suggest', 'MERGED_REPORT', 'suggest', 0.5, $4, $5, 'machine', now())",
        id, complaint, case, to, {"model": "m", "lexicon": "l", "taxonomy": "t"},
    )  # fmt: skip
    return id


SAVES_FOREVER = """
import sys
from itertools import islice
from pathlib import Path
from classifiers.history import History
from services.triage.snapshots import Mark, Slot
from tests.benchmarks.stream import stream
from tests.unit.classifiers.test_history import _reading
slot = Slot.claim(Path(sys.argv[1]))
history = History()
for told in stream(100_000):
    history.add(told.complaint, _reading(told.complaint), "c")
    if len(history) % 200 == 0:
        slot.save(history, Mark("here", {"a": "1"}, str(len(history))))
        print(len(history), flush=True)
"""


def test_a_kill_in_the_middle_of_saving_leaves_a_whole_index(tmp_path: Path) -> None:
    env = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    process = subprocess.Popen([sys.executable, "-c", SAVES_FOREVER, str(tmp_path)], stdout=subprocess.PIPE, env=env, text=True)
    assert process.stdout
    try:
        saved = [process.stdout.readline() for _ in range(4)]
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()
    process.stdout.close()
    slot = Slot.claim(tmp_path)
    assert slot.path.name == "slot-0"  # the dead process holds it no longer
    found = slot.open("here", {})
    assert found is not None
    history, mark = found
    assert len(history) == int(mark.snapshot) >= int(saved[-1])
    slot.release()


async def test_an_index_rebuilt_beside_a_running_worker_is_taken_over_at_its_next_start(pool: Pool, vault: Vault, triage: Triage, tmp_path: Path) -> None:
    one, first = await a_worker(pool, vault, triage, tmp_path)
    await first.run([a_record(TEXTS[0], reporter="a"), a_record(TEXTS[1], district="470303", reporter="b")], one.handle)
    memory = Memory(triage, History(), origin="2026-11-26T10:00", slot=Slot.for_rebuilding(tmp_path))
    assert memory.slot
    assert Slot.for_rebuilding(tmp_path) is None, "one at a time"
    async with pool.acquire() as connection, connection.transaction(isolation="repeatable_read", readonly=True):
        await rebuild(connection, memory, lambda done, total: None)
    memory.slot.release()
    late = uuid4()
    await first.run([a_record(TEXTS[0], reporter="c", id=late)], one.handle)
    one.memory.history.forget([str(late)])  # what its own saved index lacks, the rebuilt one and the rows have
    await stop(one)
    again, batches = await a_worker(pool, vault, triage, tmp_path)
    assert (again.memory.origin, len(again.memory.history)) == ("2026-11-26T10:00", 2)
    await batches.run([a_record(TEXTS[0], reporter="d")], again.handle)
    assert again.memory.history.case_of(str(late)) is not None
    assert await cases(pool) == [3, 1]
    await stop(again)
    same, _ = await a_worker(pool, vault, triage, tmp_path)
    assert len(same.memory.history) == 4, "it is taken over once; then the worker's own, newer one is opened"
    other, _ = await a_worker(pool, vault, triage, tmp_path)
    assert len(other.memory.history) == 2, "another worker starts from it, too"


async def test_models_put_in_force_are_loaded_with_the_next_batch_and_bad_ones_passed_over(pool: Pool, vault: Vault, triage: Triage, tmp_path: Path) -> None:
    models = tmp_path / "models"
    worker, batches = await a_worker(pool, vault, triage, tmp_path / "index")
    worker.memory.models = models
    worker.memory.load_promoted()
    shipped = worker.memory.triage.versions.model

    def promote(version: str, damage: bool = False) -> None:
        files = Path(shutil.copytree(MODELS, tmp_path / version))
        scoring.save(replace(triage.model, provenance={"version": version}), files / "links.json")
        shelf.put(models, version, files, {"made_at": version, "provenance": {}, "parts": []})
        shelf.use(models, version)
        if damage:
            (models / version / "links.json").write_text("{}")

    promote("one")
    await batches.run([a_record(TEXT, reporter="a")], worker.handle)
    loaded = worker.memory.triage.versions.model
    assert loaded != shipped
    assert (await pool.fetchval("SELECT versions ->> 'model' FROM triage.links")) == loaded
    promote("two", damage=True)
    with capture_logs() as logs:
        await batches.run([a_record(TEXT, reporter="b")], worker.handle)
        await batches.run([a_record(TEXTS[1], reporter="b")], worker.handle)
    assert [entry["in_force"] for entry in logs if entry["event"] == "models_not_loaded"] == [loaded], "said once"
    assert worker.memory.triage.versions.model == loaded
    assert await cases(pool) == [2, 1]
