"""The shelf of trained models: a folder a training, one of them in force, the others to go back to.

    FOLDER/current.json            which version is in force; replaced whole, so a reader never meets half a change
    FOLDER/renames.toml            what became of older names (classifiers.renames); outlives every training
    FOLDER/VERSION/manifest.json   provenance, label sets, old against new, SHA-256 of every file beside it
    FOLDER/VERSION/…               the models, as classifiers.artifact and classifiers.scoring write them

A version holds whole models: those that were not worse, and copies of those they stand beside. A folder without
`current.json` is one set of models by itself.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

CURRENT, MANIFEST, RENAMES = "current.json", "manifest.json", "renames.toml"
FORMAT = 1


@dataclass(frozen=True, slots=True)
class Kept:
    """A version on the shelf."""

    version: str
    in_force: bool
    manifest: Mapping[str, Any]


def in_force(folder: Path | None) -> Path | None:
    """The folder whose models are to be loaded. ValueError where the version in force is missing or damaged."""
    if folder is None or not (folder / CURRENT).exists():
        return folder
    version: str = json.loads((folder / CURRENT).read_text(encoding="utf-8"))["version"]
    check(folder, version)
    return folder / version


def check(folder: Path, version: str) -> Mapping[str, Any]:
    """The manifest of a version after every file was held against its sum. ValueError names the file and the remedy."""
    found = folder / version / MANIFEST
    if not found.exists():
        raise ValueError(f"{folder} has no version {version}; see petitions models list")
    manifest: dict[str, Any] = json.loads(found.read_text(encoding="utf-8"))
    if manifest.get("format") != FORMAT:
        raise ValueError(f"{version}: format {manifest.get('format')!r} is not {FORMAT}; train again")
    for name, expected in manifest["sha256"].items():
        path = folder / version / name
        if not path.exists() or _sum(path) != expected:
            raise ValueError(
                f"{path} is not what its checksum says; go back to another version with petitions models use VERSION"
            )
    return manifest


def put(folder: Path, version: str, files: Path, manifest: Mapping[str, Any]) -> None:
    """Move the trained files onto the shelf as a version; it is not in force yet. ValueError where the name is taken."""
    target = folder / version
    if target.exists():
        raise ValueError(f"{folder} has a version {version} already")
    sums = {path.name: _sum(path) for path in sorted(files.iterdir())}
    text = json.dumps({"format": FORMAT, "version": version, **manifest, "sha256": sums}, ensure_ascii=False, indent=1)
    (files / MANIFEST).write_text(text + "\n", encoding="utf-8")
    folder.mkdir(parents=True, exist_ok=True)
    os.replace(files, target)


def use(folder: Path, version: str) -> None:
    """Put a version in force. ValueError where it is missing or damaged."""
    check(folder, version)
    part = folder / f"{CURRENT}.part"
    part.write_text(json.dumps({"version": version}) + "\n", encoding="utf-8")
    os.replace(part, folder / CURRENT)


def kept(folder: Path) -> list[Kept]:
    """Every version, the newest last."""
    if not folder.is_dir():
        return []
    now = json.loads((folder / CURRENT).read_text(encoding="utf-8"))["version"] if (folder / CURRENT).exists() else None
    manifests = [json.loads(path.read_text(encoding="utf-8")) for path in sorted(folder.glob(f"*/{MANIFEST}"))]
    return [Kept(m["version"], m["version"] == now, m) for m in sorted(manifests, key=lambda m: str(m.get("made_at")))]


def copy_missing(source: Path, target: Path, names: tuple[str, ...]) -> None:
    """Let models that were not learnt anew stand beside the new ones, so that a version is whole."""
    for name in names:
        for path in source.glob(f"{name}.*"):
            if not (target / path.name).exists():
                shutil.copyfile(path, target / path.name)


def _sum(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
