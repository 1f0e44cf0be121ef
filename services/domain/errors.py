"""Errors of the domain, one tree; the docstring of a class is its default message.

PetitionError
├── CityFileInvalid          a city's file was refused; `problems` says where, why and what to do
├── CityVersionMismatch      a stored city does not have the content its version promises
├── UnknownRegion            a region code that the city does not have
├── UnknownUnit              a unit id that the city does not have
└── Refused                  a rule said no inside a transaction that must leave nothing behind; `refusal` says which
"""


from __future__ import annotations

from collections.abc import Sequence

from services.domain.refusals import Refusal


class PetitionError(Exception):
    """处理信访事项时出错 / the matter could not be handled."""

    def __init__(self, message: str | None = None) -> None:
        super().__init__(message or self.__doc__)


class CityFileInvalid(PetitionError):
    """城市配置未通过检查 / the city's file did not pass its check."""

    def __init__(self, problems: Sequence[object]) -> None:
        self.problems = tuple(problems)
        lines = "\n".join(str(problem) for problem in self.problems)
        super().__init__(f"{type(self).__doc__}\n{lines}" if lines else None)


class CityVersionMismatch(PetitionError):
    """存储的城市配置与其版本号不符 / the stored city does not match its version."""

    def __init__(self, expected: str, found: str) -> None:
        self.expected, self.found = expected, found
        super().__init__(f"{type(self).__doc__} ({expected} ≠ {found})")


class UnknownRegion(PetitionError):
    """城市配置中没有这个行政区划 / the city has no such region."""

    def __init__(self, code: str) -> None:
        self.code = code
        super().__init__(f"{type(self).__doc__} ({code})")


class UnknownUnit(PetitionError):
    """城市配置中没有这个单位 / the city has no such unit."""

    def __init__(self, unit: str) -> None:
        self.unit = unit
        super().__init__(f"{type(self).__doc__} ({unit})")


class Refused(PetitionError):
    """不符合规则 / a rule said no."""

    def __init__(self, refusal: Refusal) -> None:
        self.refusal = refusal
        super().__init__(str(refusal))
