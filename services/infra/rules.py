"""Where services get the rules of casework from: the folder named in the settings, checked as a whole."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from services.domain.parameters import RuleFileError
from services.domain.rulebook import RuleBook, read_rule_book
from services.infra.settings import repository_root


class RulesInvalid(Exception):
    """The rules have errors; the message names each by file, line and key."""


@cache
def load_rules(folder: Path) -> RuleBook:
    """The rule book of a folder (relative ones also below the repository); raises `RulesInvalid`."""
    path = folder if folder.exists() else repository_root() / folder
    try:
        return read_rule_book(path)
    except (RuleFileError, OSError) as failure:
        raise RulesInvalid(f"the rules in {folder} cannot be used: {failure}") from None
