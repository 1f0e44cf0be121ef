"""`petitions cases` and `petitions case show`: what is open, who has it, and why."""

from __future__ import annotations

from typing import Any

import typer

from contracts.vocabulary import LinkKind
from services.commands import casework
from services.commands.output import JSON_OPTION, Failed, console, print_json, print_table, run
from services.commands.session import connection
from services.domain.case.status import Status

CASES = """
SELECT c.case_no, c.id, c.region_code, c.matter, c.complaints, c.reporters, c.repeat_ordinal, c.opened_at, a.event AS assigned,
       l.event AS leader, t.event AS task_force, w.status, w.version, due.label AS due_label, due.last_day AS due_day,
       coalesce(due.due_at <= now(), false) AS overdue, n.event AS wanted
FROM triage.cases c LEFT JOIN casework.cases w ON w.case_id = c.id
LEFT JOIN LATERAL (SELECT event FROM dispatch.assignments WHERE case_id = c.id ORDER BY sequence DESC LIMIT 1) a ON true
LEFT JOIN dispatch.leader_assignments l ON l.case_id = c.id
LEFT JOIN dispatch.task_forces t ON t.case_id = c.id
LEFT JOIN dispatch.leaders_wanted n ON n.case_id = c.id AND n.appointed_at IS NULL
LEFT JOIN supervision.cases s ON s.case_id = c.id
LEFT JOIN LATERAL (SELECT label, last_day, due_at FROM supervision.clocks k WHERE k.case_id = c.id AND k.kind = 'limit'
                   ORDER BY due_at LIMIT 1) due ON true
WHERE ($1::text IS NULL OR l.event ->> 'leader_id' = $1 OR l.event ->> 'name' = $1)
  AND ($2::text IS NULL OR a.event -> 'lead' ->> 'unit_id' = $2) AND ($3::text IS NULL OR c.region_code = $3)
  AND c.complaints >= $4 AND c.complaints > 0 AND (NOT $6 OR s.open) AND (NOT $7 OR due.due_at <= now())
  AND (NOT $8 OR n.case_id IS NOT NULL)
ORDER BY c.opened_at DESC, c.id LIMIT $5
"""
CASE = """
SELECT c.*, a.event AS assigned, l.event AS leader, t.event AS task_force, w.status, w.version, n.event AS wanted
FROM triage.cases c
LEFT JOIN dispatch.leaders_wanted n ON n.case_id = c.id AND n.appointed_at IS NULL
LEFT JOIN casework.cases w ON w.case_id = c.id
LEFT JOIN LATERAL (SELECT event FROM dispatch.assignments WHERE case_id = c.id ORDER BY sequence DESC LIMIT 1) a ON true
LEFT JOIN dispatch.leader_assignments l ON l.case_id = c.id
LEFT JOIN dispatch.task_forces t ON t.case_id = c.id
WHERE c.case_no = $1 OR c.id::text = $1
   OR c.id = (SELECT case_id FROM triage.live_links v JOIN triage.complaints x ON x.id = v.complaint_id
              WHERE x.receipt_no = $1 LIMIT 1)
"""
LINKS = """
SELECT k.id, k.act, k.kind, k.band, k.score, k.decided_by, k.reason, k.why, k.against, k.at, x.receipt_no,
       v.link_id IS NOT NULL AS live, k.answers
FROM triage.links k JOIN triage.complaints x ON x.id = k.complaint_id
LEFT JOIN triage.live_links v ON v.link_id = k.id AND v.case_id = k.case_id
WHERE k.case_id = $1 ORDER BY k.at, k.id
"""
BANDS = {"auto": "自动", "suggest": "建议", "new": "新立"}
ACTS = {"link": "关联", "suggest": "建议关联", "confirm": "确认", "refuse": "否定", "undo": "撤销"}


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("cases")(cases)
    case = typer.Typer(no_args_is_help=True, help="One case.")
    case.command("show")(show)
    casework.register(case)
    app.add_typer(case, name="case")


def cases(
    leader: str = typer.Option(None, help="Only cases of this leader in charge (id or name)."),
    unit: str = typer.Option(None, help="Only cases this unit leads (id)."),
    region: str = typer.Option(None, help="Only cases of this district (six digits)."),
    leaderless: bool = typer.Option(False, "--leaderless", help="Only cases that need a leader in charge and have none."),
    repeated: bool = typer.Option(False, "--repeated", help="Only cases with two complaints or more."),
    still_open: bool = typer.Option(False, "--open", help="Only cases somebody still owes something on."),
    overdue: bool = typer.Option(False, "--overdue", help="Only cases with an overdue duty (see also petitions overdue)."),
    limit: int = typer.Option(30, min=1, max=10_000, help="How many, the newest first."),
    as_json: bool = JSON_OPTION,
) -> None:
    """List cases with their units, leader and counts."""

    async def work() -> list[dict[str, Any]]:
        async with connection() as c:
            found = await c.fetch(CASES, leader, unit, region, 2 if repeated else 1, limit, still_open, overdue, leaderless)
            return [{**as_dict(row), **due_next(row)} for row in found]

    found = run(work())
    if as_json:
        print_json(found)
        return
    print_table(
        f"案件（最新 {len(found)} 件）",
        ("案号", "状态", "区划", "类型", "对象／地点", "件次", "人", "主办", "包案领导", "专班", "最近期限"),
        [
            (c["case_no"], c["status_label"], c["region"] or "未知", c["kind"], c["subject"], c["complaints"], c["reporters"], c["lead"] or "待派",
             c["leader"] or ("待定" if c["leader_wanted"] else ""), "有" if c["task_force"] else "", c["due"])
            for c in found
        ],
        empty="No cases yet: publish complaints with petitions publish FILE, or run make demo.",
    )  # fmt: skip
    if found:
        console.print("next: petitions case show 案号", style="dim", markup=False)


