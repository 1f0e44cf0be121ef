"""What an administrator changes: people and their roles, passwords, tokens; and what is in force: city file, models, rules."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from services.console.access import NotFound, Visit
from services.console.accounts import set_password
from services.console.passwords import fresh_password
from services.console.sessions import end_sessions
from services.domain.city import City
from services.domain.principals import Role
from services.infra.access import REVOKE, give_token, load_pepper
from services.infra.settings import Settings, repository_root

PEOPLE = """
SELECT p.id, p.name, p.roles, p.unit_id, p.regions, p.person, p.active, p.origin, a.login IS NOT NULL AND NOT a.disabled AS has_login,
       (SELECT max(seen_at) FROM console.sessions s WHERE s.principal_id = p.id) AS seen_at
FROM access.principals p LEFT JOIN console.accounts a ON a.principal_id = p.id
WHERE ($1 = '' OR strpos(p.name || ' ' || p.id || ' ' || coalesce(p.unit_id, ''), $1) > 0) ORDER BY NOT p.active, p.origin DESC, p.id LIMIT 200
"""
SAVE = """
INSERT INTO access.principals (id, name, roles, unit_id, regions, person, active) VALUES ($1, $2, $3, $4, $5, $6, $7)
ON CONFLICT (id) DO UPDATE SET name = excluded.name, roles = excluded.roles, unit_id = excluded.unit_id, regions = excluded.regions,
    person = excluded.person, active = excluded.active
