"""PostgreSQL refuses to run as root; where we are root, it runs as somebody else without any change to the machine.

First choice: a user namespace in which root bears another number. Files stay root's, closed folders (a home folder, a temporary
folder of mode 0700) stay closed to others, and the server cannot tell. Where the kernel or a container forbids namespaces: an
account that is there anyway, by util-linux's `setpriv`; that one must be able to walk down to the clone.
"""

from __future__ import annotations

import os
import pwd
import shutil
import stat
import subprocess
from dataclasses import dataclass
from pathlib import Path

from services.stack.errors import StackError

ACCOUNTS = ("postgres", "nobody")


@dataclass(frozen=True, slots=True)
class Runner:
    """What to put before a command, and who must own the data folder (uid, gid)."""

    prefix: tuple[str, ...]
    owner: tuple[int, int]

    def hand_over(self, folder: Path) -> None:
        """Make `folder` and all in it the owner's, unless it is."""
        if folder.stat().st_uid == self.owner[0]:
            return
        os.chown(folder, *self.owner)
        for place, folders, files in os.walk(folder):
            for name in (*folders, *files):
                os.chown(Path(place) / name, *self.owner, follow_symlinks=False)


def runner(program: Path) -> Runner:
    """How this process runs `program` without being root; raises `StackError` where it cannot."""
    ourselves = (os.geteuid(), os.getegid())
    if ourselves[0] != 0:
        return Runner((), ourselves)
    user = _account()
    space = _namespace(user)
    if space and subprocess.run([*space, "test", "-x", str(program)], capture_output=True).returncode == 0:
        return Runner(space, ourselves)
    tool = shutil.which("setpriv")
    if tool is None:
        raise StackError(
            "PostgreSQL does not run as root, and neither unshare nor setpriv is there to run it otherwise: "
            "install util-linux, work as another user, or set PETITIONS_DATABASE"
        )
    if shut := closed_to(user, program.parent):
        raise StackError(
            f"PostgreSQL does not run as root, and {user.pw_name} may not enter {shut[0]}: "
            "clone into an open folder, work as another user, or set PETITIONS_DATABASE"
        )
    return Runner((tool, f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--clear-groups", "--"), (user.pw_uid, user.pw_gid))


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


def _account() -> pwd.struct_passwd:
    for name in ACCOUNTS:
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise StackError(
        f"PostgreSQL does not run as root, and there is no account {' or '.join(ACCOUNTS)} to run it: "
        "work as another user, or set PETITIONS_DATABASE"
    )


def _namespace(user: pwd.struct_passwd) -> tuple[str, ...]:
    """The command for a user namespace in which root is `user`; empty where there is none to be had."""
    tool = shutil.which("unshare")
    if tool is None:
        return ()
    command = (tool, "--user", f"--map-user={user.pw_uid}", "--")
    return command if subprocess.run([*command, "true"], capture_output=True).returncode == 0 else ()
