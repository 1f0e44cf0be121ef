"""How often and how much: bounds on requests, told in the words of a refusal."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from services.casework.api.problems import Problem, response
from services.domain.refusals import refuse

MAX_BODY_BYTES = 4 * 1024 * 1024
MAX_COMMANDS = 2000
WINDOW_SECONDS = 10.0

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]


class Rates:
    """Requests of one caller in a window of ten seconds, counted in this process."""

    def __init__(self, limit: int, clock: Callable[[], float] = time.monotonic) -> None:
        self.limit = limit
        self._clock = clock
        self._began = clock()
        self._counts: dict[str, int] = {}

    def count(self, caller: str, cost: int = 1) -> None:
        """One more request; raises `Problem` past the limit, with the time to wait."""
        now = self._clock()
        if now - self._began >= WINDOW_SECONDS:
            self._began = now
            self._counts.clear()
        used = self._counts.get(caller, 0) + cost
        self._counts[caller] = used
        if used > self.limit:
            wait = max(1, round(WINDOW_SECONDS - (now - self._began)))
            refusal = refuse("request.often", seconds=round(WINDOW_SECONDS), limit=self.limit, wait=wait)
            raise Problem(refusal, headers={"Retry-After": str(wait)})


class BodyLimit:
    """Refuses bodies larger than allowed before they are read into memory; uploads have a larger bound of their own."""

    def __init__(self, app: Any, *, limit: int = MAX_BODY_BYTES, upload_limit: int) -> None:
        self.app, self.limit, self.upload_limit = app, limit, upload_limit

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        limit = self.upload_limit if scope["path"].endswith(("/evidence", "/import")) else self.limit
        headers = dict(scope["headers"])
        declared = headers.get(b"content-length", b"0")
        if declared.isdigit() and int(declared) > limit:
            await response(refuse("request.large", size=int(declared), limit=limit))(scope, receive, send)
            return
        seen = 0

        async def counted() -> Message:
            nonlocal seen
            message = await receive()
            seen += len(message.get("body", b""))
            if seen > limit:
                raise Problem(refuse("request.large", size=seen, limit=limit))
            return message

        await self.app(scope, counted, send)
