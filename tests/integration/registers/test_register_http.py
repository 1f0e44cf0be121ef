"""The registers over HTTP: who is let in, files in and out, lost updates, refusals as problems."""

from __future__ import annotations

from uuid import uuid4

from services.sheets import read_sheet
from tests.integration.casework.conftest import Http
from tests.integration.registers.test_ledger import GOOD, HEADER, row
from tests.support.registers import (
    COUNTY_KEEPER,
    DUTY_OFFICER,
    ELSEWHERE,
    KEEPER,
    OFFICER,
    STRANGER,
    RegisterDesk,
    emergency_id,
    suspected,
    workbook,
)

ONE = f"/emergencies/{emergency_id(1)}"
PATHS = ("/ledger", "/ledger/lacking", "/ledger/export", f"/ledger/{uuid4()}", "/disclosure", "/disclosure/export", "/risk-sources",
         "/risk-sources/x", "/risk-sources/suggestions", "/risk-sources/export", "/stations/export", "/resources/export", "/emergencies/export",
         "/duty/export", f"/ledger/{uuid4()}/evidence/{'0' * 64}", "/stations", "/stations/counties", "/stations/x", "/stations/x/plan",
         "/emergencies", ONE, f"{ONE}/help", f"{ONE}/reports/1", "/duty", "/resources", "/resources/nearest", f"/imports/{uuid4()}")  # fmt: skip


def upload(data: bytes, **fields: str) -> dict[str, object]:
    return {"files": {"file": ("台账.xlsx", data)}, "data": fields}


async def test_nothing_is_open_without_a_token_or_to_a_role_that_has_no_business_there(http: Http) -> None:
    for path in PATHS:
        nobody = await http.get(None, path)
        assert (nobody.status_code, nobody.headers["content-type"]) == (401, "application/problem+json"), path
        stranger = await http.get(STRANGER, path)
        assert stranger.status_code in (403, 404) and stranger.json()["remedy"], path


async def test_an_upload_that_is_no_table_is_a_problem_with_its_remedy(http: Http) -> None:
    bad = {"已损坏": b"PK\x03\x04" + b"0" * 50, "不认识": b"\x00" * 90, "超过10 MB": b"a" * (10 * 1024 * 1024 + 1), "空的": b""}
    for told, data in bad.items():
        answer = await http.post(KEEPER, "/ledger/import", **upload(data))
        assert answer.status_code == 422 and told in answer.json()["title"] and answer.json()["remedy"], answer.text


async def test_a_ledger_is_previewed_imported_mended_listed_and_exported(http: Http, desk: RegisterDesk) -> None:
    data = workbook(HEADER, GOOD, row(problem="无人负责", person=""))
    preview = await http.post(KEEPER, "/ledger/import", **upload(data, check="true"))
    assert preview.status_code == 200 and preview.json()["added"] == 1 and preview.json()["returned"] is None
    taken = await http.post(KEEPER, "/ledger/import", **upload(data))
    assert taken.status_code == 201 and taken.json()["problems"] == [{"row": 3, "column": "责任人", "message": "不能为空。"}]
    returned = await http.get(KEEPER, taken.json()["returned"].removeprefix("/api/v1"))
    assert read_sheet(returned.content, {"责任人"}).rows[0][1] == "“责任人”不能为空。"
    for actor in (COUNTY_KEEPER, OFFICER):
        assert (await http.get(actor, taken.json()["returned"].removeprefix("/api/v1"))).status_code in (403, 404)
    listed = (await http.get(KEEPER, "/ledger", params={"limit": 1})).json()
    assert listed["total"] == 1 and listed["lines"][0]["problem"] == "料场无围挡" and listed["next"] is None
    assert (await http.get(KEEPER, f"/ledger/{listed['lines'][0]['id']}")).json()["person"] == "姚安毅"
    assert (await http.get(COUNTY_KEEPER, f"/ledger/{listed['lines'][0]['id']}")).status_code == 404
    given = await http.get(KEEPER, "/ledger/export", params={"form": "csv", "region": "470302"})
    assert given.status_code == 200 and "attachment" in given.headers["content-disposition"] and "人员keeper（keeper）" in given.text
    assert given.headers["x-content-type-options"] == "nosniff"
    assert (await http.get(OFFICER, "/ledger/export")).status_code == 403
    assert (await http.get(KEEPER, "/ledger", params={"after": "xx"})).status_code == 422
    assert (await http.get(KEEPER, "/ledger/export", params={"form": "exe"})).status_code == 422
    assert (await http.get(KEEPER, "/disclosure/export")).headers["held-back"] == "0"


