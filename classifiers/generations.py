"""A folder that is replaced as a whole: generations of files, one of them named by a manifest with their checksums.

A writer that is killed leaves the old generation in force; a reader sees the old one or the new one, never a mixture.
"""

from __future__ import annotations

import json
import os
import shutil
import zlib
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

MANIFEST = "manifest.json"
_PREFIX = "generation-"
_CHUNK = 1 << 22


class Damaged(ValueError):
    """A file is not what the manifest says; what it held must be made anew."""


def write(path: Path, fill: Callable[[Path], None], about: Mapping[str, Any]) -> None:
    """Let `fill` write the next generation's files, then name it; the former ones go."""
    path.mkdir(parents=True, exist_ok=True)
    numbers = [int(name) for old in path.glob(f"{_PREFIX}*") if (name := old.name.removeprefix(_PREFIX)).isdigit()]
    folder = path / f"{_PREFIX}{max(numbers, default=0) + 1}"
    folder.mkdir()
    fill(folder)
    manifest = {**about, "generation": folder.name, "files": _sums(folder)}
    temporary = path / f"{MANIFEST}.new"
    with temporary.open("w") as file:
        file.write(json.dumps(manifest))
        file.flush()
        os.fsync(file.fileno())
    os.replace(temporary, path / MANIFEST)
    for old in path.glob(f"{_PREFIX}*"):
        if old != folder:
            shutil.rmtree(old, ignore_errors=True)


def about(path: Path) -> dict[str, Any]:
    """The manifest. FileNotFoundError where there is none, Damaged where it cannot be read."""
    try:
        manifest: dict[str, Any] = json.loads((path / MANIFEST).read_text())
        manifest["files"], manifest["generation"]
    except (ValueError, KeyError, TypeError) as error:
        raise Damaged(f"{path / MANIFEST} cannot be read: {error}") from None
    return manifest


def read(path: Path) -> tuple[Path, dict[str, Any]]:
    """The folder in force, every file of it checked, and the manifest; errors as `about`."""
    manifest = about(path)
    folder = path / manifest["generation"]
    if not folder.is_dir():
        raise Damaged(f"{folder} is missing")
    found = _sums(folder)
    for name, expected in manifest["files"].items():
        if found.get(name) != expected:
            raise Damaged(f"{folder / name} is not what its checksum says")
    return folder, manifest


def _sums(folder: Path) -> dict[str, list[int]]:
    """Size and CRC-32 of every file: it tells a torn or rotten file, and reads a gigabyte in about a second."""
    files = sorted(path for path in folder.iterdir() if path.is_file())
    with ThreadPoolExecutor(2) as pool:
        return dict(zip((path.name for path in files), pool.map(_sum, files), strict=True))


def _sum(path: Path) -> list[int]:
    value = size = 0
    with path.open("rb") as file:
        while block := file.read(_CHUNK):
            value = zlib.crc32(block, value)
            size += len(block)
    return [size, value]
