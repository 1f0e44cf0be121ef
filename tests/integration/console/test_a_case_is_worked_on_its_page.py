"""Acts from pages: done, refused with the rule that said no, or told what another did meanwhile; identities only for a minute."""

from __future__ import annotations

import re

import pytest

from tests.support.console_server import Console, token_of
from tests.support.invented_photos import photo


def version(html: str) -> str:
    found = re.search(r'name="version" value="(\d+)"', html)
    assert found
    return found[1]


def test_a_refused_act_keeps_what_was_written_and_names_the_rule(console: Console) -> None:
    case = console.case("investigating")
    with console.login("da-cg-2") as officer:
        page = officer.get(f"/cases/{case}?do=verify")
        form = {"_token": token_of(page), "version": version(page.text), "verdict": "属实", "found": "夜间在施工，证据另附"}
        answer = officer.post(f"/cases/{case}/acts/verify", data=form)
    assert answer.status_code == 422
    assert "核实结论缺少" in answer.text and "依据：" in answer.text and "夜间在施工，证据另附" in answer.text


def test_two_officers_on_one_case_take_turns_and_the_second_is_told(console: Console) -> None:
    case = console.case("rectifying")
    with console.login("da-cg-2") as one, console.login("da-cg-2") as two:
        first, second = one.get(f"/cases/{case}?do=report_measure"), two.get(f"/cases/{case}?do=report_measure")
        measure = re.search(r'<option value="(m\d)"', first.text)
        assert measure
        form = {"measure_id": measure[1], "progress": "70", "note": "围挡已加高"}
        done = one.post(f"/cases/{case}/acts/report_measure", data=form | {"_token": token_of(first), "version": version(first.text)})
        late = two.post(f"/cases/{case}/acts/report_measure", data=form | {"_token": token_of(second), "version": version(second.text), "note": "我来晚了"})
    assert done.status_code == 303
    assert late.status_code == 409 and "别人已经办理" in late.text and "整改进展" in late.text and "我来晚了" in late.text


def test_the_same_version_is_not_written_over_however_often_a_form_is_sent(console: Console) -> None:
    case = console.case("assigned")
    with console.login("da-cg-2") as officer:
        page = officer.get(f"/cases/{case}")
        form = {"_token": token_of(page), "version": version(page.text)}
        answers = [officer.post(f"/cases/{case}/acts/sign_in", data=form).status_code for _ in range(2)]
    assert answers == [303, 409]
    assert console.sql("SELECT status FROM casework.cases WHERE case_no = $1", case) == "signed_in"


def test_evidence_from_the_phone_stands_in_the_story_with_its_own_time(console: Console) -> None:
    from datetime import datetime

    case = console.case("investigating")
    taken = datetime(2026, 11, 20, 22, 15)
    with console.login("da-cg-2") as officer:
        page = officer.get(f"/cases/{case}?do=add_evidence")
        form = {"_token": token_of(page), "version": version(page.text), "purpose": "site", "caption": "夜里的工地", "on_site": "yes"}
        files = [("files", ("a.jpg", photo("before", taken, 3))), ("files", ("b.jpg", photo("before", taken, 4)))]
        answer = officer.post(f"/cases/{case}/evidence", data=form, files=files)
        assert answer.status_code == 303, answer.text
        shown = officer.get(f"/cases/{case}").text
    assert shown.count("夜里的工地") >= 2 and "11-20 22:15" in shown and "已上传 2 份证据" in shown


