"""Candidate searches put side by side: ours, two MinHash LSH libraries and two BM25 libraries, each used as documented.

A contender takes complaints in batches (`add`), is told that they are all in (`ready`), and answers batches of queries
with the numbers of earlier complaints. Ours and BM25 give their ten best. An LSH gives whatever shares a bucket; all of
it counts, which is more than ten and so favours it.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np

from classifiers.columns import Column
from classifiers.index import BATCH, Index
from classifiers.reading import Complaint
from classifiers.segment import shared
from tests.benchmarks.stream import neighbours

TOP = 10
_PERMUTATIONS, _BANDS = 128, 32
Search = Callable[[Sequence[Complaint]], list[list[int]]]


class Contender(ABC):
    """One library; `most` is the largest history and `queries` the most queries it is given, for the patience of all."""

    name: str
    most: int = 10_000_000
    queries: int = 2048

    @abstractmethod
    def __init__(self, folder: Path) -> None:
        """`folder` is empty and its own."""

    @abstractmethod
    def add(self, complaints: Sequence[Complaint]) -> None:
        """Take the next complaints in."""

    def ready(self) -> None:  # noqa: B027 - most have nothing left to do
        """All are in."""

    @abstractmethod
    def searches(self) -> dict[str, Search]:
        """Ways to ask it, by name."""

    def bytes(self) -> int | None:
        """Bytes of the index where it can tell, else None: then the growth of the process counts."""
        return None


class Ours(Contender):
    """Rare-feature postings. Text and district only, or with reporter and receipt number as they really come."""

    name = "petitions"

    whole = False

    def __init__(self, folder: Path) -> None:
        self._index, self._regions = Index(neighbours()), Column("u2")

    def _seen(self, complaints: Sequence[Complaint]) -> Sequence[Complaint]:
        return complaints if self.whole else [replace(c, reporter=None, receipt_no=None) for c in complaints]

    def add(self, complaints: Sequence[Complaint]) -> None:
        for start in range(0, len(complaints), BATCH):
            features = self._index.features(self._seen(complaints[start : start + BATCH]), None)
            self._index.add(features)
            self._regions.append(features.regions)

    def searches(self) -> dict[str, Search]:
        return {"": self._search}

    def _search(self, complaints: Sequence[Complaint]) -> list[list[int]]:
        found: list[list[int]] = []
        for start in range(0, len(complaints), BATCH):
            features = self._index.features(self._seen(complaints[start : start + BATCH]), None)
            result = self._index.search(features, TOP, self._regions)
            items, offsets = result.items.tolist(), result.offsets.tolist()
            found += [items[a:b] for a, b in pairwise(offsets)]
        return found

    def bytes(self) -> int:
        return sum(self._index.nbytes().values()) + self._regions.nbytes()


class OursWhole(Ours):
    """The same with reporter and receipt number."""

    name = "petitions + reporter"
    whole = True


class Datasketch(Contender):
    """MinHash of 128 permutations over character 3-grams, LSH of 32 bands of 4."""

    name = "datasketch LSH"
    most = 100_000

    def __init__(self, folder: Path) -> None:
        from datasketch import MinHashLSH

        self._lsh = MinHashLSH(num_perm=_PERMUTATIONS, params=(_BANDS, _PERMUTATIONS // _BANDS))
        self._count = 0

    def add(self, complaints: Sequence[Complaint]) -> None:
        for minhash in self._sketches(complaints):
            self._lsh.insert(self._count, minhash, check_duplication=False)
            self._count += 1

    def _sketches(self, complaints: Sequence[Complaint]) -> list:  # type: ignore[type-arg]
        from datasketch import MinHash

        grams = [[gram.encode() for gram in _trigrams(c.text)] for c in complaints]
        return MinHash.bulk(grams, num_perm=_PERMUTATIONS)  # type: ignore[no-any-return]

    def searches(self) -> dict[str, Search]:
        return {"": lambda complaints: [list(self._lsh.query(each)) for each in self._sketches(complaints)]}


class Rensa(Contender):
    """The same numbers in Rust."""

    name = "rensa LSH"

    def __init__(self, folder: Path) -> None:
        from rensa import RMinHash, RMinHashLSH

        self._minhash = RMinHash
        self._lsh = RMinHashLSH(threshold=0.5, num_perm=_PERMUTATIONS, num_bands=_BANDS)
        self._count = 0

    def add(self, complaints: Sequence[Complaint]) -> None:
        matrix = self._minhash.digest_matrix_from_token_sets([_trigrams(c.text) for c in complaints], _PERMUTATIONS, 42)
        self._lsh.insert_matrix(matrix, self._count)
        self._count += len(complaints)

    def searches(self) -> dict[str, Search]:
        def search(complaints: Sequence[Complaint]) -> list[list[int]]:
            sets = [_trigrams(c.text) for c in complaints]
            return list(self._lsh.query_all(self._minhash.from_token_sets(sets, _PERMUTATIONS, 42)))

        return {"": search}


class Tantivy(Contender):
    """BM25 over the words of the text (segmented here, as both sides must be), one writer thread, index on disk."""

    name = "tantivy BM25"
    queries = 512

    def __init__(self, folder: Path) -> None:
        import tantivy

        self._folder, self._tantivy = folder, tantivy
        schema = tantivy.SchemaBuilder()
        schema.add_text_field("body", tokenizer_name="whitespace", index_option="freq")
        schema.add_text_field("region", tokenizer_name="raw", index_option="basic")
        schema.add_unsigned_field("number", stored=False, fast=True, indexed=False)
        self._schema = schema.build()
        self._index = tantivy.Index(self._schema, path=str(folder))
        self._writer = self._index.writer(heap_size=256_000_000, num_threads=1)
        self._count = 0

    def add(self, complaints: Sequence[Complaint]) -> None:
        for c in complaints:
            document = self._tantivy.Document()
            document.add_text("body", " ".join(_words(c.text)))
            document.add_text("region", c.region or "none")
            document.add_unsigned("number", self._count)
            self._writer.add_document(document)
            self._count += 1

    def ready(self) -> None:
        self._writer.commit()
        self._writer.wait_merging_threads()
        self._index.reload()
        self._searcher = self._index.searcher()

    def searches(self) -> dict[str, Search]:
        return {"": lambda asked: self._search(asked, False), "in district": lambda asked: self._search(asked, True)}

    def _search(self, complaints: Sequence[Complaint], district: bool) -> list[list[int]]:
        query, occur = self._tantivy.Query, self._tantivy.Occur
        found: list[list[int]] = []
        for c in complaints:
            parts = [(occur.Should, query.term_query(self._schema, "body", word)) for word in set(_words(c.text))]
            if district and c.region:
                inside = query.const_score_query(query.term_query(self._schema, "region", c.region), 0.0)
                parts.append((occur.Must, inside))
            hits = self._searcher.search(query.boolean_query(parts), TOP, count=False).hits
            numbers = self._searcher.fast_field_values("number", [address for _, address in hits])
            found.append([int(number) for number in numbers if number is not None])
        return found

    def bytes(self) -> int:
        return sum(file.stat().st_size for file in self._folder.rglob("*") if file.is_file())


class Bm25s(Contender):
    """BM25 scores laid out in advance; it is built whole and takes nothing new afterwards."""

    name = "bm25s"
    most = 100_000
    queries = 256

    def __init__(self, folder: Path) -> None:
        self._corpus: list[list[str]] = []

    def add(self, complaints: Sequence[Complaint]) -> None:
        self._corpus += [_words(c.text) for c in complaints]

    def ready(self) -> None:
        import bm25s

        self._model = bm25s.BM25(auto_compile=False)
        self._model.index(self._corpus, show_progress=False)
        self._corpus = []

    def searches(self) -> dict[str, Search]:
        def search(complaints: Sequence[Complaint]) -> list[list[int]]:
            words = [_words(c.text) for c in complaints]
            found, _ = self._model.retrieve(words, k=TOP, show_progress=False, n_threads=0)
            return np.asarray(found).tolist()  # type: ignore[no-any-return]

        return {"": search}


CONTENDERS: dict[str, type[Contender]] = {
    one.name: one for one in (Ours, OursWhole, Datasketch, Rensa, Tantivy, Bm25s)
}


def _trigrams(text: str) -> list[str]:
    return [text[at : at + 3] for at in range(max(len(text) - 2, 1))]


def _words(text: str) -> list[str]:
    return [word for word in shared().cut(text) if word.isalnum()]
