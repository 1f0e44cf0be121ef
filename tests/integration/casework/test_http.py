"""The HTTP API: who is let in, what a refusal says, lost updates, requests sent twice, bounds."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from uuid import uuid4

import orjson

from contracts.vocabulary import LinkKind
from services.casework.api.limits import Rates
from services.domain.principals import Principal, Role
from services.infra.access import REVOKE, give_token
from services.infra.postgres import Pool
from tests.integration.casework.conftest import PEPPER, Http, enter
from tests.support.office import (
    ACCEPTOR,
    CALLER,
    COLLEAGUE,
    DISPATCHER,
    DISTRICT,
    OFFICER,
    SUPERVISOR,
    Desk,
    assigned,
    case_id,
    linked,
    opened,
)

CASE = str(case_id(1))


async def test_nothing_is_open_without_a_token(http: Http, desk: Desk) -> None:
    await desk.hear(opened())
    for method, path in (("GET", "/cases"), ("GET", f"/cases/{CASE}"), ("POST", f"/cases/{CASE}/commands"), ("POST", "/commands"),
                         ("GET", f"/cases/{CASE}/gates"), ("GET", "/complaints/XF20260302-000001-1/status"), ("GET", "/commands")):  # fmt: skip
        answer = await http.send(None, method, path, json={"type": "sign_in"} if method == "POST" else None)
        assert (answer.status_code, answer.headers["content-type"]) == (401, "application/problem+json"), path
        assert answer.headers["www-authenticate"] == "Bearer"
        assert answer.json()["remedy"]


async def test_a_revoked_an_expired_and_a_wrong_token_are_refused_each_in_its_words(http: Http, desk: Desk, pool: Pool) -> None:
    async with pool.acquire() as connection:
        short = await give_token(connection, OFFICER.id, PEPPER, desk.clock(), expires_at=desk.clock() + timedelta(hours=1), note="")
        await connection.execute(REVOKE, http.tokens[OFFICER.id].split("_")[1], desk.clock())
    assert (await http.get(OFFICER, "/cases")).json()["code"] == "token.revoked"
    http.tokens[OFFICER.id] = short
    assert (await http.get(OFFICER, "/cases")).status_code == 200
    desk.clock.advance(timedelta(hours=2))
    assert (await http.get(OFFICER, "/cases")).json()["code"] == "token.expired"
    http.tokens[OFFICER.id] = short[:-2] + "xx"
    assert (await http.get(OFFICER, "/cases")).json()["code"] == "token.unknown"
    kept = await pool.fetch("SELECT digest FROM access.tokens")
    # The secret itself may hold underscores; its last few letters alone would be found in any digest.
    assert all(token.split("_", 2)[2] not in row["digest"] for row in kept for token in http.tokens.values())


async def test_a_command_is_given_and_its_refusal_names_rule_provenance_remedy(http: Http, desk: Desk) -> None:
    await desk.hear(opened(), assigned())
    done = await http.post(OFFICER, f"/cases/{CASE}/commands", json={"type": "sign_in"})
    assert (done.status_code, done.json()["status"], done.headers["etag"]) == (200, "signed_in", '"3"')
    again = await http.post(OFFICER, f"/cases/{CASE}/commands", json={"type": "sign_in"})
    assert (again.status_code, again.json()["code"]) == (409, "part.state")
    assert again.json()["provenance"] == "专班一案一方案" and again.json()["remedy"].startswith("请按签收")
    forbidden = await http.post(CALLER, f"/cases/{CASE}/commands", json={"type": "investigate"})
    assert (forbidden.status_code, forbidden.json()["code"]) == (403, "actor.role")
    missing = await http.post(OFFICER, f"/cases/{uuid4()}/commands", json={"type": "sign_in"})
    assert (missing.status_code, missing.json()["code"]) == (404, "case.missing")
    secret = "13912345678"
    wrong = await http.post(OFFICER, f"/cases/{CASE}/commands", json={"type": "return_part", "ground": secret, "reason": "x"})
    assert (wrong.status_code, wrong.json()["field"]) == (422, "return_part.ground") and secret not in wrong.text


async def test_who_saw_an_earlier_version_is_told_what_changed(http: Http, desk: Desk) -> None:
    await desk.hear(opened(), assigned())
    tag = (await http.get(OFFICER, f"/cases/{CASE}")).headers["etag"]
    assert (await http.get(OFFICER, f"/cases/{CASE}", headers={"If-None-Match": tag})).status_code == 304
    both = asyncio.Barrier(2)

    async def sign(actor: Principal) -> tuple[int, list[str]]:
        await both.wait()
        answer = await http.post(actor, f"/cases/{CASE}/commands", json={"type": "sign_in"}, headers={"If-Match": tag})
        return answer.status_code, answer.json().get("changes", [])

    first, second = sorted(await asyncio.gather(sign(OFFICER), sign(COLLEAGUE)))
    assert first == (200, [])
    assert second[0] == 412 and len(second[1]) == 1 and second[1][0].endswith("签收")


async def test_a_request_sent_twice_at_once_under_one_key_is_done_once_and_answered_alike(http: Http, desk: Desk, pool: Pool) -> None:
    await desk.hear(opened(), assigned())
    both = asyncio.Barrier(2)
    key = {"Idempotency-Key": "k-1"}

    async def sign() -> tuple[int, bytes]:
        await both.wait()
        answer = await http.post(OFFICER, f"/cases/{CASE}/commands", json={"type": "sign_in"}, headers=key)
        return answer.status_code, answer.content

    first, second = await asyncio.gather(sign(), sign())
    assert first == second and first[0] == 200
    assert await pool.fetchval("SELECT count(*) FROM casework.events WHERE kind = 'signed_in'") == 1
    other = await http.post(OFFICER, f"/cases/{CASE}/commands", json={"type": "investigate"}, headers=key)
    assert (other.status_code, other.json()["code"]) == (422, "request.key")


async def test_a_refused_request_leaves_its_key_free(http: Http, desk: Desk) -> None:
    await desk.hear(opened(), assigned())
    key = {"Idempotency-Key": "k-2"}
    assert (await http.post(OFFICER, f"/cases/{CASE}/commands", json={"type": "investigate"}, headers=key)).status_code == 409
    await http.post(OFFICER, f"/cases/{CASE}/commands", json={"type": "sign_in"})
    assert (await http.post(OFFICER, f"/cases/{CASE}/commands", json={"type": "investigate"}, headers=key)).status_code == 200


async def test_many_commands_go_in_one_request_each_by_itself_or_all_together(http: Http, desk: Desk, pool: Pool) -> None:
    await desk.hear(opened(), assigned(), opened(2, external_id="E2"), assigned(2))
    commands = [
        {"case": CASE, "command": {"type": "sign_in"}},
        {"case": str(case_id(2)), "command": {"type": "investigate"}},
        {"case": CASE, "command": {"type": "investigate"}},
    ]
    refused = await http.post(OFFICER, "/commands", json={"commands": commands, "atomic": True})
    assert (refused.status_code, refused.json()["field"]) == (422, "commands.1")
    assert await pool.fetchval("SELECT count(*) FROM casework.events WHERE kind = 'signed_in'") == 0
    outcomes = (await http.post(OFFICER, "/commands", json={"commands": commands})).json()["outcomes"]
    assert ["problem" in outcome for outcome in outcomes] == [False, True, False]
    assert outcomes[1]["problem"]["code"] == "case.state"


async def test_units_and_regions_bound_what_is_seen(http: Http, desk: Desk, pool: Pool) -> None:
    stranger = Principal("stranger", "外人", frozenset({Role.OFFICER}), "da-sl", frozenset({"470300"}))
    elsewhere = Principal("elsewhere", "外地", frozenset({Role.SUPERVISOR}), None, frozenset({"480100"}))
    http.tokens |= await enter(pool, desk, stranger, elsewhere)
    await desk.hear(opened(), assigned(helper=True), opened(2, external_id="E2"))
    assert len((await http.get(SUPERVISOR, "/cases")).json()["cases"]) == 2
    assert [c["case_no"] for c in (await http.get(OFFICER, "/cases")).json()["cases"]] == ["AJ2026-0000001"]
    assert (await http.get(stranger, "/cases")).json()["cases"] == []
    assert (await http.get(elsewhere, "/cases")).json()["cases"] == []
    assert (await http.get(stranger, f"/cases/{CASE}")).json()["code"] == "actor.unit"
    assert (await http.get(elsewhere, f"/cases/{CASE}")).json()["code"] == "actor.region"


async def test_pages_lead_through_all_cases_by_key(http: Http, desk: Desk) -> None:
    await desk.hear(*(opened(n, external_id=f"E{n}", occurred_at=desk.clock()) for n in range(1, 8)))
    seen: list[str] = []
    after: str | None = None
    while True:
        page = (await http.get(SUPERVISOR, "/cases", params={"limit": 3, **({"after": after} if after else {})})).json()
        seen += [case["case_no"] for case in page["cases"]]
        after = page["next"]
        if after is None:
            break
    assert len(seen) == len(set(seen)) == 7
    assert (await http.get(SUPERVISOR, "/cases", params={"after": "xyz"})).status_code == 422
    assert len((await http.get(SUPERVISOR, "/cases", params={"region": "470300", "q": "鑫味"})).json()["cases"]) == 7
    assert (await http.get(SUPERVISOR, "/cases", params={"region": "480000"})).json()["cases"] == []


async def test_gates_say_in_sentences_what_is_missing(http: Http, desk: Desk) -> None:
    await desk.hear(opened(), assigned())
    answer = (await http.get(OFFICER, f"/cases/{CASE}/gates")).json()
    assert [gate["gate"] for gate in answer["gates"]] == ["问题查清", "整改到位", "责任落实", "群众满意"]
    assert not answer["met"] and "尚无核实结论" in answer["gates"][0]["sentence"]
    await desk.to_concluded()
    answer = (await http.get(OFFICER, f"/cases/{CASE}/gates")).json()
    assert answer["gates"][0]["met"] and answer["gates"][0]["checks"][1]["evidence"] == ["report"]
    assert "沉默不计为满意" in answer["gates"][3]["sentence"]


async def test_a_source_asks_by_receipt_number_and_hears_of_its_own_complaints_only(http: Http, desk: Desk, pool: Pool) -> None:
    mine = Principal("hotline", "热线", frozenset({Role.SOURCE}), None, frozenset(), person=False, source="hotline-test")
    other = Principal("mayor", "市长信箱", frozenset({Role.SOURCE}), None, frozenset(), person=False, source="mayor-box")
    http.tokens |= await enter(pool, desk, mine, other)
    await desk.hear(opened(), linked(2, kind=LinkKind.REPEAT_PETITION), assigned())
    answer = (await http.get(mine, "/complaints/XF20260302-000002-1/status")).json()
    assert answer["receipt_no"] == "XF20260302-000002-1" and "东安区生态环境分局" in answer["message"]
    assert (await http.get(other, "/complaints/XF20260302-000002-1/status")).status_code == 404
    assert (await http.get(mine, "/cases")).json()["code"] == "access.denied"


async def test_no_petitioner_is_shown_to_those_who_need_not_call_them(http: Http, desk: Desk) -> None:
    await desk.hear(opened(reporter="petitioner-token"), assigned())
    for path in (f"/cases/{CASE}", f"/cases/{CASE}/events", "/cases"):
        for actor in (OFFICER, ACCEPTOR):
            assert "petitioner-token" not in (await http.get(actor, path)).text, path
    assert "petitioner-token" in (await http.get(CALLER, f"/cases/{CASE}")).text


async def test_bounds_on_size_number_and_rate_are_told(http: Http, desk: Desk) -> None:
    await desk.hear(opened(), assigned())
    large = await http.post(OFFICER, "/commands", content=b'{"commands": [' + b" " * 5_000_000 + b"]}")
    assert (large.status_code, large.json()["code"]) == (413, "request.large")

    async def pieces():  # a body without a declared length
        for _ in range(6):
            yield b" " * 1_000_000

    streamed = await http.post(OFFICER, "/commands", content=pieces())
    assert streamed.status_code == 413
    many = await http.post(OFFICER, "/commands", json={"commands": [{"case": CASE, "command": {"type": "sign_in"}}] * 2001})
    assert many.json()["code"] == "request.many"
    http.parts.rates = Rates(2)
    answers = [await http.get(OFFICER, "/cases") for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert int(answers[2].headers["retry-after"]) >= 1


async def test_the_document_of_the_api_lists_every_command_with_its_fields(http: Http) -> None:
    document = (await http.client.get("/api/v1/openapi.json")).json()
    kinds = {one["type"] for one in (await http.get(DISPATCHER, "/commands")).json()["commands"]}
    mapped = document["paths"]["/api/v1/cases/{case}/commands"]["post"]["requestBody"]["content"]["application/json"]["schema"]
    assert kinds == set(mapped["discriminator"]["mapping"])
    assert {"401", "403", "409", "412", "422", "429"} <= set(document["paths"]["/api/v1/cases/{case}/commands"]["post"]["responses"])


async def test_a_case_is_opened_by_a_system_and_its_complaint_cannot_stand_twice(http: Http, desk: Desk, pool: Pool) -> None:
    new, complaint = str(uuid4()), str(uuid4())
    link = {"id": "l", "complaint_id": complaint, "receipt_no": "R1", "kind": "FIRST_REPORT", "received_at": desk.clock().isoformat()}
    body = {"type": "open", "case_no": "IMPORT-1", "region": DISTRICT, "city": "470300", "matter": {"summary": "旧案导入"}, "first": link}
    assert (await http.post(DISPATCHER, f"/cases/{new}/commands", json=body)).status_code == 200
    second = await http.post(DISPATCHER, f"/cases/{uuid4()}/commands", json=body | {"case_no": "IMPORT-2"})
    assert second.json()["code"] == "link.elsewhere"
    wrong = await http.post(DISPATCHER, f"/cases/{uuid4()}/commands", json=body | {"first": link | {"complaint_id": "not-a-uuid"}})
    assert wrong.json()["code"] == "link.id"
    assert orjson.loads(await pool.fetchval("SELECT state::text FROM casework.cases"))["case_no"] == "IMPORT-1"
