"""Invented people to log in as, one per role: for the demonstration, the tests and the pictures; never made by anything else."""

from __future__ import annotations

from datetime import datetime

from services.console.accounts import set_password
from services.console.passwords import hash_password
from services.domain.city import City
from services.domain.principals import Role
from services.infra.postgres import Connection

PASSWORD = "yun-ze-2026-demo"
"""Printed with the names. The demonstration listens on the loopback address of a machine with invented complaints only."""
PEOPLE: dict[str, tuple[str, tuple[Role, ...], str | None]] = {
    "da-cg-2": ("雷立华", (Role.OFFICER, Role.UNIT_HEAD), "da-cg"),
    "city-mayor-urban": ("万安瑜", (Role.LEADER,), None),
    "dispatcher-1": ("顾云舟", (Role.DISPATCHER,), "city-xf"),
    "supervisor-1": ("沈知秋", (Role.SUPERVISOR,), None),
    "acceptor-1": ("陆景行", (Role.ACCEPTOR,), None),
    "reviewer-1": ("苏怀瑾", (Role.CITY_REVIEWER,), None),
    "inspector-1": ("程望舒", (Role.INSPECTOR,), None),
    "callback-1": ("唐采薇", (Role.CALL_BACK,), None),
    "duty-1": ("贺长风", (Role.DUTY_OFFICER,), None),
    "analyst-1": ("叶疏桐", (Role.ANALYST,), None),
    "admin-1": ("丁一", (Role.ADMINISTRATOR,), None),
}
"""Id, which is the login name → name, roles, unit. The first two are an officer and a leader of the example city."""
KEEP = """
INSERT INTO access.principals (id, name, roles, unit_id, regions, origin) VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (id) DO UPDATE SET roles = excluded.roles, regions = excluded.regions, active = true
"""


async def introduce_people(c: Connection, city: City, now: datetime) -> list[tuple[str, str, str]]:
    """(login, name, roles in words) of everybody, each with a local account."""
    rows = [(id, name, [role.value for role in roles], unit, [city.code], "hand") for id, (name, roles, unit) in PEOPLE.items()]
    await c.executemany(KEEP, rows)
    hashed = hash_password(PASSWORD)
    for id in PEOPLE:
        await set_password(c, id, id, hashed, now, must_change=False)
    return [(id, name, "、".join(role.label for role in roles)) for id, (name, roles, _) in PEOPLE.items()]
