"""Words of a text, by rjieba where it is installed and by jieba where not, token for token the same.

Both engines hold private instances, so that city names added here never leak into another user of the library.
They differ on runs such as 4.2.3 or 80-90 only; marks that join digits are therefore blanked before cutting, and
`tests/unit/classifiers/test_segment.py` holds both engines equal on a whole corpus.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from typing import Literal

try:
    import rjieba
except ImportError:  # the wheel is missing on some platforms; jieba is pure Python and always there
    rjieba = None  # type: ignore[assignment]

Engine = Literal["rjieba", "jieba"]

_JOINERS = re.compile(r"[-_+#&%@/\\=*^|<>']")
_DOTTED = re.compile(r"(?<=\d)\.(?=\d+\.)|(?<=\.\d)\.(?=\d)|\.(?!\d)|(?<!\d)\.|\.(?=\d+[a-zA-Z])")
_LONG_DOTTED = re.compile(r"\d+(?:\.\d+){2,}")
# A frequency that makes a name win over its parts without being compared with them word by word (jieba's
# `suggest_freq` costs a cut per word); 2,000 names are then added in milliseconds.
_NAME_FREQUENCY = 20_000


def _plain(text: str) -> str:
    text = _JOINERS.sub(" ", text)
    if "." in text:
        text = _LONG_DOTTED.sub(lambda m: m[0].replace(".", " "), text)
        text = _DOTTED.sub(" ", text)
    return text


class Segmenter:
    """Cuts text into words; blanks are tokens too, as in jieba.

    `words` are added to the engine's own dictionary; `engine` forces one of the two (tests do), else the fast one.
    """

    def __init__(self, words: Iterable[str] = (), engine: Engine | None = None) -> None:
        self.engine: Engine = engine or ("rjieba" if rjieba is not None else "jieba")
        self._add: Callable[[str], object]
        if self.engine == "rjieba":
            if rjieba is None:
                raise ValueError("rjieba is not installed")
            fast = rjieba.Jieba()
            self._cut: Callable[[str], list[str]] = lambda text: fast.cut(text, True)
            self._add = lambda word: fast.add_word(word, _NAME_FREQUENCY, "n")
        else:
            import jieba  # 60 MB of tables: only where they are needed

            jieba.setLogLevel(60)
            slow = jieba.Tokenizer()
            slow.initialize()
            self._cut = slow.lcut
            self._add = lambda word: slow.add_word(word, _NAME_FREQUENCY)
        self.add(words)

    def add(self, words: Iterable[str]) -> None:
        """Teach names; a word with anything but letters, digits and Han is refused with ValueError."""
        for word in words:
            if len(word) < 2 or not word.isalnum():
                raise ValueError(f"not a word: {word!r}")
            self._add(word)

    def cut(self, text: str) -> list[str]:
        """Tokens in order; joined they are as long as `text`."""
        return self._cut(_plain(text))

    def cut_many(self, texts: Sequence[str]) -> list[list[str]]:
        """`cut` of every text."""
        cut = self._cut
        return [cut(_plain(text)) for text in texts]


@lru_cache(maxsize=4)
def shared(words: frozenset[str] = frozenset()) -> Segmenter:
    """One segmenter a set of names and process: loading the dictionary costs about half a second."""
    return Segmenter(sorted(words))
