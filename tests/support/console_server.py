"""The console as people meet it: a real server on a loopback port over a real database, in a thread of its own."""

from __future__ import annotations

import asyncio
import contextlib
import re
import threading
from collections.abc import Callable, Coroutine, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any, TypeVar

import httpx
import uvicorn

from services.casework.api.limits import Rates
from services.casework.api.parts import Parts
from services.casework.files import Files
from services.casework.office import Office as Casework
from services.console.app import create_app, office_of
from services.demo.people import PASSWORD
from services.domain.sealing import Keyring
from services.infra.cities import load_city
from services.infra.postgres import create_pool
from services.infra.rules import load_rules
from services.infra.settings import Settings
from services.infra.vault import Vault
from services.stack.ports import free_port
from services.triage.book import Book
from tests.support import invented_office
from tests.support.invented_office import Invented, Scribe

T = TypeVar("T")
TOKEN = re.compile(r'name="_token" value="([0-9a-f]{64})"')
START_SECONDS = 120.0


@dataclass
class Console:
    """A running console. `made` tells what is in it; `run` does work on its loop."""

    settings: Settings
    vault: Vault
    url: str = ""
    made: Invented = field(default_factory=Invented)
    scribe: Scribe | None = None
    app: Any = None
    office: Any = None
    _loop: asyncio.AbstractEventLoop | None = None
    _thread: threading.Thread | None = None
    _server: uvicorn.Server | None = None
    _ready: threading.Event = field(default_factory=threading.Event)
    _failure: BaseException | None = None

    def start(self, count: int, *, others: bool = True, port: int = 0) -> Console:
        """Fill the database with so many cases (none: it is filled already) and listen."""
        port = port or free_port()
        self.url = f"http://127.0.0.1:{port}"
        self._thread = threading.Thread(target=lambda: self._main(port, count, others), daemon=True)
        self._thread.start()
        assert self._ready.wait(START_SECONDS), "the console did not start"
        if self._failure:
            raise self._failure
        return self

    def stop(self) -> None:
        """Stop listening and close the pool."""
        if self._server is not None and self._thread is not None:
            self._server.should_exit = True
            self._thread.join(15)

    def run(self, work: Callable[[], Coroutine[Any, Any, T]]) -> T:
        """Do something on the console's own loop."""
        assert self._loop is not None
        return asyncio.run_coroutine_threadsafe(work(), self._loop).result(60)

    def sql(self, statement: str, *arguments: Any) -> Any:
        """The first value of a statement."""
        return self.run(lambda: self.office.pool.fetchval(statement, *arguments))

    def case(self, stage: str, n: int = 0) -> str:
        """A case number at a stage."""
        return self.made.cases[stage][n]

    def visitor(self) -> httpx.Client:
        """Somebody who is not logged in."""
        return httpx.Client(base_url=self.url, trust_env=False, timeout=30)

    @contextlib.contextmanager
    def login(self, who: str) -> Iterator[httpx.Client]:
        """Somebody logged in by password."""
        with self.visitor() as client:
            answer = client.post("/login", data={"_token": token_of(client.get("/login")), "login": who, "password": PASSWORD})
            assert answer.status_code == 303, answer.text
            yield client

    def _main(self, port: int, count: int, others: bool) -> None:
        try:
            asyncio.run(self._serve(port, count, others))
        except BaseException as failure:
            self._failure = failure
            self._ready.set()

    async def _serve(self, port: int, count: int, others: bool) -> None:
        self._loop = asyncio.get_running_loop()
        assert self.settings.database is not None
        pool = await create_pool(self.settings.database.get_secret_value(), service="test-console", size=8)
        rules, city = load_rules(self.settings.rules), load_city(self.settings.city)
        files = Files.from_settings(self.settings, rules.case.casework.evidence)
        if count:
            self.scribe, self.made = await invented_office.everything(pool, self.vault, rules, city, datetime.now(UTC), count=count, files=files)
        if self.scribe is not None and others:
            await self.scribe.everything_else()
        parts = Parts(pool, self.vault, Casework(rules, Book()), b"pepper-of-tests", files, Rates(1_000_000))
        self.office = office_of(SimpleNamespace(settings=self.settings), parts)  # type: ignore[arg-type]
        self.app = create_app(parts, self.office)
        config = uvicorn.Config(self.app, host="127.0.0.1", port=port, log_config=None, access_log=False, lifespan="off", server_header=False, timeout_graceful_shutdown=3)
        self._server = uvicorn.Server(config)
        self._server.capture_signals = _no_signals  # type: ignore[method-assign]
        listening = asyncio.create_task(self.office.changes.run())
        serving = asyncio.create_task(self._server.serve())
        while not self._server.started and not serving.done():  # noqa: ASYNC110 - uvicorn has no event for it
            await asyncio.sleep(0.02)
        self._ready.set()
        await serving
        listening.cancel()
        self.office.changes.stop()
        await self.office.submitter.stop()
        await asyncio.wait({listening})
        await pool.close()


class _no_signals:  # noqa: N801 - stands in for a context manager
    def __enter__(self) -> None:
        return None

    def __exit__(self, *_: object) -> None:
        return None


def token_of(answer: httpx.Response) -> str:
    """The form token of a page."""
    found = TOKEN.search(answer.text)
    assert found, answer.text[:500]
    return found[1]


def make(home: Path, dsn: str, keyring: Keyring, **settings: Any) -> Console:
    """A console over a migrated database."""
    configured = Settings(home=home, database=dsn, vault_key=keyring.to_json(), token_key="pepper-of-tests", public_page=True, **settings)
    return Console(configured, Vault(keyring))
