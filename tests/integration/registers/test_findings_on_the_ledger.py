"""What inspections find: files of the evidence store, lines worked by their unit and struck off by somebody else."""

from __future__ import annotations

import asyncio
import io
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from contracts.supervision import DigestPrepared
from contracts.topics import DIGEST_PREPARED
from services.domain import hydropower as hp
from services.domain.case.values import RectifyMode
from services.domain.clocks.calendar import CHINA
from services.domain.findings import Finding, LineAct
from services.domain.principals import Role
from services.domain.refusals import Refusal
from services.registers.ledger import acts as ledger
from services.registers.ledger import findings
from services.registers.ledger.findings import Told
from services.registers.risks import acts as risks
from services.registers.stations import acts as stations
from services.supervision import weekly
from services.supervision.app import Duty
from tests.integration.casework.conftest import Http, enter
from tests.integration.registers.test_risks_and_stations import STATION_ID, YARD, YARD_ID, bring, bring_station
from tests.support.invented_photos import photo
from tests.support.office import Desk
from tests.support.registers import COUNTY_KEEPER, KEEPER, OFFICER, STRANGER, RegisterDesk, person

WORKER = person("worker", Role.OFFICER, unit="sl-hb", regions=("470322",))
CITY = person("reviewer", Role.CITY_REVIEWER)
LEAK = Finding("坝体渗水", RectifyMode.LEDGER, "坝体加固", "石岭县生态环境分局", "潘书涛", date(2026, 4, 30))
DAY = date(2026, 3, 1)


async def found(desk: RegisterDesk, finding: Finding = LEAK) -> UUID:
    await bring(desk, YARD)
    done = await desk.done(risks.inspect, KEEPER, desk.city, YARD_ID, DAY, (finding,))
    return UUID(done["on_ledger"][0])


async def code(desk: RegisterDesk, actor: Any, line: UUID, act: LineAct, *evidence: str, **more: Any) -> str:
    no = await desk.act(findings.act, actor, line, Told(act, "说明", evidence, **more))
    assert isinstance(no, Refusal), no
    return no.code


async def test_a_line_is_not_struck_off_unreported_without_evidence_or_by_its_own_unit(desk: RegisterDesk) -> None:
    line = await found(desk)
    assert await code(desk, CITY, line, LineAct.CLOSE_OUT) == "line.unreported"
    assert await code(desk, OFFICER, line, LineAct.REPORT) == "register.missing", "another district's officer does not see it"
    assert await code(desk, WORKER, line, LineAct.REPORT, "0" * 64) == "register.evidence"
    await desk.done(findings.act, WORKER, line, Told(LineAct.REPORT, "已加固"))
    assert await code(desk, CITY, line, LineAct.CLOSE_OUT) == "line.evidence"
    assert await code(desk, WORKER, line, LineAct.CLOSE_OUT) == "actor.role"
    assert await code(desk, CITY, line, LineAct.RETURN, expected=1) == "register.changed"
    (kept,) = (await desk.done(ledger.page, KEEPER, ledger.Filter(open=True, origin="inspection"))).lines
    assert kept["progress"] == "2026-03-02 已加固" and kept["source"] == "环境风险排查 铁炉尾矿库 2026-03-01"


