"""Service processes under test, as a person would start them; restarted when they die, killed when asked."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from services.infra.settings import Settings

ROOT = Path(__file__).resolve().parents[2]


def environment(settings: Settings) -> dict[str, str]:
    """What a service process needs to find its database, broker and keys."""
    assert settings.database and settings.vault_key and settings.kafka
    return {
        **{k: v for k, v in os.environ.items() if not k.startswith("PETITIONS_")},
        "PETITIONS_HOME": str(settings.home),
        "PETITIONS_KAFKA": settings.kafka,
        "PETITIONS_KAFKA_SESSION_SECONDS": "10",  # who was killed is missed that long
        "PETITIONS_DATABASE": settings.database.get_secret_value(),
        "PETITIONS_VAULT_KEY": settings.vault_key.get_secret_value(),
        "PETITIONS_BATCH": str(settings.batch),
        "PETITIONS_CITY": str(settings.city),
        "PETITIONS_TOKEN_KEY": "pepper-of-tests",
    }


class Processes:
    """One process per service name; `tend` restarts the dead."""

    def __init__(self, settings: Settings, services: Sequence[str], log: Path) -> None:
        self.services = list(services)
        self.environment = environment(settings)
        self.log = log
        self.running: dict[str, subprocess.Popen[bytes]] = {}

    def start(self) -> None:
        """Start what does not run."""
        for name in self.services:
            process = self.running.get(name)
            if process is None or process.poll() is not None:
                with (self.log / f"{name.split('#')[0]}.log").open("ab") as out:
                    self.running[name] = subprocess.Popen(
                        [sys.executable, "-m", "services.cli", "serve", name.split("#")[0]],
                        cwd=ROOT, env=self.environment, stdout=out, stderr=out, stdin=subprocess.DEVNULL,
                    )  # fmt: skip

    def kill(self, name: str) -> None:
        """SIGKILL: no handler runs, nothing is flushed."""
        process = self.running[name]
        process.send_signal(signal.SIGKILL)
        process.wait()

    def stop(self) -> dict[str, float]:
        """SIGTERM to all; returns how many seconds each took to end."""
        started = time.monotonic()
        for process in self.running.values():
            if process.poll() is None:
                process.terminate()
        took = {}
        for name, process in self.running.items():
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            took[name] = time.monotonic() - started
        return took

    def logs(self) -> str:
        """Everything the processes wrote."""
        return "".join(path.read_text("utf-8", "replace") for path in sorted(self.log.glob("*.log")))