def due_next(row: Any) -> dict[str, Any]:
    """Which duty is due next, as supervision has it."""
    late = "（逾期）" if row["overdue"] else ""
    return {
        "overdue": row["overdue"],
        "due": f"{row['due_label']} {row['due_day']}{late}" if row["due_label"] else "",
    }


def show(
    case: str = typer.Argument(help="Case number, case id, or the receipt number of one of its complaints."),
    as_json: bool = JSON_OPTION,
) -> None:
    """Everything about one case: who has it and why, its complaints, and who linked them."""

    async def work() -> dict[str, Any] | None:
        async with connection() as c:
            row = await c.fetchrow(CASE, case)
            if row is None:
                return None
            links = [dict(link) for link in await c.fetch(LINKS, row["id"])]
            return {**as_dict(row), "assigned": row["assigned"], "leader_event": row["leader"], "force": row["task_force"], "links": links}

    found = run(work())
    if found is None:
        raise Failed(f"there is no case {case}; list cases with: petitions cases")
    if as_json:
        print_json(found)
        return
    console.print(f"[bold]{found['case_no']}[/bold]  {found['kind']}  {found['subject']}  {found['complaints']} 件次 {found['reporters']} 人  {found['status_label']}")
    if assigned := found["assigned"]:
        co = "、".join(u["name"] for u in assigned.get("co_handling", ())) or "无"
        console.print(f"主办 {assigned['lead']['name']}  协办 {co}", markup=False)
        for reason in assigned.get("reasons", ()):
            console.print(f"  · {reason}", markup=False)
        if assigned.get("legal_basis"):
            console.print(f"  依据 {'；'.join(assigned['legal_basis'])}", markup=False)
    if leader := found["leader_event"]:
        console.print(f"包案领导 {leader['name']}（{leader['title']}） {'；'.join(leader['reasons'])}", markup=False)
    elif found["leader_wanted"]:
        console.print(f"包案领导 待督办人员确定：{'；'.join(found['leader_wanted'])}", markup=False)
    if force := found["force"]:
        members = [
            (m["unit"], m["role"], m["person"], "；".join(x["text"] for x in m["measures"]), m["measures"][0]["deadline"] if m["measures"] else "")
            for m in force["members"]
        ]
        print_table("专班", ("单位", "角色", "责任人", "措施", "时限"), members, empty="")
    console.print("\n关联", style="bold")
    for link in found["links"]:
        void = "" if link["live"] or link["act"] != "link" else "（已失效）"
        head = f"{link['receipt_no']}  {ACTS[link['act']]}{void}  {LinkKind(link['kind']).label}  {BANDS[link['band']]}"
        sure = "" if link["band"] == "new" else f"  把握 {link['score']:.2f}"
        by = "" if link["decided_by"] == "machine" else f"  {link['decided_by']}"
        console.print(f"{head}{sure}{by}  {link['id']}", markup=False, highlight=False)
        for facts, mark in ((link["why"], "同"), (link["against"], "异")):
            if facts:
                console.print(f"    {mark}：{'；'.join(fact['text'] for fact in facts)}", markup=False, style="dim")
    console.print(f"next: petitions case gates {found['case_no']}, petitions case history {found['case_no']}, petitions link undo 关联编号 --reason 理由", style="dim", markup=False)


def as_dict(row: Any) -> dict[str, Any]:
    """A case row with the few things tables show."""
    matter = row["matter"]
    types = "、".join(t["type"] for t in matter.get("types", ()))
    assigned, leader, force = row["assigned"], row["leader"], row["task_force"]
    return {
        "case_no": row["case_no"],
        "case_id": str(row["id"]),
        "region": row["region_code"],
        "kind": matter.get("subtype") or types or ("非环境类" if matter["environmental"] < 0.5 else "其他"),
        "types": types,
        "environmental": matter["environmental"],
        "subject": " ".join(filter(None, (matter.get("respondent"), matter.get("place")))) or "—",
        "complaints": row["complaints"],
        "reporters": row["reporters"],
        "repeat_ordinal": row["repeat_ordinal"],
        "lead": assigned["lead"]["name"] if assigned else None,
        "leader": leader["name"] if leader else None,
        "leader_wanted": row["wanted"]["reasons"] if row["wanted"] else None,
        "task_force": force["task_force_id"] if force else None,
        "opened_at": row["opened_at"].isoformat(),
        "status": row["status"],
        "status_label": Status(row["status"]).label if row["status"] else "待登记",
        "version": row["version"],
    }
