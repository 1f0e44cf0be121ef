"""A workbook made safe before a reader sees it.

An XLSX is a ZIP of XML, and each of the two can be a bomb: a small file that unpacks to gigabytes, entities that expand
each other, two cells at opposite corners that make a reader allocate the rectangle between them. So every part is
unpacked under a bound here, every XML part parsed by expat without document types, every sheet measured, and what passed
is packed anew: the reader gets exactly what was checked, and neither macros, pictures nor links to other files.
"""

from __future__ import annotations

import io
import posixpath
import re
import zipfile
from dataclasses import dataclass, field
from xml.etree import ElementTree
from xml.parsers import expat

from services.sheets.refused import Limits, SheetRefused, mb

CHUNK = 64 * 1024
_CELL = re.compile(r"([A-Z]{1,3})([1-9]\d{0,6})$")
_SHEET = re.compile(r"^/?xl/worksheets/[^/]+\.xml$", re.IGNORECASE)
SAVE_AGAIN = "请在表格软件中打开，另存为新的 .xlsx 后再上传。"
SPLIT = "请拆分后分批导入，或另存为 CSV。"


@dataclass(slots=True)
class Checked:
    """A workbook that may be read. `broken` has cells that hold an error or a formula without a result, by sheet name."""

    data: bytes
    broken: dict[str, dict[tuple[int, int], str]] = field(default_factory=dict)


def checked_workbook(data: bytes, limits: Limits) -> Checked:
    """The workbook packed anew from what was checked; raises `SheetRefused`."""
    try:
        archive = zipfile.ZipFile(io.BytesIO(data))
    except (zipfile.BadZipFile, ValueError, OSError, EOFError):
        raise SheetRefused("文件已损坏，不是完整的 .xlsx。", SAVE_AGAIN) from None
    with archive:
        entries = archive.infolist()
        if len(entries) > limits.entries:
            raise SheetRefused(f"文件内含{len(entries)}个部件，超过{limits.entries}个。", SAVE_AGAIN)
        if any(entry.flag_bits & 0x1 for entry in entries):
            raise SheetRefused("文件有密码。", "请先去掉密码再上传。")
        names = [entry.filename for entry in entries]
        if len({name.lower() for name in names}) != len(names):
            raise SheetRefused("文件内有重名的部件。", SAVE_AGAIN)
        if not any(_SHEET.match(name) for name in names):
            raise SheetRefused("文件里没有工作表。", SAVE_AGAIN)
        made = io.BytesIO()
        broken: dict[str, dict[tuple[int, int], str]] = {}
        described: dict[str, bytes] = {}
        left = limits.unpacked
        with zipfile.ZipFile(made, "w", zipfile.ZIP_STORED) as clean:
            for entry in entries:
                if entry.is_dir() or not entry.filename.lower().endswith((".xml", ".rels")):
                    continue
                content = _unpack(archive, entry, left, limits)
                left -= len(content)
                if _SHEET.match(entry.filename):
                    measure = _Measure(limits)
                    _parse(content, measure)
                    broken[entry.filename.lstrip("/")] = measure.broken
                else:
                    _parse(content, None)
                    described[entry.filename.lstrip("/")] = content
                clean.writestr(entry.filename, content)
        names_of = _sheet_names(described)
        return Checked(made.getvalue(), {names_of.get(part, part): cells for part, cells in broken.items()})


def _sheet_names(parts: dict[str, bytes]) -> dict[str, str]:
    """Part → name of the sheet, as the workbook says; the XML has been checked before."""
    book, relations = parts.get("xl/workbook.xml"), parts.get("xl/_rels/workbook.xml.rels")
    if book is None or relations is None:
        raise SheetRefused("文件已损坏，缺少工作簿目录。", SAVE_AGAIN)
    targets = {
        item.get("Id"): posixpath.normpath(posixpath.join("xl", item.get("Target", "")).lstrip("/"))
        for item in ElementTree.fromstring(relations)
    }
    found = {}
    for element in ElementTree.fromstring(book).iter():
        if element.tag.rpartition("}")[2] == "sheet":
            id_ = next((value for key, value in element.attrib.items() if key.endswith("}id")), None)
            found[targets.get(id_, "")] = element.get("name", "")
    return found


