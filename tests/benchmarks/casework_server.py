"""One process of the HTTP API for `bench-casework`: the product's application on a clock that the benchmark moves."""

from __future__ import annotations

import mmap
import struct
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import uvicorn
import uvloop
from obstore.store import LocalStore

from services.casework.api.limits import Rates
from services.casework.api.parts import Parts
from services.casework.files import Files
from services.casework.office import Office
from services.console.app import create_app
from services.domain.sealing import Keyring
from services.infra.memory import settle
from services.infra.postgres import create_pool
from services.infra.rules import load_rules
from services.infra.settings import Settings
from services.infra.vault import Vault
from services.triage.book import Book

PEPPER = b"bench"


class MovedClock:
    """The system's clock and an offset in days that another process writes into a shared file."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("r+b")
        self._days = mmap.mmap(self._file.fileno(), 8)

    def __call__(self) -> datetime:
        return datetime.now(UTC) + timedelta(days=struct.unpack("<q", self._days[:8])[0])


async def main(port: int, dsn: str, home: Path, collector: str) -> None:
    settings = Settings(home=home)
    pool = await create_pool(dsn, service="bench", size=4)
    rules = load_rules(settings.rules)
    files = Files(LocalStore(prefix=str(home / "evidence"), mkdir=True), rules.case.casework.evidence)
    parts = Parts(
        pool=pool, vault=Vault(Keyring.generate()), office=Office(rules, Book()), pepper=PEPPER, files=files, rates=Rates(10**9),
        clock=MovedClock(home / "clock"),
    )  # fmt: skip
    app = create_app(parts)
    if collector == "settled":
        settle()
    config = uvicorn.Config(app, host="127.0.0.1", port=port, log_config=None, access_log=False, lifespan="off")
    await uvicorn.Server(config).serve()


if __name__ == "__main__":
    uvloop.run(main(int(sys.argv[1]), sys.argv[2], Path(sys.argv[3]), sys.argv[4]))
