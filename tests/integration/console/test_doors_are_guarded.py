"""What every stranger tries first: headers, cookies, forged forms, foreign redirects, guessing, paths, bombs, formulas."""

from __future__ import annotations

import io
import re
import zipfile

import pytest

from services.demo.people import PASSWORD
from tests.support.console_server import Console, token_of

POLICY = "default-src 'none'; script-src 'self'; style-src 'self'"


@pytest.mark.parametrize("path", ["/login", "/public", "/nothing-here", "/api/v1/cases", "/static/x/console.css"])
def test_every_answer_carries_the_headers_that_keep_a_browser_safe(console: Console, path: str) -> None:
    with console.visitor() as nobody:
        headers = nobody.get(path).headers
    assert headers["content-security-policy"].startswith(POLICY) and "unsafe" not in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff" and headers["x-frame-options"] == "DENY"
    assert headers["referrer-policy"] == "same-origin" and "server" not in headers


def test_no_page_has_a_script_or_a_style_inside(console: Console) -> None:
    with console.login("da-cg-2") as officer:
        for path in ("/work", f"/cases/{console.case('measured')}", f"/cases/{console.case('verified')}?do=plan", "/search?q=工地"):
            html = officer.get(path).text
            assert not re.search(r"<style|\sstyle=|\son[a-z]+=|javascript:|<script(?![^>]*\bsrc=)", html), path


def test_the_session_cookie_is_out_of_reach_of_scripts_and_other_sites(console: Console) -> None:
    with console.visitor() as client:
        answer = client.post("/login", data={"_token": token_of(client.get("/login")), "login": "da-cg-2", "password": PASSWORD})
        cookie = next(value for value in answer.headers.get_list("set-cookie") if value.startswith("petitions_session="))
    assert "HttpOnly" in cookie and "SameSite=lax" in cookie and "Domain" not in cookie
    secret = cookie.split("=", 1)[1].split(";")[0]
    assert console.sql("SELECT count(*) FROM console.sessions WHERE digest = convert_to($1, 'UTF8')", secret) == 0


def test_over_tls_cookies_are_secure(console: Console) -> None:
    settings = console.office.settings.model_copy(update={"console_url": "https://example.test"})
    assert type(console.office)(**{**vars(console.office), "settings": settings}).secure and not console.office.secure


def test_a_login_makes_a_new_session_whatever_cookie_was_there(console: Console) -> None:
    with console.visitor() as client:
        client.cookies.set("petitions_session", "chosen-by-somebody-else")
        client.post("/login", data={"_token": token_of(client.get("/login")), "login": "da-cg-2", "password": PASSWORD})
        held = [cookie.value for cookie in client.cookies.jar if cookie.name == "petitions_session"]
    with console.visitor() as other:
        other.cookies.set("petitions_session", "chosen-by-somebody-else")
        assert other.get("/work").status_code == 303
    assert any(value != "chosen-by-somebody-else" for value in held)


def test_logging_out_ends_the_session_for_the_old_cookie_too(console: Console) -> None:
    with console.login("da-cg-2") as client:
        old = dict(client.cookies)
        client.post("/logout", data={"_token": token_of(client.get("/work"))})
        with console.visitor() as again:
            again.cookies.update(old)
            assert again.get("/work").status_code == 303


@pytest.mark.parametrize("token", ["", "0" * 64])
def test_a_form_without_the_token_of_its_session_does_nothing(console: Console, token: str) -> None:
    case = console.case("assigned")
    before = console.sql("SELECT version FROM casework.cases WHERE case_no = $1", case)
    with console.login("da-cg-2") as officer:
        answer = officer.post(f"/cases/{case}/acts/sign_in", data={"_token": token} if token else {})
    assert answer.status_code == 403 and "这张表单已失效" in answer.text
    assert console.sql("SELECT version FROM casework.cases WHERE case_no = $1", case) == before


def test_a_token_of_another_session_does_not_help(console: Console) -> None:
    with console.login("supervisor-1") as other, console.login("da-cg-2") as officer:
        stolen = token_of(other.get("/supervise"))
        assert officer.post(f"/cases/{console.case('assigned')}/acts/sign_in", data={"_token": stolen}).status_code == 403


def test_a_request_from_another_site_is_refused_even_with_the_token(console: Console) -> None:
    with console.login("da-cg-2") as officer:
        answer = officer.post("/logout", data={"_token": token_of(officer.get("/work"))}, headers={"Sec-Fetch-Site": "cross-site"})
        assert answer.status_code == 403 and officer.get("/work").status_code == 200


def test_the_api_takes_a_session_only_with_the_header_of_our_own_pages(console: Console) -> None:
    case = console.case("signed")
    with console.login("da-cg-2") as officer:
        token = token_of(officer.get("/work"))
        assert officer.get(f"/api/v1/cases/{case}").status_code == 200
        command = {"type": "investigate"}
        assert officer.post(f"/api/v1/cases/{case}/commands", json=command).status_code == 401
        assert officer.post(f"/api/v1/cases/{case}/commands", json=command, headers={"X-Token": token}).status_code < 300