def _unpack(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, left: int, limits: Limits) -> bytes:
    """The part's content, read in pieces so that what it claims about its size does not matter."""
    parts, size = [], 0
    try:
        with archive.open(entry) as part:
            while piece := part.read(CHUNK):
                size += len(piece)
                if size > left:
                    raise SheetRefused(f"文件展开后超过{mb(limits.unpacked)}。", SPLIT)
                parts.append(piece)
    except (zipfile.BadZipFile, NotImplementedError, EOFError, OSError, RuntimeError, ValueError) as failure:
        if isinstance(failure, SheetRefused):
            raise
        raise SheetRefused("文件已损坏，部件解不开。", SAVE_AGAIN) from None
    except Exception as failure:  # zlib.error and the like are no subclass of the above
        raise SheetRefused(f"文件已损坏（{type(failure).__name__}）。", SAVE_AGAIN) from None
    return b"".join(parts)


def _parse(content: bytes, measure: _Measure | None) -> None:
    parser = expat.ParserCreate()

    def no_doctype(*_: object) -> None:
        raise SheetRefused("文件含有文档类型定义（DTD），可能是攻击。", SAVE_AGAIN)

    parser.StartDoctypeDeclHandler = no_doctype
    parser.EntityDeclHandler = no_doctype
    if measure is not None:
        parser.StartElementHandler = measure.start
        parser.EndElementHandler = measure.end
    try:
        parser.Parse(content, True)
    except expat.ExpatError as failure:
        raise SheetRefused(f"文件已损坏（第{failure.lineno}行不是合法的 XML）。", SAVE_AGAIN) from None


class _Measure:
    """How large a sheet is, and which of its cells hold no value that could be read."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.broken: dict[tuple[int, int], str] = {}
        self.rows = self.columns = self.merges = 0
        self._row = self._column = 0
        self._error = self._formula = self._value = False

    def start(self, name: str, attributes: dict[str, str]) -> None:
        name = name.rpartition(":")[2]
        if name == "row":
            number = attributes.get("r", "")
            self._row = int(number) if number.isdigit() and len(number) < 9 else self._row + 1
            self._column = 0
            self._grow()
        elif name == "c":
            self._column += 1
            if found := _CELL.match(attributes.get("r", "")):
                self._column, self._row = _column(found[1]), int(found[2])
            self._error = attributes.get("t") == "e"
            self._formula = self._value = False
            self._grow()
        elif name == "f":
            self._formula = True
        elif name in ("v", "is"):
            self._value = True
        elif name == "mergeCell":
            self.merges += 1
            if self.merges > self.limits.merges:
                raise SheetRefused(f"合并单元格超过{self.limits.merges}处。", SPLIT)

    def end(self, name: str) -> None:
        if name.rpartition(":")[2] != "c":
            return
        if self._error:
            self.broken[self._row, self._column] = "单元格是错误值（如 #REF!），请改为实际内容。"
        elif self._formula and not self._value:
            self.broken[self._row, self._column] = "公式没有保存结果，请在表格软件中重新计算并保存。"

    def _grow(self) -> None:
        self.rows, self.columns = max(self.rows, self._row), max(self.columns, self._column)
        limits = self.limits
        if self.rows > limits.rows:
            raise SheetRefused(f"工作表超过{limits.rows}行（最后一行在第{self.rows}行）。", SPLIT)
        if self.columns > limits.columns:
            raise SheetRefused(f"工作表超过{limits.columns}列。", "请删去多余的列再上传。")
        if self.rows * self.columns > limits.cells:
            raise SheetRefused(f"工作表展开超过{limits.cells}个单元格。", SPLIT)


def _column(letters: str) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - ord("A") + 1
    return number
