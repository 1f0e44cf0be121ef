"""What inspections found, said to who must put it right: once when it is new, before its day, and when it is late.

Cases have clocks of their own; these lines of the ledger have a day. Once a morning, before the digests go out, every open line is
looked at; what was said is not said again, so any number of instances may look.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

from services.domain.clocks.calendar import day_of
from services.domain.rulebook import RuleBook
from services.infra.unit_of_work import UnitOfWork
from services.supervision import repository as rows
from services.supervision.notices import DUE_SOON, OTHER, OVERDUE

OPEN_LINES = """
SELECT id, lead_unit_id, region, problem, measures, person, deadline FROM registers.ledger
WHERE open AND origin = 'inspection' ORDER BY deadline, id
"""


async def notify(unit: UnitOfWork, book: RuleBook, now: datetime) -> None:
    """Keep what the morning's digests should say of lines."""
    found = await unit.connection.fetch(OPEN_LINES)
    if not found:
        return
    rules, today = book.ladder.lines, day_of(now)
    directory = await rows.directory(unit.connection)
    notices = []
    for line in found:
        persons = directory.of_unit(rules.tell, line["lead_unit_id"], line["region"])
        for key, rank, reason in said_of(line, today, rules.due_days):
            notices += [
                (f"{person}/line/{line['id']}/{key}", person, line["id"], f"检查台账{str(line['id'])[:8]}", rank, reason, now, now, False,
                 None, None, False, "ledger_line")
                for person in persons
            ]  # fmt: skip
    await rows.notify(unit.connection, notices)


def said_of(line: Any, today: date, due_days: int) -> list[tuple[str, int, str]]:
    """(what makes it single, heading, sentence) of everything to be said of a line today."""
    day = line["deadline"]
    what = f"“{line['problem']}”，责任人{line['person']}，整改时限{day}"
    said = [("new", OTHER, f"新列入台账{what}：{line['measures']}。")]
    if day < today:
        said.append((f"late/{day}", OVERDUE, f"{what}，已逾期。"))
    elif day - today <= timedelta(days=due_days):
        said.append((f"due/{day}", DUE_SOON, f"{what}，即将届满。"))
    return said
