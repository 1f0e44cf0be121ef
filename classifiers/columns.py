"""Growing numpy columns and packed identifiers: a nation's rows without a Python object each."""

from __future__ import annotations

import tempfile
import zlib
from bisect import bisect_right
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from classifiers.postings import KEY_BITS, Postings

_FIRST = 4096
_SIDE = b"\xff\xfeside:\x00"
_RECENT = 1 << 14
_FILTER_BITS = 26


class Column:
    """An array that grows by chunks without copying; the first chunk may be a private mapping of a file.

    With `spill`, chunks are mappings of nameless files in that folder, which the system may write out when memory is
    short; they vanish with the process.
    """

    def __init__(self, dtype: DTypeLike, base: NDArray[Any] | None = None, spill: Path | None = None) -> None:
        self.dtype = np.dtype(dtype)
        self._spill = spill
        self._chunks: list[NDArray[Any]] = [] if base is None else [base]
        self._starts = [0] if base is None else [0, base.size]  # of each chunk, and the end of the last
        self.size = 0 if base is None else base.size

    def append(self, values: NDArray[Any]) -> None:
        """Add rows at the end."""
        done = 0
        while done < len(values):
            if self.size == self._starts[-1]:
                self._grow()
            at = bisect_right(self._starts, self.size) - 1
            offset = self.size - self._starts[at]
            take = min(len(values) - done, self._chunks[at].size - offset)
            self._chunks[at][offset : offset + take] = values[done : done + take]
            done += take
            self.size += take

    def __getitem__(self, rows: NDArray[np.int64]) -> NDArray[Any]:
        """The values of many rows, a copy."""
        if len(self._chunks) == 1:
            return self._chunks[0][rows]
        out = np.empty(len(rows), self.dtype)
        which = np.searchsorted(self._starts, rows, "right") - 1
        for number in np.unique(which).tolist():
            here = which == number
            out[here] = self._chunks[number][rows[here] - self._starts[number]]
        return out

    def get(self, row: int) -> Any:
        """One value."""
        at = self._chunk(row)
        return self._chunks[at][row - self._starts[at]]

    def run(self, start: int, stop: int) -> NDArray[Any]:
        """The rows `[start, stop)`."""
        if start >= stop:
            return np.empty(0, self.dtype)
        at = self._chunk(start)
        if stop <= self._starts[at + 1]:
            return self._chunks[at][start - self._starts[at] : stop - self._starts[at]]
        return self[np.arange(start, stop)]

    def set(self, row: int, value: Any) -> None:
        """Change one value."""
        at = self._chunk(row)
        self._chunks[at][row - self._starts[at]] = value

    def truncate(self, size: int) -> None:
        """Drop the rows from `size` on."""
        self.size = min(self.size, size)

    def all(self) -> NDArray[Any]:
        """Every row as one array (a copy where there is more than one chunk)."""
        parts = [chunk[: max(0, self.size - start)] for chunk, start in zip(self._chunks, self._starts, strict=False)]
        if not parts:
            return np.empty(0, self.dtype)
        return parts[0] if len(parts) == 1 else np.concatenate(parts)

    def nbytes(self) -> int:
        """Bytes of the rows held."""
        return self.size * self.dtype.itemsize

    def save(self, path: Path) -> None:
        """Write the rows as one `.npy` file, chunk by chunk."""
        shape = (self.size,)
        with path.open("wb") as file:
            np.lib.format.write_array_header_1_0(
                file, {"descr": np.lib.format.dtype_to_descr(self.dtype), "fortran_order": False, "shape": shape}
            )
            for chunk, start in zip(self._chunks, self._starts, strict=False):
                chunk[: max(0, self.size - start)].tofile(file)

    @classmethod
    def open(cls, path: Path, dtype: DTypeLike, spill: Path | None = None) -> Column:
        """Map a saved column; changes stay in memory until it is saved again."""
        base = np.load(path, mmap_mode="c", allow_pickle=False)
        if base.dtype != np.dtype(dtype):
            raise ValueError(f"{path.name} holds {base.dtype}, expected {np.dtype(dtype)}")
        return cls(dtype, np.asarray(base), spill) if base.size else cls(dtype, spill=spill)

    def _grow(self) -> None:
        capacity = max(_FIRST, int(self._starts[-1]))
        if self._spill is None:
            chunk = np.empty(capacity, self.dtype)
        else:
            with tempfile.TemporaryFile(dir=self._spill) as file:
                chunk = np.asarray(np.memmap(file, self.dtype, "w+", shape=(capacity,)))
        self._chunks.append(chunk)
        self._starts.append(self._starts[-1] + capacity)

    def _chunk(self, row: int) -> int:
        if not 0 <= row < self.size:
            raise IndexError(row)
        if len(self._chunks) == 1:
            return 0
        return bisect_right(self._starts, row) - 1


