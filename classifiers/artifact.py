"""A trained model as files a person can read: JSON for what it is, text for its words, npz for numbers; no pickle.

`NAME.json` holds version, provenance, heads with labels and calibration, and SHA-256 sums of the other two files;
`NAME.words.txt` one word a line with its column order; `NAME.npz` the arrays. A file that is not what its sum says is
refused.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import zipfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

FORMAT = 1


@dataclass(frozen=True, slots=True)
class Head:
    """One question: `kind` is binary, multilabel or softmax; labels by output; (a, b) the calibration of each."""

    name: str
    kind: str
    labels: tuple[str, ...]
    a: tuple[float, ...]
    b: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Artifact:
    """Words with inverse document frequencies, hint columns, and weights of all heads side by side.

    Shapes: idf (words), word_weights (words, outputs), hint_weights (hints, outputs), bias (outputs).
    """

    version: str
    lexicon: str
    taxonomy: str
    heads: tuple[Head, ...]
    words: tuple[str, ...]
    hint_names: tuple[str, ...]
    idf: npt.NDArray[np.float32]
    word_weights: npt.NDArray[np.float32]
    hint_weights: npt.NDArray[np.float32]
    bias: npt.NDArray[np.float32]
    provenance: dict[str, Any] = field(default_factory=dict)


_ARRAYS = ("idf", "word_weights", "hint_weights", "bias")


def _sum(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _npz(arrays: dict[str, npt.NDArray[Any]]) -> bytes:
    # numpy's savez stamps the clock into the archive; a fixed date keeps the checksum a function of the content.
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, array in arrays.items():
            inner = io.BytesIO()
            np.save(inner, array, allow_pickle=False)
            archive.writestr(zipfile.ZipInfo(f"{name}.npy", (1980, 1, 1, 0, 0, 0)), inner.getvalue(),
                             zipfile.ZIP_DEFLATED)
    return buffer.getvalue()


def save(artifact: Artifact, folder: Path, name: str = "categories") -> Path:
    """Write the three files, the JSON last and by renaming, so that a reader never meets half a model."""
    folder.mkdir(parents=True, exist_ok=True)
    words = "\n".join(artifact.words).encode()
    numbers = _npz({n: getattr(artifact, n).astype(np.float16 if n == "word_weights" else np.float32) for n in _ARRAYS})
    about = {
        "format": FORMAT, "version": artifact.version, "lexicon": artifact.lexicon, "taxonomy": artifact.taxonomy,
        "provenance": artifact.provenance, "sha256": {"words": _sum(words), "npz": _sum(numbers)},
        "heads": [{"name": h.name, "kind": h.kind, "labels": h.labels, "a": [round(v, 5) for v in h.a],
                   "b": [round(v, 5) for v in h.b]} for h in artifact.heads],
        "hint_columns": artifact.hint_names,
    }
    (folder / f"{name}.words.txt").write_bytes(words)
    (folder / f"{name}.npz").write_bytes(numbers)
    target, part = folder / f"{name}.json", folder / f"{name}.json.part"
    part.write_text(json.dumps(about, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    os.replace(part, target)
    return target


def load(folder: Path, name: str = "categories") -> Artifact:
    """Read and check a model. Raises FileNotFoundError, or ValueError where a file is not what it says."""
    about = json.loads((folder / f"{name}.json").read_text(encoding="utf-8"))
    if about.get("format") != FORMAT:
        raise ValueError(f"{name}: format {about.get('format')!r} is not {FORMAT}")
    words, numbers = (folder / f"{name}.words.txt").read_bytes(), (folder / f"{name}.npz").read_bytes()
    for what, data in (("words", words), ("npz", numbers)):
        if _sum(data) != about["sha256"][what]:
            raise ValueError(f"{name}: {what} does not match its checksum")
    with np.load(io.BytesIO(numbers), allow_pickle=False) as archive:
        arrays = {n: archive[n].astype(np.float32) for n in _ARRAYS}
    heads = tuple(
        Head(h["name"], h["kind"], tuple(h["labels"]), tuple(h["a"]), tuple(h["b"])) for h in about["heads"]
    )
    vocabulary = tuple(words.decode().split("\n")) if words else ()
    outputs = sum(len(h.labels) if h.kind != "binary" else 1 for h in heads)
    if arrays["word_weights"].shape != (len(vocabulary), outputs) or len(arrays["idf"]) != len(vocabulary):
        raise ValueError(f"{name}: arrays do not fit words and heads")
    if arrays["hint_weights"].shape != (len(about["hint_columns"]), outputs) or arrays["bias"].shape != (outputs,):
        raise ValueError(f"{name}: arrays do not fit hint columns and heads")
    return Artifact(about["version"], about["lexicon"], about["taxonomy"], heads, vocabulary,
                    tuple(about["hint_columns"]), provenance=about["provenance"], **arrays)
