"""`petitions supervise`: steps that wait for a person, taken one by one or in bulk; the weekly lists; a person's digests."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import typer

from contracts.vocabulary import SupervisionStep
from services.casework.execute import Asked, Denied
from services.casework.office import Office
from services.commands.casework import TOKEN
from services.commands.operator import whoever_asks
from services.commands.output import JSON_OPTION, Failed, console, print_json, print_table, run
from services.commands.session import connection, rule_book, settings, unit_of_work
from services.domain.case import commands as c
from services.domain.clocks.calendar import local
from services.domain.principals import Principal
from services.infra.access import PepperMissing
from services.infra.clock import system_clock
from services.infra.unit_of_work import UnitOfWork
from services.supervision import digests, proposals, weekly
from services.supervision.proposals import Preview, Proposal, ProposalGone

app = typer.Typer(no_args_is_help=True, help="The ladder 提醒 → 预警 → 催办 → 督办 → 挂牌督办 → 约谈, weekly lists, digests.")
HEADINGS = (("overdue", "逾期"), ("due", "下周到期"), ("still", "无进展"), ("repeated", "重复反映"), ("moved", "有进展"))

def register(root: typer.Typer) -> None:
    """Add the commands."""
    root.add_typer(app, name="supervise")


@app.command("next")
def next_steps(
    unit: str = typer.Option(None, help="Only cases this unit leads (id)."),
    leader: str = typer.Option(None, help="Only cases of this leader in charge (id)."),
    step: SupervisionStep = typer.Option(None, help="Only this step."),
    limit: int = typer.Option(50, min=1, max=10_000, help="How many."),
    as_json: bool = JSON_OPTION,
) -> None:
    """List the steps that wait for a person's decision, unowned cases first, with the reason of each."""

    async def work() -> list[Proposal]:
        async with connection() as found:
            return await proposals.waiting(found, unit_id=unit, leader_id=leader, step=step.value if step else None, limit=limit)

    found = run(work())
    if as_json:
        print_json([item.as_json() for item in found])
        return
    _table(f"待决定的督办（{len(found)} 件）", found, empty="No step waits for a decision.")
    if found:
        console.print("next: petitions supervise apply 编号…（或 --all --step 督办）", style="dim", markup=False)


@app.command("apply")
def apply(
    ids: list[UUID] = typer.Argument(None, help="Ids of proposals (petitions supervise next)."),
    everything: bool = typer.Option(False, "--all", help="Every proposal that waits (narrow it with --step, --unit, --leader)."),
    step: SupervisionStep = typer.Option(None, help="With --all: only this step."),
    unit: str = typer.Option(None, help="With --all: only cases this unit leads (id)."),
    leader: str = typer.Option(None, help="With --all: only cases of this leader (id)."),
    decline: bool = typer.Option(False, "--decline", help="Decide against the steps; needs --reason."),
    reason: str = typer.Option("", help="Why they are declined."),
    yes: bool = typer.Option(False, "--yes", "-y", help="Do it without asking."),
    token: str = TOKEN,
    as_json: bool = JSON_OPTION,
) -> None:
    """Take (or decline) proposed steps as yourself: shows what would be done, asks, does it; each case by itself."""
    if bool(ids) == everything:
        raise typer.BadParameter("name proposals, or say --all")
    if decline and not reason.strip():
        raise typer.BadParameter("declining needs --reason")

    async def look() -> tuple[Principal, Preview]:
        async with connection() as found:
            actor = await whoever_asks(found, settings(), token)
            chosen = ids or [
                item.id for item in await proposals.waiting(
                    found, unit_id=unit, leader_id=leader, step=step.value if step else None, limit=10_000)
            ]  # fmt: skip
            return actor, await proposals.preview(found, chosen, actor)

    try:
        actor, preview = run(look())
    except PepperMissing as failure:
        raise Failed(str(failure)) from None
    if not as_json:
        verb = "否决" if decline else "执行"
        _table(f"{actor.name}将{verb}（{len(preview.steps)} 件）", preview.steps, empty="Nothing to decide.")
        for id, why in preview.refused:
            console.print(f"✗ {id}：{why}", markup=False)
        if preview.steps and not yes and not typer.confirm("do it?"):
            raise Failed("nothing was done")
    elif not yes:
        raise typer.BadParameter("--json asks nothing; say --yes as well")
    done, failed = run(_decide(preview.steps, actor, decline, reason))
    if as_json:
        refused = [{"id": str(id), "reason": why} for id, why in (*preview.refused, *failed)]
        print_json({"done": [item.as_json() for item in done], "refused": refused})
    else:
        for id, why in failed:
            console.print(f"✗ {id}：{why}", markup=False)
        console.print(f"{len(done)} 件已{'否决' if decline else '执行'}", markup=False)
    if failed or (preview.refused and not done):
        raise typer.Exit(1)


