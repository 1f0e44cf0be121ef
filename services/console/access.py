"""The one place where access is decided: every route names the area it belongs to, or that it is open; nothing else starts.

A route under `Needs` gets a `Visit`: who, in which session, with which office. A request that changes something must
prove that it came from our own page.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from urllib.parse import quote

from fastapi import FastAPI
from fastapi.routing import APIRoute
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from services.console import news
from services.console.accounts import find_principal
from services.console.news import News
from services.console.office import Office
from services.console.security import SESSION_COOKIE, forged, form_token
from services.console.sessions import Session, find_session
from services.domain.case.rules import Context
from services.domain.clocks.calendar import day_of
from services.domain.principals import Grant, Principal, Role, What, may_read
from services.domain.refusals import Refusal

SAFE = frozenset({"GET", "HEAD"})


PAGES = (
    ("work", "/work", "我的工作"),
    ("lead", "/lead", "包案"),
    ("duty", "/duty", "应急"),
    ("review", "/review", "关联复核"),
    ("supervise", "/supervise", "督办"),
    ("look_back", "/look-back", "回头看"),
    ("dead_letters", "/dead-letters", "异常件"),
    ("intake", "/intake", "登记"),
    ("publish", "/publish", "公开"),
    ("registers", "/registers", "台账"),
    ("analysis", "/analysis", "分析"),
    ("admin", "/admin", "管理"),
)
"""Area, address and name of the pages in the navigation, in its order."""


@dataclass(frozen=True, slots=True)
class Item:
    """A link of the navigation."""

    href: str
    label: str
    current: bool


class LoginRequired(Exception):
    """Nobody is logged in; `next` is where to go on afterwards."""

    def __init__(self, next_path: str) -> None:
        self.next = next_path
        super().__init__("login required")


class Forbidden(Exception):
    """The principal's roles do not open the area."""

    def __init__(self, visit: Visit, area: str) -> None:
        self.visit, self.area = visit, area
        super().__init__(area)


class Forged(Exception):
    """A form came without the token of its session."""


class NotFound(Exception):
    """What was asked for is not there, or not for this principal: the two look alike from outside."""


@dataclass(frozen=True)
class Visit:
    """One request of somebody logged in."""

    request: Request
    office: Office
    principal: Principal
    session: Session

    @property
    def now(self) -> datetime:
        """The moment of the request."""
        return self.office.now

    @property
    def today(self) -> date:
        """The date in China."""
        return day_of(self.now)

    @staticmethod
    def moment(text: str) -> datetime:
        """A moment from its ISO text."""
        return datetime.fromisoformat(text)

    @property
    def token(self) -> str:
        """What forms of this visit must send."""
        return form_token(self.session.secret)

    @property
    def context(self) -> Context:
        """What a decision on a case is made in."""
        return Context(self.principal, self.now, self.office.rules.case)

    def opens(self, area: str) -> bool:
        """Whether the principal may open an area."""
        return self.office.console.opens(self.principal, area)

    def reading(self, what: What, *, confidential: bool = False, purpose: str | None = None) -> Grant | Refusal:
        """The widest grant among the principal's roles, or the refusal of the first; the matrix is access.yaml's."""
        rules, refusal = self.office.rules.access, None
        grants: list[Grant] = []
        for role in sorted(self.principal.roles):
            found = may_read(rules, role, what, confidential=confidential, purpose=purpose)
            if isinstance(found, Grant):
                grants.append(found)
            else:
                refusal = refusal or found
        if grants:
            return max(grants, key=lambda grant: (grant.form == "full", len(grant.fields)))
        return refusal or may_read(rules, Role.PUBLIC, What.IDENTITY)

    @property
    def nav(self) -> tuple[Item, ...]:
        """The pages this person opens, the current one marked."""
        path = self.request.url.path
        return tuple(
            Item(href, label, path == href or path.startswith(f"{href}/") or (href == "/work" and path.startswith("/cases")))
            for area, href, label in PAGES
            if self.opens(area)
        )

    @property
    def news(self) -> News | None:
        """What was just done, shown once."""
        return news.read(self.request, self.session.secret)

    @property
    def role_names(self) -> str:
        """The principal's roles in words."""
        return "、".join(role.label for role in Role if role in self.principal.roles)

    def page(self, template: str, status: int = 200, **values: Any) -> Response:
        """A rendered page."""
        answer = self.office.templates.page(template, status, visit=self, **values)
        if news.COOKIE in self.request.cookies:
            answer.delete_cookie(news.COOKIE, path="/")
        return answer

    def go(self, target: str, said: News) -> Response:
        """On to a page of ours, with a sentence about what was done."""
        return news.redirect(target, said, self.session.secret, secure=self.office.secure)


class Needs:
    """Dependency of a route: the area whose roles may use it."""

    def __init__(self, area: str) -> None:
        self.area = area

    async def __call__(self, request: Request) -> AsyncIterator[Visit]:
        try:
            visit = await visit_of(request)
            if visit is None:
                raise LoginRequired(_here(request))
            if request.method not in SAFE and await forged(request, visit.session.secret):
                raise Forged
            if not visit.opens(self.area):
                raise Forbidden(visit, self.area)
            yield visit
        finally:
            await request.close()  # files of a form


class Open:
    """Dependency of a route anybody may use; `why` says so in the list of routes."""

    def __init__(self, why: str) -> None:
        self.why = why

    async def __call__(self, request: Request) -> Office:
        return office_of(request)


def office_of(request: Request) -> Office:
    """The office of the application that answers."""
    office: Office = request.app.state.office
    return office


async def visit_of(request: Request) -> Visit | None:
    """The visit of a request's session cookie, or None."""
    office = office_of(request)
    secret = request.cookies.get(SESSION_COOKIE)
    if not secret:
        return None
    session = await find_session(office.pool, secret, office.now, office.console.sessions)
    principal = await find_principal(office.pool, session.principal_id) if session else None
    return Visit(request, office, principal, session) if session and principal else None


def declared(route: APIRoute) -> Needs | Open | None:
    """What a route says about who may use it."""
    for dependency in _calls(route.dependant):
        if isinstance(dependency, (Needs, Open)):
            return dependency
    return None


def pages_of(routes: Iterable[BaseRoute], elsewhere: str) -> Iterator[BaseRoute]:
    """Every route but those below `elsewhere`, which have an authority of their own; routers are looked into."""
    for route in routes:
        router = getattr(route, "original_router", None)
        if router is None:
            if not getattr(route, "path", "").startswith(elsewhere):
                yield route
        elif not str(router.prefix).startswith(elsewhere):
            yield from pages_of(router.routes, elsewhere)


def check_routes(app: FastAPI, elsewhere: str) -> None:
    """Refuse to start with a route nobody declared, of a kind nobody knows, or of an area nobody knows."""
    office: Office = app.state.office
    for route in pages_of(app.routes, elsewhere):
        path = getattr(route, "path", repr(route))
        says = declared(route) if isinstance(route, APIRoute) else None
        if says is None:
            raise RuntimeError(f"{path} names no area: add Depends(Needs(…)) or Depends(Open(…))")
        if isinstance(says, Needs) and says.area not in office.console.areas:
            raise RuntimeError(f"{path} names the area {says.area!r}, which console.yaml does not have")


def _calls(dependant: Any) -> Iterator[Any]:
    for dependency in dependant.dependencies:
        yield dependency.call
        yield from _calls(dependency)


def _here(request: Request) -> str:
    if request.method not in SAFE:
        return "/"
    query = f"?{request.url.query}" if request.url.query else ""
    return quote(request.url.path, safe="/") + query
