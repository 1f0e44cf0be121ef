"""Administration: people, tokens, city files with what changed, models."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Form
from starlette.responses import Response

from services.console import administration as does
from services.console.access import Needs, NotFound, Visit
from services.console.news import News
from services.domain.principals import Role

router = APIRouter()
Administrator = Annotated[Visit, Depends(Needs("admin"))]
HUMAN = tuple(role for role in Role if role not in (Role.SYSTEM, Role.PUBLIC))


@router.get("/admin")
async def people(visit: Administrator, q: str = "") -> Response:
    """Who may do what."""
    return visit.page("admin_people.html", people=await visit.office.pool.fetch(does.PEOPLE, q.strip()[:60]), find=q.strip()[:60], roles=_labels())


@router.get("/admin/people/{id}")
async def person(visit: Administrator, id: str) -> Response:
    """One person, or the empty form for `new`."""
    return await _person(visit, id)


@router.post("/admin/people/{id}")
async def save(
    visit: Administrator, id: str, name: Annotated[str, Form()] = "", new_id: Annotated[str, Form()] = "", unit_id: Annotated[str, Form()] = "",
    regions: Annotated[str, Form()] = "", role: Annotated[list[str] | None, Form()] = None, active: Annotated[str, Form()] = "", system: Annotated[str, Form()] = "",
) -> Response:  # fmt: skip
    """Enter or change a person."""
    whom = new_id.strip() if id == "new" else id
    try:
        await does.save_person(visit, whom, name, role or [], unit_id, regions.replace("，", ",").split(","), person=not system, active=bool(active) or id == "new")
    except does.Unwise as why:
        return await _person(visit, id, problem=str(why), status=422)
    return visit.go(f"/admin/people/{whom}", News("已保存，下一次请求起生效。"))


@router.post("/admin/people/{id}/password")
async def password(visit: Administrator, id: str) -> Response:
    """A new password, shown this once."""
    return await _person(visit, id, once=("新密码", await does.new_password(visit, id), "请当面交给本人，首次登录须修改；此处只显示这一次。"))


@router.post("/admin/people/{id}/token")
async def token(visit: Administrator, id: str, note: Annotated[str, Form()] = "") -> Response:
    """A token, shown this once."""
    return await _person(visit, id, once=("访问令牌", await does.new_token(visit, id, note), f"有效期 {does.TOKEN_DAYS} 天；此处只显示这一次。"))


@router.get("/admin/tokens")
async def tokens(visit: Administrator) -> Response:
    """Every token, without its secret."""
    return visit.page("admin_tokens.html", tokens=await visit.office.pool.fetch(does.TOKENS))


@router.post("/admin/tokens/{id}/revoke")
async def revoke(visit: Administrator, id: str) -> Response:
    """End a token."""
    await does.revoke_token(visit, id)
    return visit.go("/admin/tokens", News("令牌已撤销。"))


@router.get("/admin/city")
async def city(visit: Administrator, older: str = "", newer: str = "") -> Response:
    """City files, and what changed from one to another; the newest two where none is named."""
    versions = await does.city_versions(visit)
    if not older and len(versions) > 1:
        older, newer = versions[1]["version"], versions[0]["version"]
    found = await does.city_changes(visit, older, newer) if older and newer else ()
    return visit.page("admin_city.html", versions=versions, older=older, newer=newer, changes=found)


@router.get("/admin/models")
async def models(visit: Administrator) -> Response:
    """Models and rules in force."""
    return visit.page("admin_models.html", models=does.models(visit.office.settings), book=visit.office.rules)


async def _person(visit: Visit, id: str, *, problem: str = "", once: tuple[str, str, str] | None = None, status: int = 200) -> Response:
    row = await visit.office.pool.fetchrow(does.ONE, id) if id != "new" else None
    if row is None and id != "new":
        raise NotFound("没有这个人。")
    units = [(unit.id, unit.name) for unit in visit.office.city.document.units]
    return visit.page("admin_person.html", status, row=row, id=id, problem=problem, once=once, roles=[(role.value, role.label) for role in HUMAN], units=units)


def _labels() -> dict[str, str]:
    return {role.value: role.label for role in Role}
