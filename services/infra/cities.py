"""Where services get their city from: the folder named in the settings, checked."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from services.domain.city import City
from services.domain.city_check import check
from services.domain.errors import CityFileInvalid
from services.infra.settings import repository_root


class CityInvalid(Exception):
    """The city file has errors; `petitions city check` lists them with file, line and remedy."""


@cache
def load_city(folder: Path) -> City:
    """The city of a folder (relative ones also below the repository); raises `CityInvalid` naming the first error."""
    path = folder if folder.exists() else repository_root() / folder
    try:
        return check(path)
    except CityFileInvalid as invalid:
        first = invalid.problems[0] if invalid.problems else invalid
        raise CityInvalid(f"{len(invalid.problems)} problems in {folder}, the first: {first}; see petitions city check") from None
