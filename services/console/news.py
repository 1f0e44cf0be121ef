"""The one sentence a page owes after an act: carried over the redirect in a short-lived cookie, signed and shown once."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from dataclasses import asdict, dataclass

import orjson
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

COOKIE = "petitions_news"
SECONDS = 20


@dataclass(frozen=True, slots=True)
class News:
    """What was just done. `undo` is the path that takes it back, offered for ten seconds."""

    text: str
    tone: str = "done"
    undo: str = ""
    undo_label: str = "撤销"


def redirect(target: str, news: News, secret: str, *, secure: bool) -> Response:
    """On to a page of ours, with the news."""
    packed = base64.urlsafe_b64encode(orjson.dumps(asdict(news))).decode()
    answer = RedirectResponse(target, 303)
    answer.set_cookie(COOKIE, f"{packed}.{_sign(packed, secret)}", max_age=SECONDS, httponly=True, secure=secure, samesite="lax", path="/")
    return answer


def read(request: Request, secret: str) -> News | None:
    """The news of a request, unless somebody else wrote it."""
    packed, _, signature = request.cookies.get(COOKIE, "").rpartition(".")
    if not packed or not hmac.compare_digest(signature.encode(), _sign(packed, secret).encode()):
        return None
    try:
        return News(**orjson.loads(base64.urlsafe_b64decode(packed)))
    except (TypeError, ValueError, binascii.Error):
        return None


def _sign(packed: str, secret: str) -> str:
    return hmac.new(secret.encode(), b"petitions-news" + packed.encode(), hashlib.sha256).hexdigest()[:32]
