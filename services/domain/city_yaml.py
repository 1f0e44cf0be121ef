"""Reads a city's YAML files into one mapping and remembers on which line of which file every key was written.

Sections may be spread over files: lists of one section are joined in the order of the file names.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.error import MarkedYAMLError, YAMLError

KeyPath = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong with a city's files, in Chinese and English.

    `key` is a path such as `duties[3].lead`; `line` counts from 1, and is 0 where no line can be named.
    """

    file: str
    line: int
    key: str
    reason: str
    remedy: str

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}" if self.line else self.file
        return f"{place} {self.key}: {self.reason} → {self.remedy}"


class Sources:
    """Where every key of the joined mapping was written: key path → (file, line)."""

    def __init__(self) -> None:
        self._places: dict[KeyPath, tuple[str, int]] = {}

    def note(self, file: str, line: int, node: Any, path: KeyPath) -> None:
        """Remember a node and all below it."""
        self._places[path] = (file, line)
        if isinstance(node, CommentedMap):
            for key, value in node.items():
                self.note(file, node.lc.key(key)[0] + 1, value, (*path, str(key)))
        elif isinstance(node, CommentedSeq):
            for index, value in enumerate(node):
                self.note(file, node.lc.item(index)[0] + 1, value, (*path, index))

    def problem(self, path: Iterable[str | int], reason: str, remedy: str) -> Problem:
        """A problem at this key, or at the nearest key above it that was written."""
        path = tuple(path)
        nearest = (path[:n] for n in range(len(path), 0, -1))
        file, line = next((self._places[part] for part in nearest if part in self._places), ("*.yaml", 0))
        key = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path).lstrip(".")
        return Problem(file, line, key or "$", reason, remedy)


@lru_cache(maxsize=64)
def _parse(text: str) -> Any:
    """The nodes of a text with their lines; parsed once, since checks repeat after a change to one file of many."""
    return YAML().load(text)


def read_folder(folder: Path) -> tuple[dict[str, Any], Sources, list[Problem]]:
    """The joined content of `folder/*.yaml`, where it was written, and what could not be read."""
    files = sorted(folder.glob("*.yaml"))
    if not files:
        missing = Problem(str(folder), 0, "$", "没有 YAML 文件 / no YAML files here", "给出城市文件夹 / name a city's folder")
        return {}, Sources(), [missing]
    texts: dict[str, str] = {}
    problems: list[Problem] = []
    for path in files:
        try:
            texts[path.name] = path.read_text("utf-8")
        except UnicodeDecodeError:
            problems.append(Problem(path.name, 0, "$", "不是 UTF-8 编码 / not UTF-8", "另存为 UTF-8 / save it as UTF-8"))
        except OSError as error:
            problems.append(Problem(path.name, 0, "$", f"无法读取 / unreadable: {error.strerror}", "检查权限 / check its mode"))
    content, sources, found = join(texts)
    return content, sources, [*problems, *found]


def join(texts: dict[str, str]) -> tuple[dict[str, Any], Sources, list[Problem]]:
    """As `read_folder`, from texts by file name. Pure."""
    content: dict[str, Any] = {}
    sources = Sources()
    problems: list[Problem] = []
    for name, text in texts.items():
        try:
            node = _parse(text)
        except MarkedYAMLError as error:
            line = error.problem_mark.line + 1 if error.problem_mark else 0
            reason = f"不是合法的 YAML / not valid YAML: {' '.join((error.problem or str(error)).split())}"
            problems.append(
                Problem(name, line, "$", reason, "检查缩进、冒号、引号和重复的键 / check indents, colons, quotes, doubles")
            )
            continue
        except YAMLError as error:
            problems.append(Problem(name, 0, "$", f"不是合法的 YAML / not valid YAML: {error}", "改正后重试 / mend it"))
            continue
        if node is None:
            continue
        if not isinstance(node, CommentedMap):
            problems.append(
                Problem(name, 1, "$", "应为“章节: 内容” / not a mapping", "以章节名开头，如 units: / begin with a section")
            )
            continue
        for key, value in node.items():
            line = node.lc.key(key)[0] + 1
            known = content.get(key)
            if isinstance(known, list) and isinstance(value, CommentedSeq):
                for index, item in enumerate(value):
                    sources.note(name, value.lc.item(index)[0] + 1, item, (key, len(known) + index))
                known.extend(value)
            elif key in content:
                problems.append(
                    Problem(name, line, str(key), "另一文件已有本章节 / section given twice", "只保留一处 / keep one")
                )
            else:
                content[key] = list(value) if isinstance(value, CommentedSeq) else value
                sources.note(name, line, value, (str(key),))
    return content, sources, problems
