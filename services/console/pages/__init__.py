"""One module a page; each has a router whose routes name the area they belong to."""

from fastapi import APIRouter

from services.console.pages import acts, case, home, live, reveal, search, work

ROUTERS: tuple[APIRouter, ...] = tuple(module.router for module in (home, work, case, acts, reveal, search, live))
