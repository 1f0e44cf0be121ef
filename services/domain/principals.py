"""Who gives a command: persons and systems with roles, a unit and regions; tokens as hashes; the access matrix.

Randomness and time are passed in. A token is 32 random bytes shown once; only its keyed hash is kept, so neither a
table nor a backup can be used to log in. A fast keyed hash is enough because the token itself cannot be guessed.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import cache

from services.domain.parameters import Parameters
from services.domain.refusals import Refusal, refuse

TOKEN_BYTES = 32
TOKEN_PREFIX = "ptn_"


class Role(StrEnum):
    """What a principal may do. The value stands in events; `label` is what people read."""

    SYSTEM = "system"
    DISPATCHER = "dispatcher"
    OFFICER = "officer"
    UNIT_HEAD = "unit_head"
    LEADER = "leader"
    ACCEPTOR = "acceptor"
    CITY_REVIEWER = "city_reviewer"
    SUPERVISOR = "supervisor"
    INSPECTOR = "inspector"
    CALL_BACK = "call_back"
    DUTY_OFFICER = "duty_officer"
    GRID_WORKER = "grid_worker"
    ANALYST = "analyst"
    ADMINISTRATOR = "administrator"
    SOURCE = "source"
    ACCUSED = "accused"
    PUBLIC = "public"

    @property
    def label(self) -> str:
        """The Chinese term."""
        return _LABELS[self]


_LABELS = {
    Role.SYSTEM: "系统",
    Role.DISPATCHER: "交办员",
    Role.OFFICER: "承办人员",
    Role.UNIT_HEAD: "单位负责人",
    Role.LEADER: "包案领导",
    Role.ACCEPTOR: "区县验收人员",
    Role.CITY_REVIEWER: "市级复核人员",
    Role.SUPERVISOR: "督办人员",
    Role.INSPECTOR: "回头看人员",
    Role.CALL_BACK: "回访人员",
    Role.DUTY_OFFICER: "应急值班人员",
    Role.GRID_WORKER: "网格员",
    Role.ANALYST: "分析人员",
    Role.ADMINISTRATOR: "管理员",
    Role.SOURCE: "来源系统",
    Role.ACCUSED: "被举报单位",
    Role.PUBLIC: "公众",
}


@dataclass(frozen=True, slots=True)
class Principal:
    """A person or a system that gives commands.

    `regions` are six-digit codes; trailing zeros widen one (420300 covers every district of the city, 420000 the
    province); an empty set covers nothing. `unit_id` is None for people who belong to no handling unit.
    """

    id: str
    name: str
    roles: frozenset[Role]
    unit_id: str | None = None
    regions: frozenset[str] = frozenset()
    person: bool = True
    source: str | None = None

    def has(self, roles: Iterable[Role]) -> bool:
        """True when at least one of the roles is held."""
        return not self.roles.isdisjoint(roles)

    def covers(self, region: str | None) -> bool:
        """True when the region lies inside the scope; a case without a known region is everybody's."""
        if region is None or Role.SYSTEM in self.roles:
            return True
        return any(region.startswith(_prefix(scope)) for scope in self.regions)


@cache
def _prefix(code: str) -> str:
    """The significant digits of a region code, in pairs: 420000 → 42, 420300 → 4203, 420304 → 420304."""
    while len(code) > 2 and code.endswith("00"):
        code = code[:-2]
    return code


SYSTEM = Principal("system", "系统", frozenset({Role.SYSTEM}), person=False)


@dataclass(frozen=True, slots=True)
class TokenRecord:
    """What is kept of a token: never the token. `id` is public and finds the row; `digest` proves the rest."""

    id: str
    principal_id: str
    digest: str
    issued_at: datetime
    expires_at: datetime | None = None
    revoked_at: datetime | None = None


def token_digest(secret: str, pepper: bytes) -> str:
    """Keyed hash of a token's secret part (HMAC-SHA256, hex)."""
    return hmac.new(pepper, secret.encode(), hashlib.sha256).hexdigest()


def issue_token(
    principal_id: str,
    random_bytes: bytes,
    pepper: bytes,
    now: datetime,
    *,
    expires_at: datetime | None = None,
) -> tuple[str, TokenRecord]:
    """A new token and its record. Raises ValueError for fewer than 40 random bytes (8 name it, 32 are secret)."""
    if len(random_bytes) < 8 + TOKEN_BYTES:
        raise ValueError(f"a token needs {8 + TOKEN_BYTES} random bytes, got {len(random_bytes)}")
    token_id = random_bytes[:8].hex()
    secret = base64.urlsafe_b64encode(random_bytes[8 : 8 + TOKEN_BYTES]).rstrip(b"=").decode()
    record = TokenRecord(token_id, principal_id, token_digest(secret, pepper), now, expires_at)
    return f"{TOKEN_PREFIX}{token_id}_{secret}", record


def split_token(token: str) -> tuple[str, str] | None:
    """(id, secret) of a token as sent, or None where it has not the form of one."""
    if not token.startswith(TOKEN_PREFIX):
        return None
    token_id, _, secret = token[len(TOKEN_PREFIX) :].partition("_")
    return (token_id, secret) if token_id and secret else None


def check_token(record: TokenRecord | None, token: str, pepper: bytes, now: datetime) -> Refusal | None:
    """None when the token is good. An unknown id and a wrong secret give the same answer."""
    parts = split_token(token)
    if (
        record is None
        or parts is None
        or not hmac.compare_digest(record.digest, token_digest(parts[1], pepper))
    ):
        return refuse("token.unknown")
    if record.revoked_at is not None and record.revoked_at <= now:
        return refuse("token.revoked")
    if record.expires_at is not None and record.expires_at <= now:
        return refuse("token.expired")
    return None


class What(StrEnum):
    """The four columns of the access matrix."""

    IDENTITY = "identity"
    TEXT = "text"
    ATTACHMENTS = "attachments"
    FACTS = "facts"

    @property
    def label(self) -> str:
        """The Chinese term."""
        return {"identity": "信访人身份", "text": "信访原文", "attachments": "附件", "facts": "案件情况"}[
            self.value
        ]


class Grant(Parameters):
    """One cell of the matrix: which fields, in which form, whether the read is logged and needs a purpose."""

    fields: tuple[str, ...] = ()
    form: str = "full"
    logged: bool = False
    purpose: bool = False
    not_when_confidential: bool = False


class AccessRules(Parameters):
    """The access matrix: reader → column → grant; a missing cell is a refusal. Source: deploy/rules/access.yaml."""

    version: str
    provenance: str
    readers: Mapping[Role, Mapping[What, Grant]]


def may_read(
    rules: AccessRules, reader: Role, what: What, *, confidential: bool = False, purpose: str | None = None
) -> Grant | Refusal:
    """The grant for one act of reading, or why not. A logged grant obliges the caller to record the read."""
    grant = rules.readers.get(reader, {}).get(what)
    if grant is None:
        return refuse("access.denied", reader=reader.label, what=what.label)
    if confidential and grant.not_when_confidential:
        return refuse("access.confidential", reader=reader.label, what=what.label)
    if grant.purpose and not (purpose and purpose.strip()):
        return refuse("access.purpose", field="purpose", what=what.label)
    return grant
