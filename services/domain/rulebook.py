"""The rule book: every rules file of `deploy/rules`, read, checked and versioned together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from services.domain.case.gates import GateRules
from services.domain.case.rules import CaseRules, CaseworkRules
from services.domain.clocks.calendar import CalendarRules, WorkCalendar
from services.domain.clocks.rules import DeadlineRules
from services.domain.emergency import EmergencyRules
from services.domain.indicators.dictionary import IndicatorRules
from services.domain.ledger import LedgerRules
from services.domain.parameters import (
    Fault,
    Parameters,
    RuleFileError,
    fingerprint,
    parse_parameters,
)
from services.domain.principals import AccessRules
from services.domain.register_rules import RegisterRules
from services.domain.supervision.ladder import LadderRules
from services.domain.supervision.look_back import LookBackRules

FILES: Mapping[str, type[Parameters]] = {
    "access.yaml": AccessRules,
    "calendar.yaml": CalendarRules,
    "casework.yaml": CaseworkRules,
    "deadlines.yaml": DeadlineRules,
    "emergency.yaml": EmergencyRules,
    "gates.yaml": GateRules,
    "indicators.yaml": IndicatorRules,
    "ladder.yaml": LadderRules,
    "ledger.yaml": LedgerRules,
    "look_back.yaml": LookBackRules,
    "registers.yaml": RegisterRules,
}


@dataclass(frozen=True)
class RuleBook:
    """All rules in force; `version` changes with any of their texts."""

    version: str
    case: CaseRules
    access: AccessRules
    emergency: EmergencyRules
    indicators: IndicatorRules
    ladder: LadderRules
    ledger: LedgerRules
    look_back: LookBackRules
    registers: RegisterRules


def parse_rule_book(texts: Mapping[str, str]) -> RuleBook:
    """A rule book from the files' texts by name; raises `RuleFileError` with the faults of all files."""
    faults: list[Fault] = [Fault(name, 1, "(file)", "file is missing") for name in FILES if name not in texts]
    parsed: dict[str, Any] = {}
    for name, model in FILES.items():
        if name in texts:
            try:
                parsed[name] = parse_parameters(texts[name], name, model)
            except RuleFileError as error:
                faults.extend(error.faults)
    if faults:
        raise RuleFileError(faults)
    return RuleBook(
        version=fingerprint([texts[name] for name in sorted(FILES)]),
        case=CaseRules(
            casework=parsed["casework.yaml"],
            gates=parsed["gates.yaml"],
            deadlines=parsed["deadlines.yaml"],
            calendar=WorkCalendar(parsed["calendar.yaml"]),
        ),
        access=parsed["access.yaml"],
        emergency=parsed["emergency.yaml"],
        indicators=parsed["indicators.yaml"],
        ladder=parsed["ladder.yaml"],
        ledger=parsed["ledger.yaml"],
        look_back=parsed["look_back.yaml"],
        registers=parsed["registers.yaml"],
    )


def read_rule_book(folder: Path) -> RuleBook:
    """A rule book from a folder; raises `RuleFileError`, and OSError when a file cannot be read."""
    return parse_rule_book(
        {name: (folder / name).read_text(encoding="utf-8") for name in FILES if (folder / name).exists()}
    )
