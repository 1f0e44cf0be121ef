"""Coming in and going out: by password or by the OpenID provider; a new session each time."""

from __future__ import annotations

from typing import Annotated

import structlog
from fastapi import APIRouter, Depends, Form
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from services.console import attempts
from services.console.access import Forged, Needs, Open, Visit
from services.console.accounts import find_account, find_principal, set_password
from services.console.office import Office
from services.console.oidc import LoginFailed
from services.console.passwords import weakness
from services.console.security import (
    LOGIN_COOKIE,
    SESSION_COOKIE,
    forged,
    form_token,
    fresh_secret,
    own_path,
    set_cookie,
)
from services.console.sessions import begin_session, end_session, end_sessions
from services.domain.principals import Role

log = structlog.get_logger()
router = APIRouter()
Anybody = Annotated[Office, Depends(Open("登录页"))]
Somebody = Annotated[Visit, Depends(Needs("home"))]
OTHER = "登录名或密码不对。"


@router.get("/login")
async def show(request: Request, office: Anybody, next: str = "/") -> Response:
    """The form; its token belongs to a cookie of its own, so that nobody can be logged in by another site."""
    return _form(request, office, own_path(next))


@router.post("/login")
async def enter(
    request: Request, office: Anybody, login: Annotated[str, Form()] = "", password: Annotated[str, Form()] = "",
    next: Annotated[str, Form()] = "/",
) -> Response:  # fmt: skip
    """Check the password; an unknown name and a wrong password give the same answer in the same time."""
    secret = request.cookies.get(LOGIN_COOKIE)
    if not secret or await forged(request, secret):
        raise Forged
    now, rules, target = office.now, office.console.login, own_path(next)
    who = attempts.subjects(login, request.client.host if request.client else "")
    if await attempts.too_many(office.pool, who, now, rules):
        return _form(request, office, target, f"失败次数过多，请 {rules.minutes} 分钟后再试。", login=login, status=429)
    account = await find_account(office.pool, login.strip())
    good = await office.passwords.check(account.password_hash if account else None, password)
    principal = await find_principal(office.pool, account.principal_id) if account and good else None
    if account is None or principal is None:
        await attempts.note_failure(office.pool, who, now, rules)
        log.warning("login_failed", how="password")
        return _form(request, office, target, OTHER, login=login, status=401)
    await attempts.forget(office.pool, who)
    return await _let_in(office, account.principal_id, "password", "/password" if account.must_change else target)


@router.get("/login/oidc")
async def leave_for_provider(request: Request, office: Anybody, next: str = "/") -> Response:
    """To the provider and back to `/login/oidc/back`."""
    if office.provider is None:
        return _form(request, office, own_path(next), "没有配置统一身份认证，请用登录名和密码。", status=404)
    try:
        return RedirectResponse(await office.provider.authorize(office.pool, _back(request, office), own_path(next), office.now), 303)
    except LoginFailed as failure:
        log.warning("login_failed", how="oidc", reason=str(failure))
        return _form(request, office, own_path(next), "统一身份认证暂时没有应答，请稍后再试。", status=502)


@router.get("/login/oidc/back")
async def come_back(request: Request, office: Anybody, state: str = "", code: str = "") -> Response:
    """The provider's answer."""
    provider = office.provider
    try:
        if provider is None:
            raise LoginFailed("no provider is configured")
        principal_id, target = await provider.finish(office.pool, _back(request, office), state, code, office.now)
        principal = await find_principal(office.pool, principal_id)
        if principal is None or Role.ACCUSED in principal.roles:
            log.warning("login_failed", how="oidc", reason="no principal of this name")
            return _form(request, office, "/", "统一身份认证已通过，但本系统没有您的账号。请联系管理员开通。", status=403)
    except LoginFailed as failure:
        log.warning("login_failed", how="oidc", reason=str(failure))
        return _form(request, office, "/", "这次登录没有成功或已过期，请重新登录。", status=401)
    return await _let_in(office, principal_id, "oidc", own_path(target))


@router.post("/logout")
async def leave(visit: Somebody) -> Response:
    """End this session."""
    await end_session(visit.office.pool, visit.session.secret, visit.now)
    answer = RedirectResponse("/login", 303)
    answer.delete_cookie(SESSION_COOKIE, path="/")
    return answer


@router.get("/password")
async def ask_password(visit: Somebody) -> Response:
    """The form for a new password."""
    return visit.page("password.html", problem=None)


@router.post("/password")
async def change_password(visit: Somebody, old: Annotated[str, Form()] = "", new: Annotated[str, Form()] = "") -> Response:
    """A new password; every session of the person ends, this one goes on as a new one."""
    office = visit.office
    login = await office.pool.fetchval("SELECT login FROM console.accounts WHERE principal_id = $1", visit.principal.id)
    account = await find_account(office.pool, login) if login else None
    if account is None:
        return visit.page("password.html", 404, problem="您通过统一身份认证登录，请在那里修改密码。")
    who = attempts.subjects(account.login, "password")
    if await attempts.too_many(office.pool, who, visit.now, office.console.login):
        return visit.page("password.html", 429, problem=f"失败次数过多，请 {office.console.login.minutes} 分钟后再试。")
    if not await office.passwords.check(account.password_hash, old):
        await attempts.note_failure(office.pool, who, visit.now, office.console.login)
        return visit.page("password.html", 422, problem="原密码不对。")
    if problem := weakness(new, account.login) or ("新密码与原密码相同。" if new == old else None):
        return visit.page("password.html", 422, problem=problem)
    hashed = await office.passwords.hash(new)
    await set_password(office.pool, account.login, account.principal_id, hashed, visit.now, must_change=False)
    await end_sessions(office.pool, account.principal_id, visit.now)
    return await _let_in(office, account.principal_id, "password", "/")


def _form(request: Request, office: Office, target: str, problem: str | None = None, *, login: str = "", status: int = 200) -> Response:
    secret = request.cookies.get(LOGIN_COOKIE) or fresh_secret()
    answer = office.templates.page(
        "login.html", status, office=office, next=target, problem=problem, login=login, token=form_token(secret),
        oidc=office.provider is not None,
    )  # fmt: skip
    set_cookie(answer, LOGIN_COOKIE, secret, secure=office.secure)
    return answer


async def _let_in(office: Office, principal_id: str, how: str, target: str) -> Response:
    async with office.pool.acquire() as connection, connection.transaction():
        session = await begin_session(connection, principal_id, how, office.now, office.console.sessions)
    answer = RedirectResponse(target, 303)
    set_cookie(answer, SESSION_COOKIE, session.secret, secure=office.secure)
    answer.delete_cookie(LOGIN_COOKIE, path="/")
    return answer


def _back(request: Request, office: Office) -> str:
    base = office.settings.console_url or str(request.base_url)
    return f"{base.rstrip('/')}/login/oidc/back"
