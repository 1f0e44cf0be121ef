"""Evidence through the API: what a file is and tells, what others see of it, what is refused, what a crash leaves behind."""

from __future__ import annotations

import io
import zipfile
from datetime import timedelta
from typing import Any

import httpx
import pytest
from PIL import Image
from PIL.ExifTags import GPS, IFD, Base

from services.casework.files import ORIGINAL, SHOWN, path_of
from services.domain.case import commands as c
from services.domain.principals import Principal, Role
from services.infra.postgres import Pool
from tests.integration.casework.conftest import Http, enter
from tests.support.office import OFFICER, SUPERVISOR, Desk, assigned, case_id, opened

CASE = str(case_id(1))


def photo(color: str = "red", *, size: tuple[int, int] = (640, 480), format: str = "JPEG", exif: bool = True) -> bytes:
    image = Image.new("RGB", size, color)
    told = Image.Exif()
    if exif:
        told[Base.Make] = "相机".encode().decode("latin-1", "replace")
        told.get_ifd(IFD.Exif)[Base.DateTimeOriginal] = "2026:03:01 16:30:00"
        told.get_ifd(IFD.GPSInfo).update({
            GPS.GPSLatitudeRef: "N", GPS.GPSLatitude: (30.0, 33.0, 36.0), GPS.GPSLongitudeRef: "E", GPS.GPSLongitude: (113.0, 27.0, 0.0),
        })  # fmt: skip
    out = io.BytesIO()
    image.save(out, format, exif=told)
    return out.getvalue()


@pytest.fixture
async def site(http: Http, desk: Desk) -> Http:
    """An officer's case under investigation."""
    await desk.hear(opened(), assigned())
    await desk.give(OFFICER, c.SignIn(), c.Investigate())
    return http


async def upload(http: Http, content: bytes, actor: Principal = OFFICER, **fields: Any) -> httpx.Response:
    return await http.post(actor, f"/cases/{CASE}/evidence", files={"file": ("现场.jpg", content, "image/jpeg")}, data={"purpose": "site"} | fields)


async def test_time_and_place_come_from_the_photo_and_the_shown_copy_tells_neither(site: Http) -> None:
    answer = await upload(site, photo(), id="p1", on_site="true", purpose="before")
    assert answer.status_code == 201, answer.text
    [item] = (await site.get(OFFICER, f"/cases/{CASE}/evidence")).json()["evidence"]
    assert item["taken_at"] == "2026-03-01T08:30:00Z"
    assert item["position"] == {"latitude": pytest.approx(30.56), "longitude": pytest.approx(113.45)}
    assert (item["media_type"], item["kind"], item["added_by"]) == ("image/jpeg", "photo", "officer")
    original = (await site.get(OFFICER, f"/cases/{CASE}/evidence/p1/file", params={"form": "original"})).content
    assert original == photo()
    shown = await site.get(OFFICER, f"/cases/{CASE}/evidence/p1/file")
    with Image.open(io.BytesIO(shown.content)) as image:
        assert not image.getexif() and image.size == (640, 480)
    assert shown.headers["x-content-type-options"] == "nosniff" and "sandbox" in shown.headers["content-security-policy"]
    small = await site.get(OFFICER, f"/cases/{CASE}/evidence/p1/file", params={"form": "thumbnail"})
    with Image.open(io.BytesIO(small.content)) as image:
        assert max(image.size) == 320


async def test_before_and_after_make_a_pair_and_measured_values_carry_their_limit(site: Http) -> None:
    await upload(site, photo("red"), id="b", purpose="before", on_site="true")
    assert (await upload(site, photo("green"), id="a", purpose="after", pair_of="b")).status_code == 201
    refused = await upload(site, photo("blue"), id="x", purpose="after", pair_of="a")
    assert refused.json()["code"] == "evidence.pair"
    value = '{"indicator": "油烟", "value": 1.2, "unit": "mg/m³", "standard": "GB 18483", "limit": 2.0, "measured_at": "2026-03-02T08:00:00+08:00"}'
    table = b"time,value\n08:00,1.2\n"
    assert (await upload(site, table, id="m", purpose="measurement", monitoring=value)).status_code == 201
    found = {item["id"]: item for item in (await site.get(OFFICER, f"/cases/{CASE}/evidence")).json()["evidence"]}
    assert found["a"]["pair_of"] == "b"
    assert found["m"]["monitoring"]["within"] and "达标" in found["m"]["monitoring"]["text"]
    wrong = await upload(site, table, purpose="measurement", monitoring='{"indicator": "油烟"}')
    assert wrong.status_code == 422 and "value" in wrong.json()["detail"]


def macro_sheet() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name in ("[Content_Types].xml", "xl/workbook.xml", "xl/vbaProject.bin"):
            archive.writestr(name, "x")
    return out.getvalue()


def bomb() -> bytes:
    """A picture of 100 megapixels in a few kilobytes."""
    out = io.BytesIO()
    Image.new("1", (10_000, 10_000)).save(out, "PNG", optimize=True)
    return out.getvalue()


