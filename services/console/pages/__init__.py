"""One module a page; each has a router whose routes name the area they belong to."""

from fastapi import APIRouter

from services.console.pages import (
    acts,
    admin,
    analysis,
    case,
    dead_letters,
    duty,
    evidence,
    home,
    intake,
    lead,
    live,
    look_back,
    public,
    publish,
    registers,
    reveal,
    review,
    search,
    supervise,
    work,
)

ROUTERS: tuple[APIRouter, ...] = tuple(
    module.router
    for module in (
        home, work, case, acts, evidence, reveal, search, live, review, lead, supervise, look_back, dead_letters, duty, intake,
        publish, public, registers, analysis, admin,
    )
)  # fmt: skip
