"""What became of older names: units, sub-types and types that were renamed, merged or split, as data.

    [[rename]]
    of = "unit"                 # unit, subtype or type
    old = "市环境保护局"
    new = "市生态环境局"
    words = ["油烟"]            # only for a split: the first line whose words occur in the text, the last without words

Tickets are read under today's names, and a model that was trained under older ones answers with today's: probabilities
of merged names add up, those of a split one go where the text says.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from classifiers import taxonomy

SORTS = ("unit", "subtype", "type")


@dataclass(frozen=True, slots=True)
class Renames:
    """Old name to (words, new name) pairs, by sort."""

    table: Mapping[str, Mapping[str, tuple[tuple[tuple[str, ...], str], ...]]] = field(default_factory=dict)

    @classmethod
    def read(cls, path: Path | None) -> Renames:
        """From a TOML file; none is an empty map. ValueError names the line's old name and what is wrong with it."""
        if path is None or not path.exists():
            return cls()
        try:
            lines = tomllib.loads(path.read_text(encoding="utf-8")).get("rename", [])
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise ValueError(f"{path}: {error}") from None
        table: dict[str, dict[str, list[tuple[tuple[str, ...], str]]]] = {sort: {} for sort in SORTS}
        for number, line in enumerate(lines, start=1):
            of, old, new = line.get("of"), line.get("old"), line.get("new")
            if of not in SORTS or not isinstance(old, str) or not isinstance(new, str) or not old or not new:
                raise ValueError(f"{path}: rename {number}: needs of ({', '.join(SORTS)}), old and new")
            table[of].setdefault(old, []).append((tuple(line.get("words", ())), new))
        for of, names in table.items():
            for old, ways in names.items():
                if ways[-1][0] or any(not words for words, _ in ways[:-1]):
                    raise ValueError(f"{path}: {of} {old}: a split needs words on every line but the last, which takes the rest")
                _follow(names, old, path)
        return cls({of: {old: tuple(ways) for old, ways in names.items()} for of, names in table.items()})

    def name(self, of: str, old: str, text: str = "") -> str:
        """Today's name; a split is decided by the text. Unknown names stay."""
        names = self.table.get(of, {})
        while old in names:
            old = next(new for words, new in names[old] if not words or any(word in text for word in words))
        return taxonomy.current(old, text) if of == "subtype" else old

    def targets(self, of: str, old: str) -> tuple[str, ...]:
        """Every name an older one can have become."""
        ways = self.table.get(of, {}).get(old)
        return (old,) if ways is None else tuple(dict.fromkeys(t for _, new in ways for t in self.targets(of, new)))

    def ticket(self, row: Mapping[str, Any]) -> dict[str, Any]:
        """A ticket under today's names."""
        text, out = str(row.get("text") or ""), dict(row)
        for of in ("unit", "subtype"):
            if out.get(of):
                out[of] = self.name(of, out[of], text)
        if out.get("types"):
            out["types"] = list(dict.fromkeys(self.name("type", each, text) for each in out["types"]))
        out["returns"] = [{**r, "unit": self.name("unit", r["unit"], text)} for r in out.get("returns") or ()]
        return out


def _follow(names: Mapping[str, list[tuple[tuple[str, ...], str]]], old: str, path: Path) -> None:
    open_, seen = [old], set[str]()
    while open_:
        here = open_.pop()
        for _, new in names.get(here, ()):
            if new == old:
                raise ValueError(f"{path}: {old}: its new names lead back to it")
            if new not in seen:
                seen.add(new)
                open_.append(new)
