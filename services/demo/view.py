"""The live view: complaints moving through the stages, the newest assigned cases and why, what was set aside.

Made for a terminal of 80 x 24 and up. Nothing is said by colour alone, so that it reads the same without any.
"""

from __future__ import annotations

from collections import deque
from types import TracebackType
from typing import Self

from rich.box import ROUNDED
from rich.cells import cell_len
from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from services.demo.check import Summary
from services.demo.snapshot import AssignedCase, SetAside, Snapshot

RATE_SECONDS = 3.0
"""Rates are over this much of the immediate past: long enough to read, short enough to follow."""
NARROWEST, LOWEST = 60, 16
_SET_ASIDE_ROWS = 2
NEXT_STEPS = (
    ("petitions cases --repeated", "两件以上的案件"),
    ("petitions case show 案号", "一件案件：谁在办、为什么、有哪些信访件"),
    ("petitions link undo 关联编号", "撤销一个关联"),
    ("petitions dlq list", "被退回的记录和补救办法"),
    ("petitions publish 文件", "发布自己的 JSONL、CSV、XLSX"),
    ("petitions status / down", "各进程在哪里；全部停止"),
)


class View:
    """A live view on a console: `with View(console) as view: view.show(snapshot)`, then `view.finish(summary)`."""

    def __init__(self, console: Console | None = None) -> None:
        self.console = console or Console()
        self._past: deque[tuple[float, dict[str, int]]] = deque()
        self._live = Live(console=self.console, auto_refresh=False, transient=False, vertical_overflow="crop")

    def __enter__(self) -> Self:
        self._live.__enter__()
        return self

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None) -> None:
        self._live.__exit__(kind, value, trace)

    def show(self, snapshot: Snapshot) -> None:
        """Draw this state. Sizes are asked for each time, so that a resized window is followed."""
        rates = self.rates(snapshot)
        width, height = self.console.size
        # One line less than the terminal has: a full screen scrolls when the cursor goes to the next line.
        self._live.update(render(snapshot, rates, width, height - 1), refresh=True)

    def rates(self, snapshot: Snapshot) -> dict[str, float]:
        """Records a second of each stage over the last `RATE_SECONDS`; 0 at the first snapshot."""
        done = {stage.name: stage.done for stage in snapshot.stages}
        self._past.append((snapshot.seconds, done))
        while len(self._past) > 2 and snapshot.seconds - self._past[1][0] >= RATE_SECONDS:
            self._past.popleft()
        began, before = self._past[0]
        passed = snapshot.seconds - began
        return {name: max(0.0, (n - before.get(name, 0)) / passed) if passed > 0 else 0.0 for name, n in done.items()}

    def finish(self, summary: Summary) -> None:
        """Print what came of it and what to try next."""
        self.console.print(closing(summary))


