"""Parameters as data: YAML in, a checked model out, and every fault named by file, line and key."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.error import MarkedYAMLError

M = TypeVar("M", bound=BaseModel)


class Parameters(BaseModel):
    """Base of every model read from a rules file: immutable, unknown keys are errors."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault of a rules file. `line` counts from 1."""

    file: str
    line: int
    key: str
    message: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.key}: {self.message}"


class RuleFileError(ValueError):
    """A rules file does not hold what it must; `faults` names each by file, line and key."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        self.faults = tuple(faults)
        super().__init__("\n".join(map(str, self.faults)))


def parse_parameters(text: str, file: str, model: type[M]) -> M:
    """Read a rules file's text into its model; raises `RuleFileError` listing every fault at once."""
    tree = _tree(text, file)
    try:
        return model.model_validate(_plain(tree))
    except ValidationError as error:
        faults = [
            Fault(file, _line(tree, item["loc"]), ".".join(map(str, item["loc"])) or "(file)", _message(item))
            for item in error.errors(include_url=False, include_input=False)
        ]
        raise RuleFileError(sorted(faults, key=lambda fault: fault.line)) from error


def _tree(text: str, file: str) -> Any:
    try:
        tree = YAML(typ="rt").load(text)
    except MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise RuleFileError([Fault(file, line, "(yaml)", str(error.problem or error.context))]) from error
    if not isinstance(tree, CommentedMap):
        raise RuleFileError([Fault(file, 1, "(file)", "a mapping of keys to values is expected")])
    return tree


def _message(item: Any) -> str:
    """Pydantic's sentence; for an unknown key one that says what it is."""
    return "unknown key" if item["type"] == "extra_forbidden" else str(item["msg"])


def _plain(node: Any) -> Any:
    """Round-trip containers as plain dicts and lists, so that models see ordinary values."""
    if isinstance(node, CommentedMap):
        return {str(key): _plain(value) for key, value in node.items()}
    if isinstance(node, CommentedSeq):
        return [_plain(value) for value in node]
    return node


def _line(tree: Any, loc: Sequence[int | str]) -> int:
    """The line of the deepest part of `loc` that is in the file (pydantic adds parts that are not, such as tags)."""
    line, node = 1, tree
    for key in loc:
        if isinstance(node, CommentedMap) and key in node:
            line = node.lc.key(key)[0] + 1
        elif isinstance(node, CommentedSeq) and isinstance(key, int) and key < len(node):
            line = node.lc.item(key)[0] + 1
        else:
            continue
        node = node[key]
    return line


def fingerprint(texts: Sequence[str]) -> str:
    """Twelve hex digits that change when any text of the rule book changes."""
    digest = hashlib.sha256()
    for text in texts:
        digest.update(hashlib.sha256(text.encode()).digest())
    return digest.hexdigest()[:12]
