"""The web application: every page's routes, the answers to what goes wrong, and the check that no route is unguarded."""

from __future__ import annotations

import inspect
from collections.abc import Iterable
from typing import cast

import structlog
from fastapi import APIRouter, Depends, FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from services.console import login
from services.console.access import Forbidden, Forged, LoginRequired, NotFound, Open, check_routes, office_of
from services.console.office import Office
from services.console.pages import ROUTERS
from services.console.security import Guarded, TooLarge
from services.domain.principals import Role
from services.infra.failures import TRANSIENT, UNWRITABLE, describe

log = structlog.get_logger()
API = "/api/"
HOME = (("/", "回到首页"),)
static = APIRouter()


@static.get("/static/{version}/{name}", dependencies=[Depends(Open("样式、脚本和图标"))])
async def static_file(request: Request, version: str, name: str) -> Response:
    """Styles, scripts, marks."""
    return office_of(request).templates.static(request, version, name)


def add_pages(app: FastAPI, office: Office) -> None:
    """The pages on an application that has an API besides; raises RuntimeError for a page that does not say who may use it."""
    app.state.office = office
    for router in (static, login.router, *ROUTERS):
        app.include_router(router, include_in_schema=False)
    app.add_middleware(Guarded, secure=office.secure)
    _answers(app)
    check_routes(app, elsewhere=API)


def _answers(app: FastAPI) -> None:
    """Pages answer in pages; whatever the API had for its own callers stays theirs."""
    api = dict(app.exception_handlers)

    async def of_api(request: Request, failure: Exception) -> Response | None:
        handler = next((api[kind] for kind in type(failure).__mro__ if kind in api), None)
        if handler is None or not request.url.path.startswith(API):
            return None
        answer = handler(request, failure)
        given: Response = await answer if inspect.isawaitable(answer) else answer
        return given

    def state(request: Request, status: int, title: str, *lines: str, ways: Iterable[tuple[str, str]] = HOME) -> Response:
        return office_of(request).templates.page("state.html", status, title=title, lines=lines, ways=tuple(ways))

    @app.exception_handler(LoginRequired)
    async def login_required(request: Request, failure: LoginRequired) -> Response:
        target = f"/login?next={failure.next}" if failure.next != "/" else "/login"
        if request.headers.get("hx-request"):
            return Response(status_code=204, headers={"HX-Redirect": target})
        return RedirectResponse(target, 303)

    @app.exception_handler(Forbidden)
    async def forbidden(request: Request, failure: Forbidden) -> Response:
        area = office_of(request).console.areas[failure.area]
        who = "、".join(role.label for role in Role if role in area.roles)
        name = failure.visit.principal.name
        return state(request, 403, f"“{area.label}”不对您开放", f"{name}，您的职责不包括这一部分。", f"可以办理的人：{who}。",
                     "确有需要的，请联系管理员核对账号职责。")  # fmt: skip

    @app.exception_handler(Forged)
    async def forged(request: Request, failure: Forged) -> Response:
        return state(request, 403, "这张表单已失效", "页面打开太久，或不是从本系统提交的；这一步没有办理。", "请回到原页面刷新后再提交，草稿还在。")

    @app.exception_handler(NotFound)
    async def not_found(request: Request, failure: NotFound) -> Response:
        return state(request, 404, "没有找到", str(failure) or "地址有误，或这件事项不在您的管辖范围内。", "可以用上方的查找框，按受理编号、地点或单位查找。")

    @app.exception_handler(HTTPException)
    async def http(request: Request, failure: HTTPException) -> Response:
        if (answer := await of_api(request, failure)) is not None:
            return answer
        if failure.status_code == 404:
            return await not_found(request, NotFound())
        return state(request, failure.status_code, "这一步做不了", "地址或提交方式不对。")

    @app.exception_handler(RequestValidationError)
    async def invalid(request: Request, failure: RequestValidationError) -> Response:
        if (answer := await of_api(request, failure)) is not None:
            return answer
        fields = "、".join(sorted({str(error["loc"][-1]) for error in failure.errors()}))
        return state(request, 422, "填写有误", f"这些内容不完整或格式不对：{fields}。", "请返回上一页核对后再提交。")

    @app.exception_handler(TooLarge)
    async def too_large(request: Request, failure: TooLarge) -> Response:
        return state(request, 413, "文件太大", "一次提交不能超过 64 MB；这一步没有办理。", "请压缩，或分几次上传。")

    async def busy(request: Request, failure: Exception) -> Response:
        if (answer := await of_api(request, failure)) is not None:
            return answer
        log.warning("page_failed", path=request.scope.get("route") and request.scope["route"].path, reason=describe(failure))
        return state(request, 503, "系统暂时没有应答", "数据库没有应答；这一步没有办理，已有内容没有变化。", "请稍后刷新再试。",
                     ways=((request.url.path if request.method == "GET" else "/", "再试一次"),))  # fmt: skip

    async def unwritable(request: Request, failure: Exception) -> Response:
        if (answer := await of_api(request, failure)) is not None:
            return answer
        return state(request, 422, "填写有误", "地址或表单里有不能使用的字符；这一步没有办理。", "请重新输入，不要粘贴控制字符。")

    for kind in UNWRITABLE:
        app.add_exception_handler(cast(type[Exception], kind), unwritable)
    for kind in TRANSIENT:
        app.add_exception_handler(cast(type[Exception], kind), busy)

    @app.exception_handler(Exception)
    async def bug(request: Request, failure: Exception) -> Response:
        if (answer := await of_api(request, failure)) is not None:
            return answer
        log.error("page_failed", path=request.scope.get("route") and request.scope["route"].path, reason=describe(failure))
        return state(request, 500, "出了差错", "这一步没有办理；差错已记录，由管理员处理。", "可以返回上一页再试一次，或先办别的事。")