def render(snapshot: Snapshot, rates: dict[str, float], width: int, height: int) -> RenderableType:
    """The whole picture, at most `width` cells wide and `height` lines high."""
    width, height = max(width, NARROWEST), max(height, LOWEST)
    stages = _stages(snapshot, rates, width)
    used = 2 + len(snapshot.stages) + 3
    rows = max(1, min(_SET_ASIDE_ROWS, (height - used) // 4))
    room = height - used - (rows + 2) - 2
    return Group(
        _header(snapshot, width),
        _bar(snapshot, width),
        stages,
        _assigned(snapshot, width, max(0, room)),
        _set_aside(snapshot, width, rows),
    )


def closing(summary: Summary) -> RenderableType:
    """The figures, what went wrong if anything did, and the next commands."""
    figures = Table.grid(padding=(0, 2))
    pairs = [
        ("发布", summary.published), ("登记", summary.registered), ("退回", summary.rejected), ("重复投递", summary.resends),
        ("案件", summary.cases), ("关联", summary.links), ("已交办", summary.assigned), ("包案领导", summary.leaders),
        ("专班", summary.task_forces), ("疑似突发", summary.emergencies), ("丢失", summary.lost),
        ("用时", f"{summary.seconds:.1f} 秒"),
    ]  # fmt: skip
    for _ in range(4):
        figures.add_column(justify="left")
        figures.add_column(justify="right", style="bold")
    for start in range(0, len(pairs), 4):
        figures.add_row(*(str(cell) for pair in pairs[start : start + 4] for cell in pair))
    linking = Text(
        f"已知 {summary.matters} 个事项；自动关联准确率 {summary.precision:.1%}，召回率 {summary.recall:.1%}，"
        f"另有 {summary.suggested} 件请人工确认，合计找到重复件 {summary.repeats_found:.1%}，错并 {summary.wrong_merges} 件",
        "dim",
    )
    verdict = [Text("✓ 全部核对无误：没有丢失、没有重复、案案有主办", "green")]
    if summary.failures:
        verdict = [Text(f"✗ {failure}", "red") for failure in summary.failures]
    steps = Table.grid(padding=(0, 2))
    for command, meaning in NEXT_STEPS:
        steps.add_row(Text(command, "bold"), Text(meaning, "dim"))
    return Group(
        Panel(Group(figures, linking, *verdict), title="演示结束", title_align="left", box=ROUNDED),
        Panel(steps, title="接下来可以试试", title_align="left", box=ROUNDED),
    )


def _header(snapshot: Snapshot, width: int) -> Text:
    left = Text.assemble(("petitions 演示", "bold"), "  虚构的信访件，真实的流程")
    right = f"{snapshot.published}/{snapshot.total} 件  {snapshot.seconds:5.1f} 秒"
    gap = width - cell_len(left.plain) - cell_len(right)
    return _cut(left + Text(" " * max(1, gap)) + Text(right), width)


def _bar(snapshot: Snapshot, width: int) -> Text:
    """How many records reached their end; drawn in two characters, since a bar of two colours needs colours."""
    filled = round(min(1.0, snapshot.settled / max(1, snapshot.total)) * width)
    return Text.assemble(("━" * filled, "green"), ("┄" * (width - filled), "dim"))


def _stages(snapshot: Snapshot, rates: dict[str, float], width: int) -> RenderableType:
    """Left the stages, right the figures, side by side in one frame."""
    inner = width - 4
    left = Table(box=None, padding=(0, 1), pad_edge=False, header_style="dim")
    for header, justify, cells in (("环节", "left", 10), ("已处理", "right", 8), ("每秒", "right", 7), ("积压", "right", 7)):
        left.add_column(header, justify=justify, width=cells, no_wrap=True)  # type: ignore[arg-type]
    for stage in snapshot.stages:
        lag = "—" if stage.lag is None else str(stage.lag)
        left.add_row(stage.name, str(stage.done), f"{rates.get(stage.name, 0.0):.0f}", lag, style="" if stage.done else "dim")
    right = Table(box=None, padding=(0, 1), pad_edge=False, show_header=False)
    columns = 2 if inner - 38 >= 34 else 1
    for _ in range(columns):
        right.add_column(no_wrap=True, overflow="ellipsis")
        right.add_column(justify="right", style="bold", no_wrap=True)
    counts: list[tuple[str, int | str]] = list(snapshot.counts.items())
    lines = len(snapshot.stages) + 1
    for row in range(min(lines, -(-len(counts) // columns))):
        places = [row + lines * column for column in range(columns)]
        figures = [counts[place] if place < len(counts) else ("", "") for place in places]
        right.add_row(*(str(part) for figure in figures for part in figure))
    both = Table.grid(padding=(0, 3))
    both.add_row(left, right)
    return Panel(both, box=ROUNDED, width=width, height=lines + 2, padding=(0, 1))


def _assigned(snapshot: Snapshot, width: int, room: int) -> RenderableType:
    """Two lines a case: what it is and who leads; leader, task force and why."""
    inner, lines = width - 4, []
    for case in snapshot.assigned[: room // 2]:
        lines += [_first_line(case, inner), _second_line(case, inner)]
    if not lines:
        lines = [Text("等待第一件交办……", "dim")] if room else []
    lines += [Text()] * (room - len(lines))
    return Panel(Group(*lines[:room]), title="最新交办", title_align="left", box=ROUNDED, width=width, height=room + 2)


def _first_line(case: AssignedCase, inner: int) -> Text:
    lead = f"→ {case.lead_unit}"
    left = Text.assemble((case.case_no, "dim"), f" {case.complaints} 件 {case.reporters} 人 ", (case.subject, "bold"))
    space = inner - cell_len(lead)
    if space < 30:
        return _cut(left + Text(f"  {lead}"), inner)
    head = _cut(left, space - 1)
    return head + Text(" " * (space - cell_len(head.plain))) + Text(lead, "cyan")


def _second_line(case: AssignedCase, inner: int) -> Text:
    parts = Text("   ")
    if case.leader:
        parts += Text(f"包案 {case.leader}  ", "yellow")
    if case.task_force:
        parts += Text(f"专班 {case.task_force}  ", "yellow")
    if case.why:
        parts += Text(f"因 {'；'.join(case.why)}  ", "dim")
    if case.co_handling:
        parts += Text(f"协办 {'、'.join(case.co_handling)}", "dim")
    return _cut(parts, inner)


def _set_aside(snapshot: Snapshot, width: int, rows: int) -> RenderableType:
    inner = width - 4
    lines = [_aside_line(entry, inner) for entry in snapshot.set_aside[:rows]]
    lines = lines or [Text("没有被退回或搁置的记录", "dim")]
    lines += [Text()] * (rows - len(lines))
    return Panel(Group(*lines), title="退回与搁置", title_align="left", box=ROUNDED, width=width, height=rows + 2)


def _aside_line(entry: SetAside, inner: int) -> Text:
    line = Text.assemble((f"{entry.kind} ", "red"), f"{entry.source}  {entry.reason}")
    if entry.remedy:
        line += Text(f"  ↳ {entry.remedy}", "dim")
    return _cut(line, inner)


def _cut(text: Text, cells: int) -> Text:
    """At most so many cells; a wide character is never halved."""
    text = text.copy()
    text.no_wrap = True
    text.truncate(cells, overflow="ellipsis")
    return text
