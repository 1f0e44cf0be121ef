"""Print the figures of both files side by side."""

from __future__ import annotations

from rich.console import Console
from rich.table import Table

from classifiers.triage import Triage
from tests.told import FILES, told
from tests.told.measuring import figures

triage = Triage.load()
by_file = {name: figures(triage, told(name)) for name in FILES}
table = Table("read", *FILES, title=f"Complaints told by hand, models {triage.versions.model}")
for what in by_file["first"]:
    table.add_row(what, *(f"{right} of {asked} = {right / asked:.2f}" for right, asked in (by_file[name][what] for name in FILES)))
Console(width=110).print(table)
