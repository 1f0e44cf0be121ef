"""Schema changes: numbered SQL files in deploy/migrations, applied once each, under a lock (yoyo)."""

from __future__ import annotations

from urllib.parse import urlsplit, urlunsplit

from yoyo import get_backend, read_migrations

from services.infra.settings import repository_root


def migrate(dsn: str) -> list[str]:
    """Apply what is missing and return the names applied; two at once wait for each other."""
    parts = urlsplit(dsn)
    backend = get_backend(urlunsplit(parts._replace(scheme="postgresql+psycopg")))
    try:
        migrations = read_migrations(str(repository_root() / "deploy" / "migrations"))
        with backend.lock():
            pending = backend.to_apply(migrations)
            names = [migration.id for migration in pending]
            backend.apply_migrations(pending)
        return names
    finally:
        backend.connection.close()


def pending(dsn: str) -> list[str]:
    """What is missing, without applying it."""
    backend = get_backend(urlunsplit(urlsplit(dsn)._replace(scheme="postgresql+psycopg")))
    try:
        return [m.id for m in backend.to_apply(read_migrations(str(repository_root() / "deploy" / "migrations")))]
    finally:
        backend.connection.close()