async def test_a_column_map_that_is_no_map_is_refused(http: Http) -> None:
    answer = await http.post(KEEPER, "/ledger/import", **upload(workbook(HEADER, GOOD), columns="[1]"))
    assert answer.status_code == 422 and answer.json()["field"] == "columns"


async def test_registers_are_imported_inspected_checked_and_searched(http: Http, desk: RegisterDesk) -> None:
    risks = workbook(("名称", "风险类别", "行政区划代码", "监管单位", "责任人"), ("铁炉尾矿库", "尾矿库", "470322", "石岭县生态环境分局", "潘书涛"))
    assert (await http.post(KEEPER, "/risk-sources/import", **upload(risks))).status_code == 201
    finding = {"text": "坝体渗水", "mode": "ledger", "measure": "加固", "unit": "石岭县生态环境分局", "person": "潘书涛", "deadline": "2026-05-01"}
    path = "/risk-sources/470322-铁炉尾矿库"
    done = await http.post(COUNTY_KEEPER, f"{path}/inspections", json={"on": "2026-03-01", "findings": [finding]})
    assert done.status_code == 201 and len(done.json()["on_ledger"]) == 1
    lacking = await http.post(COUNTY_KEEPER, f"{path}/inspections", json={"on": "2026-03-01", "findings": [finding | {"person": ""}]})
    assert (lacking.status_code, lacking.json()["code"]) == (422, "plan.incomplete")
    assert (await http.post(COUNTY_KEEPER, f"{path}/cases/{uuid4()}", json={"same": True})).status_code == 409
    assert (await http.get(COUNTY_KEEPER, path)).json()["inspections"][0]["held_on"] == "2026-03-01"
    stations = workbook(("电站名称", "行政区划代码", "所在河流", "整治类别", "整治时限", "责任单位", "责任人", "核定生态流量"),
                        ("杉木沟电站", "470322", "杉木河", "保留", "2026-06-30", "石岭县水利和湖泊局", "雷允章", 0.35))  # fmt: skip
    assert (await http.post(KEEPER, "/stations/import", **upload(stations))).status_code == 201
    flow = {"flow": 0.4, "at": "2026-03-01T10:00:00+08:00", "monitored_online": True}
    checked = await http.post(COUNTY_KEEPER, "/stations/470322-杉木沟电站/checks", json={"on": "2026-03-01", "done": True, "flows": [flow]})
    assert (checked.status_code, checked.json()["status"]) == (201, "完成")
    assert (await http.get(KEEPER, "/stations/counties")).json()["counties"][0]["done"] == 1
    assert (await http.get(KEEPER, "/stations/470322-杉木沟电站/plan")).json()["type"] == "plan"
    help_ = workbook(("类型", "名称", "适用类别", "行政区划代码", "联系人", "联系电话"), ("队伍", "危化救援队", "油类", "470302", "戊", "0000"))
    assert (await http.post(KEEPER, "/resources/import", **upload(help_))).status_code == 201
    found = (await http.get(DUTY_OFFICER, "/resources/nearest", params={"region": "470302", "hazard": "油类"})).json()["proposals"]
    assert found[0]["resource"]["name"] == "危化救援队"
    id = (await http.get(KEEPER, "/resources")).json()["resources"][0]["id"]
    assert (await http.post(KEEPER, f"/resources/{id}/verify", json={}, headers={"If-Match": '"9"'})).status_code == 412
    assert (await http.post(KEEPER, f"/resources/{id}/verify", json={"available": False}, headers={"If-Match": '"1"'})).headers["etag"] == '"2"'
    assert (await http.post(KEEPER, f"/resources/{id}/verify", json={}, headers={"If-Match": "x"})).status_code == 422