async def test_a_finding_lives_to_its_end_without_any_complaint_and_every_act_is_on_record(desk: RegisterDesk) -> None:
    line, file = await found(desk), await desk.stored("加固后")
    await desk.done(findings.act, WORKER, line, Told(LineAct.REPORT, "已加固", (file,)))
    back = await desk.done(findings.act, CITY, line, Told(LineAct.RETURN, "仍渗水"))
    assert back["state"] == "退回整改"
    assert await code(desk, CITY, line, LineAct.CLOSE_OUT) == "line.unreported", "what came before the return proves nothing"
    later = await desk.done(findings.act, KEEPER, line, Told(LineAct.POSTPONE, "等枯水期", until=date(2026, 5, 31)))
    assert later["deadline"] == date(2026, 5, 31)
    await desk.done(findings.act, WORKER, line, Told(LineAct.REPORT, "重做防渗", (file,)))
    done = await desk.done(findings.act, CITY, line, Told(LineAct.CLOSE_OUT, "现场复核不再渗水", document_no="销〔2026〕1号"))
    assert (done["open"], done["state"], done["closed_on"], done["acceptance_unit"]) == (False, "已销号", date(2026, 3, 2), "人员reviewer")
    assert await code(desk, WORKER, line, LineAct.REPORT) == "line.closed"
    shown = await desk.done(findings.history, COUNTY_KEEPER, line)
    assert [event["kind"] for event in shown["history"]] == ["reported", "returned", "postponed", "reported", "closed_out"]
    assert shown["case_no"] == "" and await desk.pool.fetchval("SELECT count(*) FROM casework.cases") == 0


async def test_a_line_that_is_late_stands_on_its_units_weekly_list_until_it_is_struck_off(desk: RegisterDesk) -> None:
    line, now = await found(desk), desk.clock()
    assert await weekly.current(desk.pool, now) == (), "weeks away"
    desk.clock.advance(timedelta(days=65))
    [list_] = await weekly.current(desk.pool, desk.clock(), unit_id="sl-hb")
    assert list_.summary.endswith("检查和导入台账到期或逾期1条。") and list_.owner == "石岭县生态环境分局" and list_.total == 0
    told = weekly.as_json(list_, desk.clock())["ledger"]
    assert [(row["problem"], row["remark"]) for row in told] == [("坝体渗水", "整改时限2026-04-30，逾期6日")]
    assert await weekly.current(desk.pool, desk.clock(), unit_id="da-hb") == ()
    await desk.done(findings.act, WORKER, line, Told(LineAct.REPORT, "已加固", (await desk.stored("a"),)))
    await desk.done(findings.act, CITY, line, Told(LineAct.CLOSE_OUT, "同意"))
    assert await weekly.current(desk.pool, desk.clock()) == ()


async def test_the_unit_is_told_when_a_line_is_new_before_its_day_and_when_it_is_late_once_each(desk: RegisterDesk, office: Desk) -> None:
    line = await found(desk)
    await enter(desk.pool, office, WORKER, CITY)
    watches = [Duty(desk.pool, desk.vault, desk.rules, clock=desk.clock, seed=lambda: "s") for _ in range(2)]

    async def morning(day: date) -> list[str]:
        desk.clock.at = datetime(day.year, day.month, day.day, 9, tzinfo=CHINA)
        for watch in watches:
            await watch.once()
        told = await desk.pool.fetch("DELETE FROM bus.outbox WHERE topic = $1 RETURNING value", DIGEST_PREPARED.name)
        return [f"{event.person_id}{event.text}" for event in map(DigestPrepared.from_bytes, (row["value"] for row in told))]

    [new] = await morning(date(2026, 3, 3))
    assert new.startswith("worker") and f"检查台账{str(line)[:8]}：新列入台账“坝体渗水”，责任人潘书涛，整改时限2026-04-30：坝体加固。" in new
    assert await morning(date(2026, 3, 4)) == []
    [soon] = await morning(date(2026, 4, 27))
    assert "【即将到期】1件" in soon and "即将届满" in soon
    assert await morning(date(2026, 4, 28)) == [] and "已逾期" in (await morning(date(2026, 5, 6)))[0]
    kept = await desk.pool.fetchval("SELECT lines FROM supervision.digests ORDER BY at LIMIT 1")
    assert (kept[0]["about"], kept[0]["case_id"]) == ("ledger_line", str(line))