class Names:
    """Identifiers numbered from 0: UUIDs as 16 bytes, other strings in one blob; found again by a hashed posting list.

    The newest names, and those looked at lately, are kept in a dictionary as well; new ones join the posting list some
    thousands at a time. A bitmap tells most names that were never numbered without a search.
    """

    def __init__(self) -> None:
        self._packed = Column("V16")
        self._blob = bytearray()
        self._index = Postings()
        self._indexed = 0
        self._recent: dict[str, int] = {}
        self._known = np.zeros(1 << (_FILTER_BITS - 3), np.uint8)

    def __len__(self) -> int:
        return self._packed.size

    def push_many(self, names: Sequence[str]) -> int:
        """Number new names, all different; the number of the first."""
        first = len(self)
        self._packed.append(np.frombuffer(b"".join(map(self._pack, names)), "V16"))
        self._recent.update(zip(names, range(first, first + len(names)), strict=True))
        slots = np.fromiter((zlib.crc32(name.encode()) for name in names), np.uint32, len(names)) >> np.uint32(32 - _FILTER_BITS)
        np.bitwise_or.at(self._known, slots >> np.uint32(3), np.left_shift(1, slots & np.uint32(7)).astype(np.uint8))
        if len(self) - self._indexed >= _RECENT:
            self._flush()
            self._prune()
        return first

    def name(self, number: int) -> str:
        """The identifier with that number."""
        packed = self._packed.get(number).tobytes()
        if packed.startswith(_SIDE):
            start = int.from_bytes(packed[8:], "little")
            length = int.from_bytes(self._blob[start : start + 4], "little")
            name = self._blob[start + 4 : start + 4 + length].decode()
        else:
            plain = packed.hex()
            name = f"{plain[:8]}-{plain[8:12]}-{plain[12:16]}-{plain[16:20]}-{plain[20:]}"
        if self._recent.setdefault(name, number) == number and len(self._recent) > 4 * _RECENT:
            self._prune()
        return name

    def number(self, name: str) -> int:
        """The number of a name, -1 where it is not known."""
        recent = self._recent.get(name, -1)
        if recent >= 0 or not self._indexed:
            return recent
        slot = zlib.crc32(name.encode()) >> (32 - _FILTER_BITS)
        if not self._known[slot >> 3] >> (slot & 7) & 1:
            return -1
        return int(self.find([name])[0])

    def find(self, names: Sequence[str]) -> NDArray[np.int64]:
        """The number of each name, -1 where it is not known."""
        found = np.fromiter((self._recent.get(name, -1) for name in names), np.int64, len(names))
        missing = np.flatnonzero(found < 0)
        if missing.size and self._indexed:
            wanted = [names[at] for at in missing.tolist()]
            hits = self._index.find(_keys(wanted))
            which, numbers = hits.newest(hits.counts)
            for at, number in zip(which.tolist(), numbers.tolist(), strict=True):
                if self.name(number) == wanted[at]:
                    found[missing[at]] = number
        return found

    def forget(self, numbers: NDArray[np.int64]) -> None:
        """Make names unfindable; their numbers stay taken until `truncate`."""
        self._flush()
        for number in numbers.tolist():
            name = self.name(number)
            if self._recent.get(name) == number:
                del self._recent[name]
        self._index.forget(numbers)

    def truncate(self, size: int) -> None:
        """Give the numbers from `size` on free again; their names have been forgotten before."""
        for number in range(size, len(self)):
            packed = self._packed.get(number).tobytes()
            if packed.startswith(_SIDE):
                del self._blob[int.from_bytes(packed[8:], "little") :]
                break
        self._packed.truncate(size)
        self._indexed = min(self._indexed, size)

    def nbytes(self) -> int:
        """Bytes held, the short-lived dictionary of recent names apart."""
        return self._packed.nbytes() + len(self._blob) + self._index.nbytes() + self._known.nbytes

    def save(self, folder: Path, prefix: str) -> None:
        """Write into a folder."""
        self._flush()
        self._packed.save(folder / f"{prefix}-packed.npy")
        (folder / f"{prefix}-blob.bin").write_bytes(self._blob)
        self._index.save(folder, prefix)
        np.save(folder / f"{prefix}-known.npy", self._known, allow_pickle=False)

    @classmethod
    def open(cls, folder: Path, prefix: str) -> Names:
        """Map what `save` wrote."""
        names = cls()
        names._packed = Column.open(folder / f"{prefix}-packed.npy", "V16")
        names._blob = bytearray((folder / f"{prefix}-blob.bin").read_bytes())
        names._index = Postings.open(folder, prefix)
        names._indexed = len(names)
        names._known = np.asarray(np.load(folder / f"{prefix}-known.npy", mmap_mode="c", allow_pickle=False))
        return names

    def _prune(self) -> None:
        """Keep what the posting list does not have yet, and the newest."""
        least = min(self._indexed, len(self) - _RECENT // 2)
        self._recent = {name: number for name, number in self._recent.items() if number >= least}

    def _flush(self) -> None:
        """Let the names numbered since the last time join the posting list."""
        waiting = {number: name for name, number in self._recent.items() if number >= self._indexed}
        numbers = np.array(sorted(waiting), np.uint32)
        self._index.add(_keys([waiting[number] for number in numbers.tolist()]), numbers)
        self._indexed = len(self)

    def _pack(self, name: str) -> bytes:
        if len(name) == 36 and name[8] == name[13] == name[18] == name[23] == "-":
            plain = name.replace("-", "")
            try:
                packed = bytes.fromhex(plain)
            except ValueError:
                packed = b""
            # only the canonical spelling comes back the same; anything else keeps its own letters
            if len(packed) == 16 and packed.hex() == plain and not packed.startswith(_SIDE):
                return packed
        encoded = name.encode()
        start = len(self._blob)
        self._blob += len(encoded).to_bytes(4, "little") + encoded
        return _SIDE + start.to_bytes(8, "little")


def _keys(names: Sequence[str]) -> NDArray[np.uint32]:
    hashes = np.fromiter((zlib.crc32(name.encode()) for name in names), np.uint32, len(names))
    return hashes >> np.uint32(32 - KEY_BITS)
