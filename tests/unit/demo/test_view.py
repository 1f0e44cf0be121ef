"""The live view fits the terminal, says everything in words, and never halves a Chinese character."""

from __future__ import annotations

import io
import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.console import Console

from services.demo.check import Summary
from services.demo.snapshot import AssignedCase, SetAside, Snapshot, Stage
from services.demo.view import NEXT_STEPS, View, closing, render

SIZES = [(80, 24), (100, 30), (60, 16), (132, 50)]
CASES = [
    AssignedCase(
        f"AJ2026-{n:07d}",
        subject,
        unit,
        complaints=n,
        reporters=max(1, n - 1),
        co_handling=("东岸区住房和城乡建设局",),
        leader="沈知远" if n > 2 else None,
        task_force="3 个单位" if n > 2 else None,
        why=("噪声污染防治法第四十三条、第七十七条：夜间施工由城管执法", "同一信访人反映同一事项三次以上"),
    )
    for n, (subject, unit) in enumerate(
        [
            ("建筑施工噪声 云栖里二期工地 云溪路与望江街交叉口", "东岸区城市管理执法局"),
            ("餐饮油烟 火燎原炭火烧烤", "东岸区城市管理执法局"),
            ("小水电生态流量 下坝水电站", "青沅县水利局"),
            ("危险废物 青龙村废弃砖窑", "云泽市生态环境局南渡分局"),
        ]
        * 4,
        1,
    )
]
SNAPSHOT = Snapshot(
    seconds=4.2,
    published=301,
    total=459,
    stages=(Stage("登记", 290, 11), Stage("研判", 240, 50), Stage("交办", 61, 3), Stage("发布", 900, None)),
    assigned=CASES,
    set_aside=[
        SetAside("退回", "hotline-12345", "来电时间：时间无法识别", "请用 RFC 3339（如 2026-11-24T09:30:00+08:00）"),
        SetAside("退回", "unknown", "消息不是 UTF-8 编码", "请以 UTF-8 编码发送；GBK、GB18030 须先转换"),
        SetAside("搁置", "petition.case.opened.v1", "处理失败"),
    ],
    counts={"登记": 290, "退回": 9, "重复投递": 14, "案件": 61, "关联": 179, "包案领导": 12, "专班": 12, "疑似突发": 1},
)
SUMMARY = Summary(
    published=459, registered=422, rejected=12, resends=22, changed=3, matters=89, cases=120, links=302, suggested=18,
    assigned=120, leaders=30, task_forces=30, emergencies=5, dead_lettered=12, lost=0, wrong_merges=2, precision=0.993,
    recall=0.81, repeats_found=0.93, seconds=6.4,
)  # fmt: skip


def drawn(snapshot: Snapshot, width: int, height: int, *, colour: bool = False) -> list[str]:
    out = io.StringIO()
    console = Console(file=out, width=width, height=height, force_terminal=colour, color_system="truecolor" if colour else None)
    console.print(render(snapshot, {"登记": 97.0}, width, height))
    return out.getvalue().rstrip("\n").split("\n")


@pytest.mark.parametrize(("width", "height"), SIZES)
def test_it_fits_the_terminal(width: int, height: int) -> None:
    lines = drawn(SNAPSHOT, width, height)
    assert len(lines) <= height
    assert max(cell_len(line) for line in lines) <= width


@pytest.mark.parametrize(("width", "height"), SIZES)
def test_frames_close_on_every_line_so_no_wide_character_was_halved(width: int, height: int) -> None:
    header, bar, *framed = drawn(SNAPSHOT, width, height)
    assert (cell_len(header), cell_len(bar)) == (width, width)
    assert {(cell_len(line), line[0] + line[-1]) for line in framed} == {(width, "││"), (width, "╭╮"), (width, "╰╯")}