async def test_of_two_who_strike_off_at_once_one_is_told(desk: RegisterDesk) -> None:
    line = await found(desk)
    await desk.done(findings.act, WORKER, line, Told(LineAct.REPORT, "已加固", (await desk.stored("a"),)))
    both = await asyncio.gather(*(desk.act(findings.act, who, line, Told(LineAct.CLOSE_OUT, "同意")) for who in (CITY, KEEPER)))
    refused = [one for one in both if isinstance(one, Refusal)]
    assert [one.code for one in refused] == ["line.closed"]


async def test_a_check_of_a_station_puts_what_it_finds_on_the_ledger(desk: RegisterDesk) -> None:
    await bring_station(desk)
    dry = Finding("生态流量泄放不足", RectifyMode.LEDGER, "加装泄流阀", "石岭县水利和湖泊局", "雷允章", date(2026, 4, 30))
    visit = hp.StationCheck(STATION_ID, DAY, KEEPER.id, done=False, findings=(dry,))
    standing = await desk.done(stations.check, KEEPER, desk.city, STATION_ID, visit)
    (line,) = (await desk.done(ledger.page, KEEPER, ledger.Filter(origin="inspection"))).lines
    assert standing.on_ledger == (str(line["id"]),) and line["lead_unit_id"] == "sl-sl" and line["source"].startswith("小水电核查 杉木沟电站")
    assert (await desk.done(stations.show, KEEPER, STATION_ID))["checks"][0]["findings"][0]["text"] == "生态流量泄放不足"


@pytest.mark.parametrize("register", ["risk-sources", "ledger"])
async def test_files_are_the_stores_are_not_swept_and_are_shown_without_place(
    http: Http, desk: RegisterDesk, office: Desk, register: str
) -> None:
    picture = photo("before", desk.clock(), 1)
    sent = await http.post(KEEPER, "/evidence", files=[("files", ("现场.jpg", io.BytesIO(picture)))])
    sha256 = sent.json()["files"][0]["sha256"]
    fixed = {"text": "标识牌缺失", "mode": "immediate", "fixed_evidence": [sha256]}
    later = {"text": "坝体渗水", "mode": "ledger", "measure": "加固", "unit": "石岭县生态环境分局", "person": "潘书涛", "deadline": "2026-05-01"}
    await bring(desk, YARD)
    entry = YARD_ID
    made = await http.post(KEEPER, f"/risk-sources/{YARD_ID}/inspections", json={"on": "2026-03-01", "findings": [fixed, later][register == "ledger":]})
    if register == "ledger":
        http.tokens |= await enter(desk.pool, office, WORKER)
        entry = made.json()["on_ledger"][0]
        assert (await http.post(WORKER, f"/ledger/{entry}/report", json={"text": "已加固", "evidence": ["x"]})).status_code == 422
        told = await http.post(WORKER, f"/ledger/{entry}/report", json={"text": "已加固", "evidence": [sha256]}, headers={"If-Match": '"1"'})
        assert (told.status_code, told.headers["etag"]) == (200, '"2"')
        assert (await http.post(KEEPER, f"/ledger/{entry}/close-out", json={"text": "同意"}, headers={"If-Match": '"1"'})).status_code == 412
        assert (await http.post(KEEPER, f"/ledger/{entry}/close-out", json={"text": "同意"})).json()["state"] == "已销号"
    desk.clock.advance(timedelta(days=3))
    assert await http.parts.files.sweep(desk.pool, desk.clock()) == 0
    path = f"/{register}/{entry}/evidence/{sha256}"
    shown = await http.get(COUNTY_KEEPER, path)
    assert shown.status_code == 200 and shown.content != picture and shown.headers["x-content-type-options"] == "nosniff"
    assert (await http.get(COUNTY_KEEPER, path, params={"form": "original"})).content == picture
    assert (await http.get(KEEPER, path.replace(sha256, "0" * 64))).status_code == 404
    assert (await http.get(OFFICER, path)).status_code == 404, "another district's"
    assert (await http.get(STRANGER, path)).status_code in (403, 404)
