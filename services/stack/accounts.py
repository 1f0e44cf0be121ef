"""PostgreSQL refuses to run as root. Where we are root, it runs under an account that is there anyway.

No account is made and no folder's permissions are opened: where that account cannot walk down to the clone (a home folder, a
temporary folder of mode 0700), it gets the one capability to do so, by util-linux's `setpriv`.
"""

from __future__ import annotations

import os
import pwd
import shutil
import stat
from pathlib import Path

from services.stack.errors import StackError

ACCOUNTS = ("postgres", "nobody")
DAC_OVERRIDE, DAC_READ_SEARCH = 1, 2
"""Bits of CAP_DAC_OVERRIDE, which containers usually have, and of the narrower CAP_DAC_READ_SEARCH, which they often lack."""


def account(data: Path) -> pwd.struct_passwd | None:
    """The account for a data folder: its present owner, or the first there is; None where we are not root."""
    if os.geteuid() != 0:
        return None
    if data.exists() and (owner := data.stat().st_uid) != 0:
        try:
            return pwd.getpwuid(owner)
        except KeyError:
            raise StackError(
                f"{data} belongs to user {owner}, whom this machine does not know: give it to an account of this machine"
            ) from None
    for name in ACCOUNTS:
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise StackError(
        f"PostgreSQL does not run as root and there is no account {' or '.join(ACCOUNTS)} to run it: work as another "
        "user, or set PETITIONS_DATABASE"
    )


def prefix(user: pwd.struct_passwd | None, *folders: Path) -> list[str]:
    """What to put before a command so that it runs as `user` and reaches `folders`; nothing where we are not root."""
    if user is None:
        return []
    tool = shutil.which("setpriv")
    if tool is None:
        raise StackError(
            "PostgreSQL does not run as root and setpriv is missing to run it otherwise: install util-linux, work "
            "as another user, or set PETITIONS_DATABASE"
        )
    command = [tool, f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--clear-groups"]
    if shut := next((parent for folder in folders for parent in closed_to(user, folder)), None):
        capability = _capability()
        if capability is None:
            raise StackError(
                f"PostgreSQL runs as {user.pw_name}, who may not enter {shut}: chmod o+x it, work as another user, "
                "or set PETITIONS_HOME"
            )
        command += [f"--inh-caps=+{capability}", f"--ambient-caps=+{capability}"]
    return [*command, "--"]


def closed_to(user: pwd.struct_passwd, folder: Path) -> list[Path]:
    """The folders above (and at) `folder` that `user` may not enter."""
    found = []
    for place in (folder.resolve(), *folder.resolve().parents):
        about = place.stat()
        mine, group = about.st_uid == user.pw_uid, about.st_gid == user.pw_gid
        bit = stat.S_IXUSR if mine else stat.S_IXGRP if group else stat.S_IXOTH
        if not about.st_mode & bit:
            found.append(place)
    return found


def _capability() -> str | None:
    try:
        line = next(line for line in Path("/proc/self/status").read_text("ascii").splitlines() if line.startswith("CapPrm:"))
    except (OSError, StopIteration):
        return None
    permitted = int(line.split()[1], 16)
    for bit, name in ((DAC_READ_SEARCH, "dac_read_search"), (DAC_OVERRIDE, "dac_override")):
        if permitted >> bit & 1:
            return name
    return None