def test_who_complained_is_shown_for_a_purpose_for_a_minute_and_leaves_a_trace(console: Console) -> None:
    case = console.case("measured")
    complaint, _ = console.sql(
        """SELECT ARRAY[k.complaint_id::text, k.receipt_no] FROM casework.complaint_cases k JOIN casework.cases c USING (case_id)
           JOIN intake.complaints i ON i.id = k.complaint_id
           WHERE c.case_no = $1 AND k.reporter IS NOT NULL AND NOT (i.event ->> 'confidential')::bool LIMIT 1""", case)  # fmt: skip
    with console.login("da-cg-2") as officer:
        page = officer.get(f"/cases/{case}")
        assert "1990000" not in page.text
        without = officer.post(f"/cases/{case}/reveal/{complaint}", data={"_token": token_of(page), "purpose": " "})
        assert without.status_code == 403 and "须填写用途" in without.text and "1990000" not in without.text
        assert officer.post(f"/cases/{case}/reveal/{complaint}", data={"_token": token_of(page), "purpose": "约定上门时间"}).status_code == 303
        shown = officer.get(f"/cases/{case}").text
        assert "1990000" in shown and "某</dd>" in shown and 'data-passes="' in shown and "用途：约定上门时间" in shown
        console.sql("UPDATE console.reveals SET until = at RETURNING 1")
        assert "1990000" not in officer.get(f"/cases/{case}").text
    with console.login("supervisor-1") as supervisor:
        watched = supervisor.get("/supervise").text
    assert "约定上门时间" in watched and case in watched


def test_a_petitioner_who_asked_for_confidence_stays_hidden_from_the_handler(console: Console) -> None:
    found = console.sql(
        """SELECT ARRAY[c.case_no, k.complaint_id::text] FROM casework.complaint_cases k JOIN casework.cases c USING (case_id)
           JOIN intake.complaints i ON i.id = k.complaint_id JOIN console.parts p ON p.case_id = c.case_id
           WHERE (i.event ->> 'confidential')::bool AND k.reporter IS NOT NULL AND p.unit_id = 'da-cg' LIMIT 1""")  # fmt: skip
    case, complaint = found
    with console.login("da-cg-2") as officer:
        page = officer.get(f"/cases/{case}")
        assert f"/reveal/{complaint}" not in page.text and "要求保密" in page.text
        answer = officer.post(f"/cases/{case}/reveal/{complaint}", data={"_token": token_of(page), "purpose": "想问问情况"})
        assert answer.status_code == 403 and "要求保密" in answer.text and "1990000" not in answer.text


def test_a_leader_signs_and_refuses_with_a_reason(console: Console) -> None:
    case = console.case("publicised")
    console.sql("UPDATE casework.cases SET leader_id = leader_id WHERE case_no = $1 RETURNING 1", case)
    leader = console.sql("SELECT leader_id FROM casework.cases WHERE case_no = $1", case)
    if leader != "city-mayor-urban":
        pytest.fail("the invented office has no case for this leader to sign")
    with console.login("city-mayor-urban") as client:
        assert "等您签字" in client.get("/lead").text
        page = client.get(f"/cases/{case}?do=sign")
        assert "您的姓名记入案卷" in page.text
        refused = client.post(f"/cases/{case}/acts/send_back", data={"_token": token_of(page), "version": version(page.text), "reason": ""})
        assert refused.status_code == 422
        signed = client.post(f"/cases/{case}/acts/sign", data={"_token": token_of(page), "version": version(page.text)})
        assert signed.status_code == 303
    assert console.sql("SELECT status FROM casework.cases WHERE case_no = $1", case) == "leader_signed"


def test_a_whole_receipt_number_opens_its_case_at_once_and_words_find_it(console: Console) -> None:
    case, receipt, respondent = console.sql(
        """SELECT ARRAY[c.case_no, k.receipt_no, c.respondent] FROM casework.cases c JOIN casework.complaint_cases k USING (case_id)
           JOIN console.parts p USING (case_id) WHERE p.unit_id = 'da-cg' AND length(c.respondent) > 3 LIMIT 1""")  # fmt: skip
    with console.login("da-cg-2") as officer:
        assert officer.get("/search", params={"q": receipt}).headers["location"] == f"/cases/{case}"
        assert case in officer.get("/search", params={"q": respondent[1:4]}).text
        assert "没有找到" in officer.get("/search", params={"q": "绝无此处的名称"}).text
