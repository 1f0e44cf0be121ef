"""`python -m classifiers.corpus OUT.jsonl [--n N] [--seed S]`: write the corpus; `--check DIR` looks for copied text."""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from pathlib import Path

from classifiers.corpus.check import copied_runs
from classifiers.corpus.generator import generate


def main(argv: list[str] | None = None) -> int:
    """Write the corpus or check it; exit status 0, or 1 where a copied run is found."""
    parser = argparse.ArgumentParser(prog="python -m classifiers.corpus", description=__doc__)
    parser.add_argument("out", nargs="?", type=Path, help="JSON lines file; standard output when left out")
    parser.add_argument("--n", type=int, default=24_000, help="at least this many complaints")
    parser.add_argument("--seed", type=int, default=20_240_101)
    parser.add_argument("--check", type=Path, metavar="DIR", help="folder of public texts none of which may be copied")
    options = parser.parse_args(argv)
    rows = list(generate(options.n, options.seed))
    if options.check:
        found = copied_runs(options.check, rows)
        print(f"{len(found)} runs of 16 Chinese characters stand in both", file=sys.stderr)
        return 1 if found else 0
    with options.out.open("w", encoding="utf-8") if options.out else sys.stdout as sink:
        for row in rows:
            sink.write(json.dumps(row, ensure_ascii=False) + "\n")
    levels = Counter(r["level"] for r in rows)
    print(f"{len(rows)} complaints, {len({r['matter'] for r in rows})} matters, "
          f"{sum(r['env'] for r in rows)} environmental, levels {dict(levels)}", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
