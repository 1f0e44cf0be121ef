"""Frames with choices and slots: `(a|b|)` picks one, `{name}` asks the teller or a word list.

A frame is parsed once into a tree and then walked with a seeded generator, so that a text depends on the seed alone.
"""

from __future__ import annotations

import random
import re
import tomllib
from collections.abc import Callable
from functools import cache
from importlib import resources
from typing import Any, TypeAlias

Node: TypeAlias = str | tuple[str, Any]

_SLOT = re.compile(r"\{([^{}]+)\}")


def load(name: str) -> dict[str, Any]:
    """The data file `name` of this package as read by tomllib."""
    text = (resources.files(__package__) / "data" / name).read_text(encoding="utf-8")
    return tomllib.loads(text)


def entries(value: str) -> tuple[str, ...]:
    """A word list: one entry a line, or separated by blanks when it stands on one line."""
    parts = value.strip().split("\n") if "\n" in value.strip() or "\n" in value else value.split()
    return tuple(p.strip() for p in parts if p.strip())


@cache
def parse(frame: str) -> tuple[Node, ...]:
    """The frame as a sequence of texts, ("slot", name) and ("choice", sequences). Raises ValueError when unbalanced."""
    nodes, at = _sequence(frame, 0, top=True)
    if at != len(frame):
        raise ValueError(f"unbalanced frame: {frame}")
    return nodes


def _sequence(frame: str, at: int, top: bool) -> tuple[tuple[Node, ...], int]:
    nodes: list[Node] = []
    run = ""
    while at < len(frame):
        char = frame[at]
        if char in "|)":
            if top:
                raise ValueError(f"unbalanced frame: {frame}")
            break
        if char == "(":
            if run:
                nodes.append(run)
                run = ""
            branches = []
            while True:
                branch, at = _sequence(frame, at + 1, top=False)
                branches.append(branch)
                if at >= len(frame):
                    raise ValueError(f"unbalanced frame: {frame}")
                if frame[at] == ")":
                    break
            nodes.append(("choice", tuple(branches)))
        elif char == "{":
            match = _SLOT.match(frame, at)
            if not match:
                raise ValueError(f"open slot in frame: {frame}")
            if run:
                nodes.append(run)
                run = ""
            nodes.append(("slot", match[1]))
            at = match.end() - 1
        else:
            run += char
        at += 1
    if run:
        nodes.append(run)
    return tuple(nodes), at


def expand(frame: str, rng: random.Random, slot: Callable[[str], str]) -> str:
    """One reading of the frame; `slot` turns a slot's name into text."""
    return _walk(parse(frame), rng, slot)


def _walk(nodes: tuple[Node, ...], rng: random.Random, slot: Callable[[str], str]) -> str:
    out = []
    for node in nodes:
        if isinstance(node, str):
            out.append(node)
        elif node[0] == "slot":
            out.append(slot(node[1]))
        else:
            out.append(_walk(node[1][int(rng.random() * len(node[1]))], rng, slot))
    return "".join(out)
