"""Health and metrics of one process on a port of its own, answered from a thread so that a stuck loop is noticed."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Coroutine, Iterable
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from prometheus_client import make_wsgi_app

STUCK_SECONDS = 30.0
"""A loop that has not turned for so long is not busy but stuck; the longest batch takes a tenth of it."""
READY_SECONDS = 3.0


class _Quiet(WSGIRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:
        """Probes come every few seconds; their access log would drown the outcomes."""


class Probes:
    """`/healthz`: the loop turns. `/readyz`: database and broker answer. `/metrics`: Prometheus."""

    def __init__(self, port: int, ready: Callable[[], Coroutine[Any, Any, dict[str, bool]]], *, host: str = "127.0.0.1") -> None:
        self._ready = ready
        self._turned = time.monotonic()
        self._loop = asyncio.get_running_loop()
        self._metrics = make_wsgi_app()
        self._server: WSGIServer = make_server(host, port, self._answer, handler_class=_Quiet)
        self._thread = threading.Thread(target=self._server.serve_forever, name="probes", daemon=True)
        self._turning: asyncio.Task[None] | None = None

    @property
    def port(self) -> int:
        """The port in use; a free one where 0 was asked for."""
        return int(self._server.server_port)

    def start(self) -> None:
        """Begin to answer."""
        self._turning = asyncio.create_task(self._turn())
        self._thread.start()

    def stop(self) -> None:
        """Stop answering."""
        if self._turning:
            self._turning.cancel()
        self._server.shutdown()
        self._server.server_close()

    async def _turn(self) -> None:
        while True:
            self._turned = time.monotonic()
            await asyncio.sleep(1)

    def _answer(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        path = environ.get("PATH_INFO")
        if path == "/metrics":
            answer: Iterable[bytes] = self._metrics(environ, start_response)
            return answer
        if path == "/healthz":
            still = time.monotonic() - self._turned
            return self._say(start_response, still < STUCK_SECONDS, f"loop turned {still:.1f} s ago")
        if path == "/readyz":
            try:
                parts = asyncio.run_coroutine_threadsafe(self._ready(), self._loop).result(READY_SECONDS)
            except Exception as failure:
                return self._say(start_response, False, type(failure).__name__)
            return self._say(start_response, all(parts.values()), " ".join(f"{k}={'ok' if v else 'down'}" for k, v in parts.items()))
        start_response("404 Not Found", [("Content-Type", "text/plain")])
        return [b"try /healthz, /readyz or /metrics\n"]

    @staticmethod
    def _say(start_response: Callable[..., Any], good: bool, text: str) -> Iterable[bytes]:
        start_response("200 OK" if good else "503 Service Unavailable", [("Content-Type", "text/plain; charset=utf-8")])
        return [f"{text}\n".encode()]