async def test_an_emergency_is_worked_through_and_a_lost_update_is_refused(http: Http, desk: RegisterDesk) -> None:
    await desk.suspect(suspected())
    shown = await http.get(DUTY_OFFICER, ONE)
    assert shown.json()["status"] == "待接警" and shown.json()["grade_table"]["source"].startswith("《国家突发环境事件应急预案》")
    assert (await http.get(ELSEWHERE, ONE)).status_code == 404
    tag = shown.headers["etag"]
    assert (await http.post(DUTY_OFFICER, f"{ONE}/acknowledge")).json()["acknowledged_by"] == "duty"
    stale = await http.post(DUTY_OFFICER, f"{ONE}/grade", json={"grade": "III", "reason": "少量"}, headers={"If-Match": tag})
    assert (stale.status_code, stale.json()["code"]) == (412, "register.changed")
    assert (await http.post(DUTY_OFFICER, f"{ONE}/grade", json={"grade": "III"})).status_code == 422
    graded = await http.post(DUTY_OFFICER, f"{ONE}/grade", json={"grade": "III", "reason": "少量", "sensitive": ["饮用水水源地"]})
    assert (graded.json()["grade"], graded.headers["etag"]) == ("III", '"3"')
    form = (await http.get(DUTY_OFFICER, "/emergencies/forms")).json()["forms"]["initial"]
    fields = dict.fromkeys({**form["header"], **form["required"]}, "待查")
    lacking = await http.post(DUTY_OFFICER, f"{ONE}/reports", json={"kind": "initial", "fields": {**fields, "trend": ""}})
    assert lacking.status_code == 422 and "发展趋势" in lacking.json()["title"]
    assert (await http.post(DUTY_OFFICER, f"{ONE}/reports", json={"kind": "initial", "fields": fields})).status_code == 201
    text = await http.get(DUTY_OFFICER, f"{ONE}/reports/1", params={"form": "text"})
    assert "初报" in text.text and "敏感情形：饮用水水源地" in text.text and "人员duty（duty）" in text.text
    assert (await http.get(DUTY_OFFICER, f"{ONE}/reports/1")).content.startswith(b"PK")
    assert (await http.get(DUTY_OFFICER, f"{ONE}/reports/2")).status_code == 404
    moved = await http.post(DUTY_OFFICER, f"{ONE}/locate", json={"place": "滨江大道", "position": {"latitude": 32.5, "longitude": 110.5}})
    assert moved.json()["place"] == "滨江大道"
    assert (await http.get(DUTY_OFFICER, f"{ONE}/help")).json() == {"proposals": []}
    assert (await http.post(DUTY_OFFICER, f"{ONE}/dismiss", json={"reason": "已排除"})).json()["status"] == "已排除"
    ended = await http.post(DUTY_OFFICER, f"{ONE}/acknowledge")
    assert (ended.status_code, ended.json()["code"]) == (409, "emergency.ended")
    assert (await http.get(DUTY_OFFICER, "/emergencies", params={"open": "true"})).json() == {"emergencies": []}
    roster = workbook(("日期", "岗位", "值班人员"), ("2026-03-02", "应急值班员", "何文岚"))
    assert (await http.post(KEEPER, "/duty/import", **upload(roster))).status_code == 201
    assert (await http.get(DUTY_OFFICER, "/duty")).json()["duty"][0]["person"] == "何文岚"
