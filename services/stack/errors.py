"""What can go wrong with the local stack: each in one sentence with its cause and the remedy."""

from __future__ import annotations

import errno
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class StackError(Exception):
    """The local stack cannot do what it was asked; the message names the cause and the remedy."""


class PortLost(StackError):
    """Somebody took the port between our choosing it and the server's listening on it; another one may do."""


NEEDED_BYTES = 1024**3
"""Kafka and PostgreSQL stop in the middle of things when a disk fills up; a gigabyte is a day of play."""


def require_space(path: Path, needed: int = NEEDED_BYTES) -> None:
    """Raise `StackError` where the disk under `path` has too little room left."""
    existing = path.absolute()
    while not existing.exists():
        existing = existing.parent
    free = shutil.disk_usage(existing).free
    if free < needed:
        raise StackError(
            f"the disk under {path} is nearly full ({free // 2**20} MB free, {needed // 2**20} MB needed): "
            "make room, or set PETITIONS_HOME to a folder on another disk"
        )


@contextmanager
def disk_errors(path: Path) -> Iterator[None]:
    """Turn the system's 'no space left' and 'permission denied' into sentences about `path`."""
    try:
        yield
    except OSError as failure:
        if failure.errno in (errno.ENOSPC, errno.EDQUOT):
            raise StackError(
                f"the disk under {path} is full: make room, or set PETITIONS_HOME to a folder on another disk"
            ) from None
        if failure.errno in (errno.EACCES, errno.EROFS, errno.EPERM):
            raise StackError(
                f"{path} cannot be written: mend its permissions, or set PETITIONS_HOME to a folder of yours"
            ) from None
        raise


_CAUSES: tuple[tuple[str, type[StackError], str], ...] = (
    (
        r"No space left on device|Disk quota exceeded",
        StackError,
        "the disk under {home} is full: make room, or set PETITIONS_HOME to a folder on another disk, then run petitions up",
    ),
    (
        r"Address already in use|BindException|could not bind",
        PortLost,
        "port {port} was taken by another program while {name} started: run petitions up again, it will choose another",
    ),
    (
        r"OutOfMemoryError|Cannot allocate memory|could not map anonymous shared memory|could not resize shared memory",
        StackError,
        "{name} got too little memory to start: end other programs (it needs about 600 MB), then run petitions up",
    ),
    (
        r"initialized by PostgreSQL version|UnsupportedClassVersionError|Invalid cluster\.id|inconsistent clusterId",
        StackError,
        "the data under {home} was made by another version of {name}: run petitions down, remove {folder}, run petitions up",
    ),
    (
        r"Permission denied|AccessDeniedException|Read-only file system",
        StackError,
        "{name} may not write {folder}: mend its permissions, or set PETITIONS_HOME to a folder of yours, then run petitions up",
    ),
)
"""Pattern in the last lines of a server's log → what it means for the person at the terminal."""


def died(name: str, last: str, *, log: Path, folder: Path, port: int) -> StackError:
    """The sentence for a server that ended while starting, from the last lines of its log."""
    for pattern, kind, sentence in _CAUSES:
        if re.search(pattern, last):
            return kind(sentence.format(name=name, home=folder.parent, folder=folder, port=port))
    return StackError(f"{name} ended while starting ({telling(last)}): see {log}, mend what it names, then run petitions up")


def telling(lines: str) -> str:
    """The last line that says something about a failure, cut short."""
    every = [line.strip() for line in lines.strip().splitlines() if line.strip()]
    loud = [
        line for line in every if re.search(r"ERROR|FATAL|PANIC|Exception|error|No space", line) and not line.startswith("at ")
    ]
    return (loud or every or ["it wrote nothing"])[-1][:200]
