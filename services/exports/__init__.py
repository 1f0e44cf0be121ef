"""Complaints in files: what hotlines export as JSON lines, CSV or a workbook, read row by row as submitted records."""

from services.exports.columns import Columns, guess_columns
from services.exports.preview import Preview, RefusedRow, preview
from services.exports.problems import ExportUnreadable, RowProblem
from services.exports.rows import Export, open_export, read

__all__ = [
    "Columns",
    "Export",
    "ExportUnreadable",
    "Preview",
    "RefusedRow",
    "RowProblem",
    "guess_columns",
    "open_export",
    "preview",
    "read",
]
