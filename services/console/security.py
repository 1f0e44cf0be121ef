"""What every answer carries and every form proves: headers, the content security policy, cookies, tokens against forgery."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

SESSION_COOKIE = "petitions_session"
LOGIN_COOKIE = "petitions_login"
TOKEN_FIELD = "_token"
TOKEN_HEADER = "X-Token"
LARGEST_FORM = 64 * 1024 * 1024
"""Bytes of one request; evidence has its own, smaller bounds per kind."""

POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data: blob:",
        "media-src 'self'",
        "font-src 'self'",
        "connect-src 'self'",
        "form-action 'self'",
        "frame-ancestors 'none'",
        "base-uri 'none'",
        "manifest-src 'self'",
    )
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(self), geolocation=(), microphone=(), payment=(), usb=()",
    "Cache-Control": "no-store",
}


class Guarded:
    """ASGI middleware: security headers on every answer, a bound on every request's size.

    Headers a route set itself (an asset's caching) stay.
    """

    def __init__(self, app: ASGIApp, *, secure: bool = False, largest: int = LARGEST_FORM) -> None:
        self.app, self.largest = app, largest
        headers = HEADERS | ({"Strict-Transport-Security": "max-age=31536000"} if secure else {})
        self.headers = [(name.lower().encode(), value.encode()) for name, value in headers.items()]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        size = 0

        async def bounded() -> Message:
            nonlocal size
            message = await receive()
            size += len(message.get("body", b""))
            if size > self.largest:
                raise TooLarge
            return message

        async def dressed(message: Message) -> None:
            if message["type"] == "http.response.start":
                there = {name.lower() for name, _ in message["headers"]}
                message["headers"] = [*message["headers"], *(pair for pair in self.headers if pair[0] not in there)]
            await send(message)

        await self.app(scope, bounded, dressed)


class TooLarge(Exception):
    """The request has more bytes than anything the console takes."""


def fresh_secret() -> str:
    """32 random bytes as text, for a cookie."""
    return secrets.token_urlsafe(32)


def digest_of(secret: str) -> bytes:
    """What the database keeps of a secret; a plain hash is enough for what cannot be guessed."""
    return hashlib.sha256(secret.encode()).digest()


def form_token(secret: str) -> str:
    """The token a form must send with the cookie `secret`; it cannot be made without the cookie, nor the cookie from it."""
    return hmac.new(secret.encode(), b"petitions-form", hashlib.sha256).hexdigest()


def proven(request: Request, secret: str) -> bool:
    """True where a call carries the session's token in its header."""
    return hmac.compare_digest(request.headers.get(TOKEN_HEADER, "").encode(), form_token(secret).encode())


async def forged(request: Request, secret: str) -> bool:
    """True where a request that changes something does not prove that our own page sent it."""
    if request.headers.get("sec-fetch-site") in ("cross-site", "same-site"):
        return True
    sent = request.headers.get(TOKEN_HEADER)
    if sent is None:
        value = (await request.form()).get(TOKEN_FIELD)
        sent = value if isinstance(value, str) else ""
    return not hmac.compare_digest(sent.encode(), form_token(secret).encode())


def set_cookie(response: Response, name: str, value: str, *, secure: bool, max_age: int | None = None) -> None:
    """A cookie no script can read and no other site can send along with a form."""
    response.set_cookie(name, value, max_age=max_age, httponly=True, secure=secure, samesite="lax", path="/")


def own_path(target: str | None) -> str:
    """The target where it is a path of ours, `/` otherwise: no redirect leads away from the console."""
    if not target or not target.startswith("/") or target.startswith(("//", "/\\")):
        return "/"
    if any(ord(character) < 32 or character == "\\" for character in target):
        return "/"
    parts = urlsplit(target)
    return target if not parts.scheme and not parts.netloc else "/"
