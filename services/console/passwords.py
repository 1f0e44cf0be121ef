"""Passwords: Argon2id with the library's current parameters, off the event loop, at most two at a time."""

from __future__ import annotations

import asyncio
import secrets

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

SHORTEST = 10
_hasher = PasswordHasher()
_UNKNOWN = _hasher.hash(secrets.token_hex(16))
"""Checked where the login name is unknown, so that the answer takes as long."""
_TOGETHER = 2


class Passwords:
    """Hashes and checks; each costs tens of milliseconds and 64 MiB, hence the bound."""

    def __init__(self) -> None:
        self._turn = asyncio.Semaphore(_TOGETHER)

    async def hash(self, password: str) -> str:
        """The hash to store."""
        async with self._turn:
            return await asyncio.to_thread(_hasher.hash, password)

    async def check(self, stored: str | None, password: str) -> bool:
        """Whether the password is the one of `stored`; an unknown account takes as long as a wrong password."""
        async with self._turn:
            return await asyncio.to_thread(_matches, stored or _UNKNOWN, password) and stored is not None


def hash_password(password: str) -> str:
    """The hash to store; for the command line, which has no event loop to spare."""
    return _hasher.hash(password)


def weakness(password: str, login: str) -> str | None:
    """Why a new password is not accepted, in Chinese, or None."""
    if len(password) < SHORTEST:
        return f"新密码至少 {SHORTEST} 个字符。"
    if login and login.lower() in password.lower():
        return "新密码不能包含登录名。"
    if len(set(password)) < 5:
        return "新密码重复的字符太多。"
    return None


def fresh_password() -> str:
    """A password to hand over once, in groups that can be read out."""
    alphabet = "abcdefghjkmnpqrstuvwxyz23456789"
    return "-".join("".join(secrets.choice(alphabet) for _ in range(4)) for _ in range(4))


def _matches(stored: str, password: str) -> bool:
    try:
        return _hasher.verify(stored, password)
    except (VerificationError, InvalidHashError):
        return False
