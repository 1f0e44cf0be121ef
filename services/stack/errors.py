"""What can go wrong with the local stack: each in one sentence with its cause and the remedy."""

from __future__ import annotations

import errno
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class StackError(Exception):
    """The local stack cannot do what it was asked; the message names the cause and the remedy."""


NEEDED_BYTES = 1024**3
"""Kafka and PostgreSQL stop in the middle of things when a disk fills up; a gigabyte is a day of play."""


def require_space(path: Path, needed: int = NEEDED_BYTES) -> None:
    """Raise `StackError` where the disk under `path` has too little room left."""
    existing = path
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
        if failure.errno == errno.ENOSPC:
            raise StackError(f"the disk under {path} is full: make room, or set PETITIONS_HOME to a folder on another disk") from None
        if failure.errno in (errno.EACCES, errno.EROFS, errno.EPERM):
            raise StackError(f"{path} cannot be written: mend its permissions, or set PETITIONS_HOME to a folder of yours") from None
        raise
