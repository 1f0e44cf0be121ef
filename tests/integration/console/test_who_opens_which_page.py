"""Every route with every role, held against the matrix: nothing opens that console.yaml does not name."""

from __future__ import annotations

import re
from uuid import UUID

import pytest
from fastapi import APIRouter, FastAPI
from fastapi.routing import APIRoute

from services.console.access import Needs, Open, check_routes, declared, pages_of
from services.domain.principals import Role
from tests.support.console_server import Console, token_of
from tests.support.invented_office import EVERYBODY

SOME_ID = UUID(int=7)


def pages(console: Console) -> list[APIRoute]:
    found = [route for route in pages_of(console.app.routes, "/api/") if isinstance(route, APIRoute)]
    assert len(found) > 50
    return found


def address(console: Console, route: APIRoute) -> str:
    case = console.case("investigating")
    known = {"case_no": case, "id": str(SOME_ID), "link_id": str(SOME_ID), "kind": "investigate", "complaint_id": str(SOME_ID), "evidence_id": "none",
             "version": "0", "name": "console.css"}  # fmt: skip
    return re.sub(r"\{(\w+)\}", lambda found: known[found[1]], route.path)


def test_every_page_says_who_may_use_it(console: Console) -> None:
    assert [route.path for route in pages(console) if declared(route) is None] == []


def test_a_page_that_says_nothing_keeps_the_console_from_starting(console: Console) -> None:
    router = APIRouter()
    router.add_api_route("/forgotten", lambda: "anybody", methods=["GET"])
    app = FastAPI(openapi_url=None)
    app.state.office = console.office
    app.include_router(router)
    with pytest.raises(RuntimeError, match="/forgotten names no area"):
        check_routes(app, "/api/")


def test_only_the_login_the_public_page_and_static_files_are_open(console: Console) -> None:
    open_ = {route.path for route in pages(console) if isinstance(declared(route), Open)}
    assert open_ == {"/login", "/login/oidc", "/login/oidc/back", "/public", "/static/{version}/{name}"}


def test_nobody_gets_past_the_login(console: Console) -> None:
    with console.visitor() as nobody:
        for route in pages(console):
            if isinstance(declared(route), Needs):
                method = next(iter(route.methods))
                answer = nobody.request(method, address(console, route))
                assert answer.status_code == 303 and answer.headers["location"].startswith("/login"), route.path


@pytest.mark.parametrize("who", sorted(EVERYBODY))
def test_every_route_opens_to_the_roles_of_its_area_and_to_nobody_else(console: Console, who: str) -> None:
    roles = EVERYBODY[who][1]
    with console.login(who) as client:
        token = token_of(client.get("/password")) if Role.ACCUSED not in roles else ""
        for route in pages(console):
            says = declared(route)
            if not isinstance(says, Needs) or route.path in ("/logout", "/live"):
                continue
            method = next(iter(route.methods))
            # Forms are sent empty: past the door they are refused for what they lack, never for who sent them.
            answer = client.request(method, address(console, route), data={"_token": token} if method == "POST" else None)
            opens = bool(roles & console.office.console.areas[says.area].roles) and Role.ACCUSED not in roles
            closed = answer.status_code == 403 and ("不对您开放" in answer.text or not token)
            assert closed != opens, f"{who} {method} {route.path} {answer.status_code}"
            assert answer.status_code < 500, f"{who} {method} {route.path}"


def test_the_accused_see_nothing_whatever_role_was_given_besides(console: Console) -> None:
    console.sql("UPDATE access.principals SET roles = '{accused,supervisor}' WHERE id = 'accused-1' RETURNING 1")
    with console.login("accused-1") as client:
        for path in ("/", "/supervise", f"/cases/{console.case('assigned')}", "/search?q=工地", "/publish", "/api/v1/cases"):
            assert client.get(path).status_code in (401, 403, 404)


def test_a_case_of_another_unit_is_not_there_rather_than_forbidden(console: Console) -> None:
    foreign = console.sql("SELECT case_no FROM casework.cases WHERE NOT ('da-t1' = ANY(units)) LIMIT 1")
    console.sql("UPDATE access.principals SET roles = '{officer}' WHERE id = 'grid-1' RETURNING 1")
    with console.login("grid-1") as officer:
        found, missing = officer.get(f"/cases/{foreign}"), officer.get("/cases/AJ2026-9999999")
        assert found.status_code == missing.status_code == 404
        assert found.text.replace(foreign, "X") == missing.text.replace("AJ2026-9999999", "X")
        assert foreign not in officer.get(f"/search?q={foreign}").text.replace(f"“{foreign}”", "").replace(f'value="{foreign}"', "")


def test_a_region_bounds_what_a_dispatcher_sees(console: Console) -> None:
    elsewhere = console.sql("SELECT case_no FROM casework.cases WHERE region <> '470302' LIMIT 1")
    console.sql("UPDATE access.principals SET regions = '{470302}' WHERE id = 'dispatcher-1' RETURNING 1")
    with console.login("dispatcher-1") as client:
        assert client.get(f"/cases/{elsewhere}").status_code == 404
    console.sql("UPDATE access.principals SET regions = '{470300}' WHERE id = 'dispatcher-1' RETURNING 1")
