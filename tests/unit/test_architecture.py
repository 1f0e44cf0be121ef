"""The folder tree is the architecture: who may import whom."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
INTERNAL = {"contracts", "classifiers", "services"}
DRIVERS = {"asyncpg", "aiokafka", "faststream"}
DRIVER_FILES = {"app.py", "handlers.py", "repository.py"}
SHARED = {"domain", "infra", "sheets"}
COMPOSERS = {"cli", "stack", "demo", "commands", "console"}
"""Parts that put services together from outside; they may import any of them."""


def imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module


def modules(*folders: str) -> list[Path]:
    return sorted(p for folder in folders for p in (ROOT / folder).rglob("*.py"))


def internal(path: Path) -> set[str]:
    return {name for name in imports(path) if name.split(".")[0] in INTERNAL}


@pytest.mark.parametrize("path", modules("contracts"), ids=str)
def test_contracts_import_nothing_of_ours(path: Path) -> None:
    assert {n for n in internal(path) if not n.startswith("contracts")} == set()


@pytest.mark.parametrize("path", modules("classifiers"), ids=str)
def test_classifiers_know_only_the_vocabulary(path: Path) -> None:
    assert {n for n in internal(path) if not n.startswith("classifiers") and n != "contracts.vocabulary"} == set()


@pytest.mark.parametrize("path", modules("services/domain"), ids=str)
def test_the_domain_knows_only_contracts_and_never_waits(path: Path) -> None:
    assert {n for n in internal(path) if not n.startswith(("services.domain", "contracts"))} == set()
    waits = [n.lineno for n in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(n, (ast.AsyncFunctionDef, ast.Await))]
    assert waits == []


@pytest.mark.parametrize("path", modules("services"), ids=str)
def test_services_meet_in_topics_and_never_import_each_other(path: Path) -> None:
    inside = path.relative_to(ROOT / "services").parts
    own = inside[0].removesuffix(".py")
    if own in COMPOSERS:
        return
    foreign = {n for n in internal(path) if n.startswith("services.") and n.split(".")[1] not in {own, *SHARED}}
    assert foreign == set()


@pytest.mark.parametrize("path", modules("contracts", "classifiers", "services"), ids=str)
def test_drivers_stay_at_the_edges(path: Path) -> None:
    inside = path.relative_to(ROOT).parts
    if inside[:2] == ("services", "infra") or path.name in DRIVER_FILES or inside[1].removesuffix(".py") in COMPOSERS:
        return
    assert {n.split(".")[0] for n in imports(path)} & DRIVERS == set()
