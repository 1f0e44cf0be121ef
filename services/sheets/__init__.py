"""Tables people keep in files, both ways: uploads read within bounds, exports disarmed and marked with who and when."""

from services.sheets.reading import Sheet, read_sheet
from services.sheets.refused import SheetRefused
from services.sheets.writing import Mark, Table, returned_workbook, to_csv, to_workbook

__all__ = ["Mark", "Sheet", "SheetRefused", "Table", "read_sheet", "returned_workbook", "to_csv", "to_workbook"]
