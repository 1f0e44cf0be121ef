"""Raw rows of files: bytes of lines, cells of CSV in whatever encoding Chinese offices use, cells of workbooks."""

from __future__ import annotations

import codecs
import csv
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

import python_calamine

from services.exports.problems import ExportUnreadable, RowProblem

MAX_LINE_BYTES = 4 * 1024 * 1024
"""Eight times the largest record; a longer line is not a record, and reading it whole would be its weapon."""
MAX_SHEET_BYTES = 512 * 1024 * 1024
"""A workbook is unpacked in memory whole: about 1,000,000 rows of ordinary orders fit, a zip bomb does not."""
_CHUNK = 1024 * 1024


def json_lines(path: str) -> Iterator[tuple[int, bytes | RowProblem]]:
    """(line number, bytes) of every line that is not blank; a line too long is a problem and is skipped."""
    if path == "-":
        yield from _lines(sys.stdin.buffer)
        return
    with _opened(path) as file:
        yield from _lines(file)


def _lines(file: IO[bytes]) -> Iterator[tuple[int, bytes | RowProblem]]:
    number = 0
    while raw := file.readline(MAX_LINE_BYTES + 1):
        number += 1
        if len(raw) > MAX_LINE_BYTES and not raw.endswith(b"\n"):
            while (rest := file.readline(_CHUNK)) and not rest.endswith(b"\n"):
                pass
            limit = MAX_LINE_BYTES // 1024 // 1024
            yield number, RowProblem(number, None, f"一行超过 {limit} MB", "附件只传引用，不要把内容放进来")
            continue
        raw = raw.strip()
        if number == 1:
            raw = raw.removeprefix(codecs.BOM_UTF8)
        if raw:
            yield number, raw


def csv_rows(path: str) -> Iterator[tuple[int, list[Any] | RowProblem]]:
    """(row number, cells) of every row that is not blank; row numbers are those a spreadsheet shows."""
    encoding = encoding_of(path)
    with _opened(path) as raw:
        sample = raw.read(_CHUNK).decode(encoding, errors="ignore")
    number = 0
    try:
        with open(path, encoding=encoding, newline="") as file:
            for number, row in enumerate(csv.reader(file, delimiter=_delimiter(sample)), 1):
                if any(cell.strip() for cell in row):
                    yield number, row
    except csv.Error as failure:
        raise ExportUnreadable(
            f"第 {number + 1} 行：CSV 不完整（{failure}）；多半是引号没有成对，请重新导出或另存为 .xlsx"
        ) from None
    except UnicodeDecodeError:
        raise ExportUnreadable(f"第 {number + 1} 行附近：既不是 UTF-8 也不是 GB18030 编码；请另存为“CSV UTF-8”或 .xlsx") from None


def encoding_of(path: str) -> str:
    """UTF-8 where the whole file is UTF-8, what its byte order mark says, else GB18030, which Chinese Excel writes."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    with _opened(path) as file:
        first = file.read(_CHUNK)
        if first.startswith(codecs.BOM_UTF8):
            return "utf-8-sig"
        if first.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
            return "utf-16"
        try:
            chunk = first
            while chunk:
                decoder.decode(chunk)
                chunk = file.read(_CHUNK)
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            return "gb18030"
    return "utf-8"


def _delimiter(sample: str) -> str:
    """The separator of the first line that has any; a comma where none has."""
    for line in sample.splitlines()[:10]:
        counts = {mark: line.count(mark) for mark in (",", "\t", ";", "|")}
        best = max(counts, key=counts.__getitem__)
        if counts[best]:
            return best
    return ","


def workbook_rows(path: str) -> Iterator[tuple[int, list[Any] | RowProblem]]:
    """(row number, cells) of the first sheet that is not empty."""
    with _opened(path):
        pass
    _refuse_bomb(path)
    try:
        workbook = python_calamine.CalamineWorkbook.from_path(path)
        try:
            for name in workbook.sheet_names:
                sheet = workbook.get_sheet_by_name(name)
                if sheet.start is None:
                    continue
                for number, row in enumerate(sheet.iter_rows(), sheet.start[0] + 1):
                    if any(cell not in ("", None) for cell in row):
                        yield number, row
                return
        finally:
            workbook.close()
    except (python_calamine.CalamineError, zipfile.BadZipFile, OSError) as failure:
        raise ExportUnreadable(
            f"{path} 打不开（{type(failure).__name__}）；请在表格软件中打开后另存为 .xlsx，有密码的先去掉密码"
        ) from None


def _refuse_bomb(path: str) -> None:
    if not zipfile.is_zipfile(path):
        return
    with zipfile.ZipFile(path) as archive:
        size = sum(entry.file_size for entry in archive.infolist())
    if size > MAX_SHEET_BYTES:
        raise ExportUnreadable(f"{path} 展开后有 {size // 1024 // 1024} MB，超出内存上限；请另存为 CSV，CSV 不限大小")


def _opened(path: str) -> IO[bytes]:
    try:
        return Path(path).open("rb")
    except OSError as failure:
        raise ExportUnreadable(f"{path} 打不开：{failure.strerror}；请检查路径和权限") from None
