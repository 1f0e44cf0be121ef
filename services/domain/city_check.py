"""Checks a city's folder: every problem with file, line, key, reason and remedy, all of them at once.

Two passes: the shape of every entry (`city_schema`), then whether the parts fit together (`city_rules`).
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pydantic import ValidationError

from services.domain.city import City
from services.domain.city_rules import RULES
from services.domain.city_schema import CityDocument
from services.domain.city_yaml import Problem, Sources, join, read_folder
from services.domain.errors import CityFileInvalid

_SHAPES = {
    "missing": ("缺少必填项 / required key missing", "补上这一项 / add it"),
    "extra_forbidden": ("没有这一项 / unknown key", "检查拼写或删去 / check the spelling or remove it"),
    "string_pattern_mismatch": (
        "格式不对 / wrong form",
        "编号用小写字母、数字、连字符；区划 6 位，乡镇 9 位 / ids: a-z 0-9 -; regions 6 digits, towns 9",
    ),
    "string_too_short": ("太短 / too short", "写全；用于查找的词至少两个字 / write it out; words looked for need two characters"),
    "too_short": ("不能为空 / must not be empty", "至少写一项 / give at least one"),
}


def check(folder: Path) -> City:
    """The city of a folder of YAML files; raises `CityFileInvalid` with every problem found."""
    return _city(*read_folder(folder))


def check_texts(texts: dict[str, str]) -> City:
    """As `check`, from the texts of the files by name. Pure."""
    return _city(*join(texts))


def _city(content: dict[str, Any], sources: Sources, problems: list[Problem]) -> City:
    if problems:
        raise CityFileInvalid(problems)
    try:
        document = CityDocument.model_validate(content)
    except ValidationError as invalid:
        raise CityFileInvalid([_shape(sources, error) for error in invalid.errors()]) from None
    if problems := [problem for rule in RULES for problem in rule(document, sources)]:
        raise CityFileInvalid(problems)
    return City.of(document)


def _shape(sources: Sources, error: Any) -> Problem:
    kind, value = error["type"], error.get("input")
    if kind in ("enum", "literal_error"):
        expected = error["ctx"]["expected"].replace(" or ", ", ")
        return sources.problem(error["loc"], f"没有取值“{value}” / no such value", f"改用其中之一 / use one of {expected}")
    reason, remedy = _SHAPES.get(kind, (f"{error['msg']}", "按 deploy/city/README.md 改正 / see deploy/city/README.md"))
    shown = f"“{value}” " if isinstance(value, (str, int, float)) else ""
    return sources.problem(error["loc"], f"{shown}{reason}", remedy)