@pytest.mark.parametrize(
    ("content", "status", "code"),
    [
        (b"MZ\x90\x00" + b"\0" * 200, 415, "evidence.type"),
        (b"<html><script>alert(1)</script></html>", 415, "evidence.type"),
        (b"", 415, "evidence.type"),
        (macro_sheet(), 415, "evidence.type"),
        (b"\0\0\0\x18ftypheic" + b"\0" * 100, 415, "evidence.heic"),
        (photo()[:200], 422, "evidence.broken"),
        (b"\x89PNG\r\n\x1a\n" + b"\0" * 50, 422, "evidence.broken"),
        (bomb(), 422, "evidence.pixels"),
        (b"%PDF-1.4" + b"0" * 100, 415, "evidence.type"),
    ],
    ids=["a program", "a page", "nothing", "macros", "a photo whose place cannot be taken out", "cut off", "no picture", "a bomb", "a document as a photo"],
)
async def test_what_is_no_evidence_is_refused_and_leaves_nothing(site: Http, pool: Pool, content: bytes, status: int, code: str) -> None:
    answer = await upload(site, content, kind="photo")
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert await pool.fetchval("SELECT count(*) FROM casework.files") == 0


async def test_a_file_too_large_for_its_kind_is_refused(site: Http, desk: Desk) -> None:
    table = b"a,b\n" + b"1,2\n" * 2_700_000
    answer = await upload(site, table, purpose="measurement")
    assert (answer.status_code, answer.json()["code"]) == (413, "evidence.size")


async def test_evidence_refers_to_a_file_that_was_uploaded_and_says_of_it_what_the_file_says(site: Http) -> None:
    await upload(site, photo(), id="p1")
    [item] = (await site.get(OFFICER, f"/cases/{CASE}/evidence")).json()["evidence"]
    lie = {"id": "p2", "sha256": item["sha256"], "kind": "video", "purpose": "site", "media_type": "video/mp4", "size": 1,
           "taken_at": "2026-03-02T00:00:00Z", "position": {"latitude": 1, "longitude": 1}}  # fmt: skip
    assert (await site.post(OFFICER, f"/cases/{CASE}/commands", json={"type": "add_evidence", "evidence": lie})).status_code == 200
    found = (await site.get(OFFICER, f"/cases/{CASE}/evidence")).json()["evidence"][1]
    assert (found["kind"], found["taken_at"], found["position"]) == ("photo", item["taken_at"], item["position"])
    unknown = await site.post(OFFICER, f"/cases/{CASE}/commands", json={"type": "add_evidence", "evidence": lie | {"sha256": "0" * 64, "id": "p3"}})
    assert unknown.json()["code"] == "evidence.file"


async def test_what_no_case_refers_to_is_swept_after_a_day_and_what_one_does_stays(site: Http, desk: Desk, pool: Pool) -> None:
    files = site.parts.files
    assert (await upload(site, photo("red"), id="used")).status_code == 201
    assert (await upload(site, photo("blue"), id="used")).json()["code"] == "evidence.known"  # stored, then refused: an orphan
    await pool.execute(  # a crash between the row and its object
        "INSERT INTO casework.files (sha256, kind, media_type, size, state, uploaded_by, at) VALUES ($1, 'photo', 'image/jpeg', 1, 'uploading', 'x', $2)",
        "f" * 64, desk.clock(),
    )  # fmt: skip
    orphan = await pool.fetchval("SELECT sha256 FROM casework.files f WHERE state = 'stored' AND NOT EXISTS (SELECT 1 FROM casework.file_uses u WHERE u.sha256 = f.sha256)")
    assert await files.sweep(pool, desk.clock()) == 0
    desk.clock.advance(timedelta(days=2))
    assert await files.sweep(pool, desk.clock()) == 2
    with pytest.raises(FileNotFoundError):
        await files.get(orphan)
    assert (await site.get(OFFICER, f"/cases/{CASE}/evidence/used/file", params={"form": "original"})).content == photo("red")
    again = await upload(site, photo("blue"), id="again")
    assert again.status_code == 201 and await files.get(orphan, SHOWN)


async def test_the_same_content_is_stored_once_and_no_name_of_a_sender_reaches_the_store(site: Http, pool: Pool) -> None:
    await upload(site, photo(), id="one")
    await upload(site, photo(), id="two")
    assert await pool.fetchval("SELECT count(*) FROM casework.files") == 1
    paths = [entry["path"] for entry in site.parts.files.store.list().collect()]
    [sha] = [row["sha256"] for row in await pool.fetch("SELECT sha256 FROM casework.files")]
    assert sorted(paths) == sorted([path_of(sha, ORIGINAL), path_of(sha, SHOWN), path_of(sha, ".thumbnail")])


async def test_who_does_not_work_on_cases_gets_no_original(site: Http, desk: Desk, pool: Pool) -> None:
    outsider = Principal("outside", "外单位", frozenset({Role.OFFICER}), "da-sl", frozenset({"470300"}))
    site.tokens |= await enter(pool, desk, outsider)
    await upload(site, photo(), id="p1")
    path = f"/cases/{CASE}/evidence/p1/file"
    assert (await site.get(outsider, path)).status_code == 403
    assert (await site.get(SUPERVISOR, path, params={"form": "original"})).status_code == 200
    assert (await site.get(SUPERVISOR, f"/cases/{CASE}/evidence/none/file")).status_code == 404


async def test_many_files_go_in_one_request_each_accepted_or_refused_by_itself(site: Http, pool: Pool) -> None:
    parts = [("files", ("a.csv", b"a,b\n1,2\n")), ("files", ("b.exe", b"MZ" + b"\0" * 99)), ("files", ("c.csv", b"a,b\n1,2\n")), ("files", ("d.jpg", photo()))]
    answer = await site.post(OFFICER, "/evidence", files=parts)
    assert answer.status_code == 201
    first, second, third, fourth = answer.json()["files"]
    assert first["sha256"] == third["sha256"] and fourth["kind"] == "photo"
    assert second["problem"]["code"] == "evidence.type"
    assert await pool.fetchval("SELECT count(*) FROM casework.files WHERE state = 'stored'") == 2