@pytest.mark.parametrize("target", ["//evil.test/", "https://evil.test/", "/\\evil.test", "/%0d%0aX: 1", "javascript:alert(1)", "\\\\evil.test"])
def test_no_login_leads_away_from_the_console(console: Console, target: str) -> None:
    with console.visitor() as client:
        form = client.get("/login", params={"next": target})
        answer = client.post("/login", data={"_token": token_of(form), "login": "da-cg-2", "password": PASSWORD, "next": target})
    assert answer.status_code == 303
    place = answer.headers["location"]
    assert place.startswith("/") and not place.startswith(("//", "/\\")) and "\n" not in place


def test_guessing_is_slowed_for_the_name_whoever_guesses_and_told_alike_for_unknown_names(console: Console) -> None:
    with console.visitor() as client:
        token = token_of(client.get("/login"))
        known, unknown = (client.post("/login", data={"_token": token, "login": who, "password": "wrong"}) for who in ("reviewer-1", "nobody-of-this-name"))
        assert known.status_code == unknown.status_code == 401
        assert known.text.replace("reviewer-1", "") == unknown.text.replace("nobody-of-this-name", "")
        for _ in range(console.office.console.login.attempts - 1):
            client.post("/login", data={"_token": token, "login": "reviewer-1", "password": "wrong"})
        right = client.post("/login", data={"_token": token, "login": "reviewer-1", "password": PASSWORD})
    assert right.status_code == 429
    console.sql("WITH gone AS (DELETE FROM console.login_attempts RETURNING 1) SELECT count(*) FROM gone")


@pytest.mark.parametrize("name", ["../../../etc/passwd", "..%2f..%2fetc%2fpasswd", "%2e%2e/console.css", "e0/../../secrets"])
def test_no_path_reaches_past_static_files_and_evidence(console: Console, name: str) -> None:
    with console.login("da-cg-2") as officer:
        for path in (f"/static/x/{name}", f"/cases/{console.case('measured')}/evidence/{name}"):
            answer = officer.get(path)
            assert answer.status_code in (303, 404) and "root:" not in answer.text


def test_evidence_is_told_by_its_content_and_never_run(console: Console) -> None:
    case = console.case("measured")
    with console.login("da-cg-2") as officer:
        page = officer.get(f"/cases/{case}?do=add_evidence")
        form = {"_token": token_of(page), "purpose": "site"}
        html = officer.post(f"/cases/{case}/evidence", data=form, files={"files": ("photo.jpg", b"<html><script>alert(1)</script>", "image/jpeg")})
        assert html.status_code == 422 and "不被接受" in html.text
        item = re.search(rf"/cases/{case}/evidence/([\w-]+)\"", page.text)
        assert item
        shown = officer.get(f"/cases/{case}/evidence/{item[1]}")
        assert "sandbox" in shown.headers["content-security-policy"] and shown.headers["x-content-type-options"] == "nosniff"
        assert "exif" not in shown.content[:400].lower().decode("latin-1")


def workbook(parts: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return out.getvalue()


BOMBS = {
    "entities": workbook({"xl/workbook.xml": b'<!DOCTYPE x [<!ENTITY a "aaaa">]><workbook>&a;</workbook>', "xl/worksheets/sheet1.xml": b"<worksheet/>"}),
    "zeros": workbook({"xl/workbook.xml": b"<workbook/>", "xl/worksheets/sheet1.xml": b" " * 300_000_000}),
    "not a workbook": b"PK\x03\x04" + b"\0" * 100,
    "old format": b"\xd0\xcf\x11\xe0" + b"\0" * 100,
}


@pytest.mark.parametrize("bomb", BOMBS)
def test_an_upload_that_would_blow_up_is_turned_away(console: Console, bomb: str) -> None:
    with console.login("callback-1") as clerk:
        token = token_of(clerk.get("/intake"))
        answer = clerk.post("/intake/upload", data={"_token": token, "source": "manual"}, files={"file": ("bomb.xlsx", BOMBS[bomb])})
        assert answer.status_code == 303 and answer.headers["location"].startswith("/intake#")
        assert "文件没有接收" in clerk.get("/intake").text
    assert console.sql("SELECT count(*) FROM console.uploads") == 0


def test_text_from_outside_is_shown_as_text(console: Console) -> None:
    hostile = '<img src=x onerror=alert(1)>{{7*7}}"\''
    with console.login("da-cg-2") as officer:
        html = officer.get("/search", params={"q": hostile}).text
    assert "<img src=x" not in html and "49" not in html.split("查找“")[1][:80]


def test_a_body_past_the_bound_is_refused(console: Console) -> None:
    with console.login("callback-1") as clerk:
        token = token_of(clerk.get("/intake"))
        answer = clerk.post("/intake/upload", data={"_token": token}, files={"file": ("big.csv", b"a" * 5_000_000)})
    assert answer.status_code == 413