"""
ONE = "SELECT id, name, roles, unit_id, regions, person, active, origin FROM access.principals WHERE id = $1"
ADMINS = "SELECT count(*) FROM access.principals WHERE active AND 'administrator' = ANY(roles) AND id <> $1"
TOKENS = """
SELECT t.id, t.principal_id, p.name, t.issued_at, t.expires_at, t.revoked_at, t.note FROM access.tokens t
JOIN access.principals p ON p.id = t.principal_id ORDER BY t.revoked_at IS NOT NULL, t.issued_at DESC LIMIT 200
"""
VERSIONS = "SELECT version, loaded_at, loaded_by FROM dispatch.city_versions ORDER BY loaded_at DESC LIMIT 20"
CONTENT = "SELECT content::text AS content FROM dispatch.city_versions WHERE version = $1"
TOKEN_DAYS = 365
_SECTIONS = {
    "districts": ("区县", "code"), "kinds": ("部门类别", "id"), "units": ("单位", "id"), "officers": ("承办人", "id"), "leaders": ("领导", "id"),
    "laws": ("法规", "id"), "taxonomy": ("分类", "type"), "duties": ("职责", "id"), "additions": ("加办", "id"), "triggers": ("包案条件", "id"),
    "task_forces": ("专班", "id"),
}  # fmt: skip


class Unwise(Exception):
    """The change is refused; the message says why, in Chinese."""


@dataclass(frozen=True, slots=True)
class Change:
    """One difference between two city files."""

    section: str
    key: str
    kind: str
    before: str
    after: str


async def save_person(
    visit: Visit, id: str, name: str, roles: Sequence[str], unit_id: str, regions: Sequence[str], *, person: bool, active: bool
) -> None:
    """Enter or change a principal; raises `Unwise` where nobody could mend it afterwards."""
    known = {role.value for role in Role}
    chosen = sorted({role for role in roles if role in known})
    if not id.strip() or not name.strip() or not chosen:
        raise Unwise("编号、姓名和至少一个职责都要填写。")
    if Role.ACCUSED.value in chosen and len(chosen) > 1:
        raise Unwise("被举报单位不能同时有其他职责。")
    pool = visit.office.pool
    if (not active or Role.ADMINISTRATOR.value not in chosen) and not await pool.fetchval(ADMINS, id):
        row = await pool.fetchrow(ONE, id)
        if row is not None and Role.ADMINISTRATOR.value in row["roles"]:
            raise Unwise("至少要留一名管理员。")
    codes = [code.strip() for code in regions if code.strip()]
    if bad := next((code for code in codes if not (code.isdigit() and len(code) == 6)), None):
        raise Unwise(f"行政区划代码应为六位数字，不是“{bad}”。")
    await pool.execute(SAVE, id.strip(), name.strip(), chosen, unit_id or None, codes, person, active)
    if not active:
        await end_sessions(pool, id, visit.now)


async def new_password(visit: Visit, id: str) -> str:
    """A password to hand over once; every session of the person ends."""
    office = visit.office
    if await office.pool.fetchrow(ONE, id) is None:
        raise NotFound("没有这个人。")
    password = fresh_password()
    hashed = await office.passwords.hash(password)
    async with office.pool.acquire() as connection, connection.transaction():
        await set_password(connection, id, id, hashed, visit.now, must_change=True)
        await end_sessions(connection, id, visit.now)
    return password


async def new_token(visit: Visit, id: str, note: str) -> str:
    """A token for a system or a person, shown this once."""
    office = visit.office
    if await office.pool.fetchrow(ONE, id) is None:
        raise NotFound("没有这个人或系统。")
    async with office.pool.acquire() as connection:
        expires = visit.now + timedelta(days=TOKEN_DAYS)
        return await give_token(connection, id, load_pepper(office.settings), visit.now, expires_at=expires, note=note[:200])


async def revoke_token(visit: Visit, id: str) -> None:
    """End a token."""
    await visit.office.pool.execute(REVOKE, id, visit.now)


async def city_versions(visit: Visit) -> list[Any]:
    """City files ever in force, the newest first."""
    rows: list[Any] = await visit.office.pool.fetch(VERSIONS)
    return rows


async def city_changes(visit: Visit, older: str, newer: str) -> tuple[Change, ...]:
    """What is different between two versions; raises `NotFound` for one that never was."""
    texts = [await visit.office.pool.fetchval(CONTENT, version) for version in (older, newer)]
    if None in texts:
        raise NotFound("没有这个版本的城市文件。")
    before, after = (City.from_json(text).document.model_dump(mode="json") for text in texts)
    return changes(before, after)


def changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[Change, ...]:
    """Entries that came, went or changed, section by section."""
    found: list[Change] = []
    for section, (label, key) in _SECTIONS.items():
        old = {str(entry[key]): entry for entry in before.get(section, ())}
        new = {str(entry[key]): entry for entry in after.get(section, ())}
        for name in sorted(old.keys() | new.keys()):
            if old.get(name) == new.get(name):
                continue
            kind = "新增" if name not in old else "删除" if name not in new else "修改"
            fields = [f for f in {**old.get(name, {}), **new.get(name, {})} if old.get(name, {}).get(f) != new.get(name, {}).get(f)]
            found.append(Change(label, name, kind, _said(old.get(name), fields), _said(new.get(name), fields)))
    return tuple(found)


def _said(entry: Mapping[str, Any] | None, fields: Iterable[str]) -> str:
    if entry is None:
        return ""
    return "；".join(f"{name} {json.dumps(entry.get(name), ensure_ascii=False)}" for name in fields if entry.get(name) not in (None, [], "", {}))


@dataclass(frozen=True, slots=True)
class Model:
    """A model in force, with what it was made from."""

    name: str
    version: str
    facts: tuple[tuple[str, str], ...]
    changed_at: datetime


def models(settings: Settings) -> tuple[Model, ...]:
    """The models in force: the city's own where it trained some, the shipped ones otherwise."""
    folder = settings.models or repository_root() / "classifiers" / "models"
    return tuple(_model(folder / f"{name}.json", label) for name, label in (("categories", "分类"), ("links", "关联")) if (folder / f"{name}.json").exists())


def _model(path: Path, label: str) -> Model:
    content = json.loads(path.read_text("utf-8"))
    facts = {**content.get("provenance", {}), **{key: content[key] for key in ("lexicon", "taxonomy") if key in content}}
    said = tuple((_WORDS.get(key, key), f"{value:,}" if isinstance(value, int) and key != "seed" else str(value)) for key, value in facts.items())
    return Model(label, str(content.get("version", "")), said, datetime.fromtimestamp(path.stat().st_mtime).astimezone())


_WORDS = {
    "trained_on": "训练数据", "complaints": "件数", "seed": "随机种子", "lexicon": "词典版本", "taxonomy": "分类版本", "pairs": "样本对", "same_matter": "同一事项",
    "silenced": "置换比例", "repeat_share": "重复占比", "lookalike_weight": "相似干扰权重",
}  # fmt: skip