@pytest.mark.parametrize(("width", "height"), [(80, 24), (100, 30)])
def test_it_says_stages_rates_lag_cases_leaders_reasons_and_what_was_set_aside(width: int, height: int) -> None:
    text = "\n".join(drawn(SNAPSHOT, width, height))
    for word in ("登记", "研判", "交办", "290", "97", "50", "301/459", "AJ2026-0000001", "东岸区城市管理执法局"):
        assert word in text
    for word in ("包案 沈知远", "专班 3 个单位", "因 噪声", "退回 hotline-12345", "时间无法识别", "重复投递"):
        assert word in text


def test_more_room_shows_more_cases() -> None:
    shown = [sum("AJ2026" in line for line in drawn(SNAPSHOT, 80, height)) for height in (24, 30, 50)]
    assert shown[0] >= 3
    assert shown == sorted(shown)
    assert shown[0] < shown[-1]


def test_colour_adds_nothing_that_words_do_not_say() -> None:
    coloured = drawn(SNAPSHOT, 80, 24, colour=True)
    assert any("\x1b[" in line for line in coloured)
    assert [re.sub(r"\x1b\[[0-9;]*m", "", line).rstrip() for line in coloured] == [
        line.rstrip() for line in drawn(SNAPSHOT, 80, 24)
    ]


def test_the_bar_is_full_when_every_record_reached_its_end() -> None:
    def filled(settled: int) -> int:
        return drawn(replace(SNAPSHOT, settled=settled), 80, 24)[1].count("━")

    assert (filled(0), filled(459), filled(10_000)) == (0, 80, 80)
    assert 35 <= filled(230) <= 45


def test_an_empty_start_is_drawn() -> None:
    text = "\n".join(drawn(Snapshot(0.0, 0, 0, ()), 80, 24))
    assert "等待第一件交办" in text
    assert "没有被退回或搁置的记录" in text


WORDS = st.text(st.characters(codec="utf-8", categories=("L", "N", "P")), max_size=200)


@given(WORDS, WORDS, st.integers(60, 140), st.integers(16, 60))
def test_any_words_fit_any_terminal(subject: str, reason: str, width: int, height: int) -> None:
    case = AssignedCase("AJ1", subject, reason, leader=reason, task_force=subject, why=(subject, reason))
    aside = [SetAside("退回", subject, reason, subject)]
    snapshot = replace(SNAPSHOT, assigned=[case] * 9, set_aside=aside)
    lines = drawn(snapshot, width, height)
    assert len(lines) <= height
    assert max(cell_len(line) for line in lines) <= width


def test_rates_are_those_of_the_last_seconds() -> None:
    view = View(Console(file=io.StringIO()))

    def at(seconds: float, done: int) -> float:
        return view.rates(Snapshot(seconds, 0, 0, (Stage("登记", done),)))["登记"]

    assert at(0.0, 0) == 0.0
    assert at(1.0, 100) == pytest.approx(100)
    assert at(10.0, 100) == 0.0
    assert at(11.0, 130) == pytest.approx(3)
    assert at(13.0, 130) == pytest.approx(10)


def test_a_live_run_draws_and_ends_with_the_summary_and_the_next_steps() -> None:
    out = io.StringIO()
    with View(Console(file=out, width=100, height=30, force_terminal=True)) as view:
        view.show(SNAPSHOT)
        view.show(SNAPSHOT)
    view.finish(SUMMARY)
    text = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", out.getvalue())
    assert "AJ2026-0000001" in text
    assert all(command in text for command, _ in NEXT_STEPS)


@pytest.mark.parametrize("width", [80, 100])
def test_the_closing_names_what_went_wrong(width: int) -> None:
    out = io.StringIO()
    Console(file=out, width=width).print(closing(replace(SUMMARY, failures=("3 complaints were lost (a/b)",))))
    assert "✗ 3 complaints were lost" in out.getvalue()
    assert max(cell_len(line) for line in out.getvalue().split("\n")) <= width
