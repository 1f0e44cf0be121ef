"""Figures of the category models on labelled complaints: as shipped, and after training on a city's own history.

    python -m classifiers.evaluate_categories --data DIR

reads `messages_2019`, `tickets_2018` and their `_gold` files; borderline rows of the messages and copies among the
tickets are left out. "After training" answers every row by a model that saw no row of its matter; units are answered
on the newest fifth of the tickets by a model that saw the older ones. Types are scored on environmental rows.
"""

from __future__ import annotations

import argparse
import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from classifiers.calibration import calibration_error
from classifiers.categories import Categories
from classifiers.reading import Complaint
from classifiers.segment import shared
from classifiers.text_features import plain

SCORED = ("噪声", "大气", "水", "固废", "生态", "辐射")
_CITES = re.compile(r"工单(编)?号|20\d{12}|20〔电话〕")
UNIT_COVERAGE = (0.6, 0.8)


@dataclass(frozen=True, slots=True)
class Labelled:
    """Rows of one file with their labels: `gold` lines have id, env, types; `rows` have text and perhaps title."""

    name: str
    rows: list[dict[str, Any]]
    gold: list[dict[str, Any]]

    @classmethod
    def read(cls, name: str, texts: Path, gold: Path) -> Labelled:
        """Rows of both files, borderline rows and copies left out."""
        found = {r["id"]: r for r in _lines(texts)}
        kept = [
            g for g in _lines(gold)
            if g["id"] in found and not (g["env"] and g.get("borderline"))
            and g.get("role") not in ("admin_followup", "copy")
            and ("cat" not in found[g["id"]] or not _CITES.search(found[g["id"]]["text"]))
        ]
        return cls(name, [found[g["id"]] for g in kept], kept)


def _lines(path: Path) -> list[dict[str, Any]]:
    with path.open(encoding="utf-8") as file:
        return [json.loads(line) for line in file if line.strip()]


def complaint(row: Mapping[str, Any]) -> Complaint:
    """A row of a text file as triage sees it."""
    return Complaint(str(row["id"]), row["text"], row.get("title") or "")


def answers(model: Categories, rows: Sequence[Mapping[str, Any]]) -> dict[str, npt.NDArray[np.float32]]:
    """Calibrated probabilities by head for rows with text and perhaps title."""
    texts = [plain(complaint(r).full_text) for r in rows]
    return model.scores(shared().cut_many(texts), texts)


def label_figures(environmental: npt.NDArray[np.floating], types: npt.NDArray[np.floating], names: Sequence[str],
                  gold: Sequence[Mapping[str, Any]]) -> dict[str, float]:
    """F1 of environmental, macro F1 of the scored types that occur (threshold one half), calibration errors."""
    truth = np.array([bool(g["env"]) for g in gold])
    out = {"env F1": f1(environmental >= 0.5, truth), "env ECE": calibration_error(environmental, truth)}
    columns = [list(names).index(t) for t in SCORED]
    p = types[truth][:, columns]
    y = np.array([[t in g["types"] for t in SCORED] for g in gold if g["env"]])
    each = {t: f1(p[:, k] >= 0.5, y[:, k]) for k, t in enumerate(SCORED) if y[:, k].any()}
    out["types macro F1"] = float(np.mean(list(each.values())))
    out["types ECE"] = calibration_error(p.ravel(), y.ravel())
    return out | {f"F1 {t}": value for t, value in each.items()}


def f1(predicted: npt.NDArray[np.bool_], truth: npt.NDArray[np.bool_]) -> float:
    """F1 of two boolean arrays; 0 where nothing is right."""
    both = int((predicted & truth).sum())
    return 2 * both / max(int(predicted.sum()) + int(truth.sum()), 1)


def unit_figures(p: npt.NDArray[np.floating], labels: Sequence[str], units: Sequence[str]) -> dict[str, float]:
    """Top-1 and top-3, accuracy on the surest shares, calibration error of the shown probability."""
    order = np.argsort(-p, axis=1)[:, :3]
    right = np.array([labels[o[0]] == u for o, u in zip(order, units, strict=True)])
    sure = p.max(axis=1)
    ranked = np.argsort(-sure, kind="stable")
    out = {"top-1": float(right.mean()), "ECE": calibration_error(sure, right)}
    out["top-3"] = float(np.mean([u in [labels[i] for i in o] for o, u in zip(order, units, strict=True)]))
    for share in UNIT_COVERAGE:
        out[f"surest {share:.0%}"] = float(right[ranked[: round(len(right) * share)]].mean())
    return out


def shipped_figures(sets: Sequence[Labelled], model: Categories) -> dict[str, dict[str, float]]:
    """Figures of a model as it is, by set."""
    result = {}
    for labelled in sets:
        p = answers(model, labelled.rows)
        result[labelled.name] = label_figures(p["environmental"][:, 0], p["types"], model.labels("types"), labelled.gold)
    return result


def read_sets(data: Path) -> list[Labelled]:
    """The open messages and tickets of a folder; FileNotFoundError where they are not there."""
    return [
        Labelled.read(short, data / f"{stem}.jsonl", data / f"{stem}_gold.jsonl")
        for short, stem in (("messages", "messages_2019"), ("tickets", "tickets_2018"))
    ]


def main(argv: list[str] | None = None) -> int:
    """Print the figures of both columns."""
    parser = argparse.ArgumentParser(prog="python -m classifiers.evaluate_categories", description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--models", type=Path)
    parser.add_argument("--shipped-only", action="store_true")
    options = parser.parse_args(argv)
    sets = read_sets(options.data)
    show: Callable[[str, Mapping[str, float]], None] = lambda name, figures: print(
        f"{name:34}", "  ".join(f"{k} {v:.3f}" for k, v in figures.items())
    )
    for name, figures in shipped_figures(sets, Categories.load(options.models)).items():
        show(f"own corpus only, {name}", figures)
    if not options.shipped_only:
        from classifiers.train_city import after_training, units_later

        for name, figures in after_training(sets).items():
            show(f"after training, {name}", figures)
        show("units on later tickets", units_later(options.data / "tickets_2018.jsonl"))
        show("units, trained again each 100", units_later(options.data / "tickets_2018.jsonl", step=100))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
