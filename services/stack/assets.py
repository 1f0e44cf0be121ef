"""Scripts the console serves that others wrote: from hash-locked webjars into `<home>/assets`, at set-up and never later.

The console works without them (forms post, pages load anew), so a machine without the registry misses comfort, not function.
"""

from __future__ import annotations

import zipfile
from pathlib import Path

from services.stack.errors import StackError, disk_errors
from services.stack.jars import Jar, Purpose, Say, locked, provide

LOCK = Path(__file__).with_name("web.lock")
FILES = {"htmx.org": "META-INF/resources/webjars/htmx.org/{version}/dist/htmx.min.js"}
"""Artifact → the file in its jar. It is unpacked as `<artifact>-<version>.js`."""
FOR_PAGES = Purpose("the console's scripts", "go on without: pages then load as a whole")


def provide_assets(home: Path, cache: Path, say: Say = lambda text: None) -> list[Path]:
    """The unpacked scripts; raises `StackError` where a jar cannot be had."""
    jars = locked(LOCK)
    wanted = {_target(home, jar): jar for jar in jars}
    missing = [jar for path, jar in wanted.items() if not path.exists()]
    if missing:
        provide(missing, cache, FOR_PAGES, say)
        with disk_errors(home):
            (home / "assets").mkdir(parents=True, exist_ok=True)
            for jar in missing:
                _unpack(jar, cache, _target(home, jar))
    return list(wanted)


def _target(home: Path, jar: Jar) -> Path:
    _, artifact, version = jar.coordinates.split(":")
    return home / "assets" / f"{artifact}-{version}.js"


def _unpack(jar: Jar, cache: Path, target: Path) -> None:
    _, artifact, version = jar.coordinates.split(":")
    try:
        with zipfile.ZipFile(jar.path(cache)) as archive:
            content = archive.read(FILES[artifact].format(version=version))
    except (KeyError, zipfile.BadZipFile) as failure:
        raise StackError(f"{jar.coordinates} holds no script where one is expected: remove {jar.path(cache)} and try again") from failure
    fresh = target.with_suffix(".new")
    fresh.write_bytes(content)
    fresh.replace(target)