async def _decide(
    steps: Sequence[Proposal], actor: Principal, decline: bool, reason: str
) -> tuple[list[Proposal], list[tuple[UUID, str]]]:
    book, done, failed = rule_book(), [], []
    office = Office(book)
    for item in steps:
        try:
            async with unit_of_work("supervision") as unit:
                if decline:
                    await proposals.decline(unit, item.id, actor, reason=reason, book=book)
                else:
                    await take(unit, office, item, actor)
            done.append(item)
        except (ProposalGone, Failed) as gone:
            failed.append((item.id, str(gone)))
    return done, failed


async def take(unit: UnitOfWork, office: Office, item: Proposal, actor: Principal) -> None:
    """Accept a proposal and give its command, in one transaction; raises `Failed` with the rule that refused it."""
    await proposals.accept(unit, item.id, actor)
    command = c.Supervise(step=SupervisionStep(item.step), reason=item.reason)
    [outcome] = await office.execute(unit, [Asked(actor, item.case_id, command)])
    if isinstance(outcome, Denied):
        raise Failed(str(outcome.refusal))


@app.command("weekly")
def weekly_lists(
    leader: str = typer.Option(None, help="The list of this leader (id)."),
    unit: str = typer.Option(None, help="The list of this unit (id); - for cases no unit has."),
    week: str = typer.Option(None, help="A kept week, as any of its days (2026-03-04); without it the list as it is now."),
    as_json: bool = JSON_OPTION,
) -> None:
    """定期调度: what moved, what did not, what is due, what is overdue, what is repeated, per leader and unit."""
    monday, now = _monday(week) if week else None, system_clock()

    async def work() -> list[dict[str, Any]]:
        async with connection() as found:
            if monday is not None:
                return [row["content"] for row in await weekly.kept(found, monday, unit_id=unit, leader_id=leader)]
            return [weekly.as_json(item, now) for item in await weekly.current(found, now, unit_id=unit, leader_id=leader)]

    lists = run(work())
    if as_json:
        print_json(lists)
        return
    if not lists:
        console.print("No list: nobody of that id has an open case, or the week was not kept (lists are kept each Monday).", markup=False)
    for item in lists:
        console.print(f"\n{item['summary']}", style="bold", markup=False)
        for name, title in HEADINGS:
            if item[name] and (leader or unit):
                rows = [(line["case_no"], line["status"], line["unit"], line["remark"]) for line in item[name]]
                print_table(f"{title}（{len(rows)} 件）", ("案号", "状态", "主办", "说明"), rows, empty="")
        if item.get("ledger") and (leader or unit):
            rows = [(line["source"], line["problem"], line["person"], line["remark"]) for line in item["ledger"]]
            print_table(f"检查和导入台账（{len(rows)} 条）", ("来源", "问题", "责任人", "说明"), rows, empty="")
    if lists and not (leader or unit):
        console.print("next: petitions supervise weekly --unit 单位 · --leader 领导", style="dim", markup=False)


@app.command("digest")
def digest(
    person: str = typer.Argument(help="Id of the person."),
    limit: int = typer.Option(5, min=1, max=365, help="How many, the newest first."),
    as_json: bool = JSON_OPTION,
) -> None:
    """A person's digests as they were sent."""

    async def work() -> Sequence[dict[str, Any]]:
        async with connection() as found:
            return await digests.of_person(found, person, limit)

    found = run(work())
    if as_json:
        print_json(found)
        return
    if not found:
        console.print(f"{person} was sent no digest yet.", markup=False)
    for item in found:
        console.print(f"\n{local(item['at']):%Y-%m-%d %H:%M}", style="bold", markup=False)
        console.print(item["text"], markup=False, highlight=False)


def _table(title: str, found: Sequence[Proposal], *, empty: str) -> None:
    print_table(
        title, ("编号", "案号", "步骤", "主办", "理由", "依据"),
        [(item.id, item.case_no, item.step, item.unit_id or "（无人承办）", item.reason, item.provenance) for item in found],
        empty=empty,
    )  # fmt: skip


def _monday(day: str) -> date:
    try:
        found = date.fromisoformat(day)
    except ValueError:
        raise typer.BadParameter(f"{day} is not a day; write it as 2026-03-04", param_hint="--week") from None
    return found - timedelta(days=found.weekday())
