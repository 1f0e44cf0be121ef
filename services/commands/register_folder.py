"""`petitions registers load`: every register of a city's folder, in one command."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import typer

from services.commands import registers as shared
from services.commands.emergency import duty
from services.commands.output import JSON_OPTION, Failed, console, print_json, print_table
from services.commands.session import rule_book, settings
from services.domain.principals import Principal
from services.domain.refusals import Refusal
from services.infra.settings import repository_root
from services.infra.unit_of_work import UnitOfWork
from services.registers.emergencies.views import DutyRegister
from services.registers.importing import Register, Taken, Upload, take_in
from services.registers.ledger.lines import LedgerRegister
from services.registers.resources.acts import ResourceRegister
from services.registers.risks.acts import RiskRegister
from services.registers.stations.acts import StationRegister

app = typer.Typer(no_args_is_help=True, help="All registers of a city at once.")
FILES: dict[str, Callable[[], Register]] = {
    "risk_sources": lambda: RiskRegister(shared.city()),
    "stations": lambda: StationRegister(shared.city()),
    "resources": lambda: ResourceRegister(shared.city()),
    "duty": lambda: DutyRegister(duty()),
    "ledger": lambda: LedgerRegister(shared.city(), rule_book().ledger, datetime.now(UTC)),
}
"""Name of a file without its ending → the register it is imported into, in this order."""


def register(parent: typer.Typer) -> None:
    """Add the command."""
    parent.add_typer(app, name="registers")


@app.callback()
def registers() -> None:
    """All registers of a city at once."""


@app.command()
def load(
    folder: Path = typer.Argument(None, help="Folder with risk_sources, stations, resources, duty, ledger as .csv or .xlsx; that of the city otherwise."),
    token: str = shared.TOKEN, as_json: bool = JSON_OPTION,
) -> None:  # fmt: skip
    """Import every register of a folder; again it changes nothing. Exit status 1 where rows came back."""
    found = load_folder(folder or city_folder(), token)
    if as_json:
        print_json([{"register": name, **taken.counts, "problems": [str(p) for p in taken.problems]} for name, taken in found])
    else:
        rows = [(taken.register, taken.rows, taken.added, taken.changed, taken.unchanged, taken.refused) for _, taken in found]
        print_table("登记表", ("名称", "行", "新增", "更新", "不变", "退回"), rows, empty="")
        for _, taken in found:
            for problem in taken.problems[: shared.SHOWN]:
                console.print(f"{taken.register}{problem}", markup=False)
        console.print("next: petitions risk list, petitions hydropower counties, petitions resources list, petitions ledger list", style="dim", markup=False)
    if any(taken.refused for _, taken in found):
        raise typer.Exit(1)


def city_folder() -> Path:
    """Where the city in force keeps its registers."""
    folder = settings().city
    return (folder if folder.exists() else repository_root() / folder) / "registers"


def load_folder(folder: Path, token: str | None = None) -> list[tuple[str, Taken]]:
    """Import what a folder holds, each file in a transaction of its own; raises `Failed` where it holds nothing."""
    files = [(name, path) for name in FILES for ending in (".xlsx", ".csv") if (path := folder / f"{name}{ending}").is_file()]
    if not files:
        raise Failed(f"{folder} holds none of {', '.join(FILES)} as .csv or .xlsx")
    return [(name, _take(FILES[name](), path, token)) for name, path in files]


def _take(register: Register, path: Path, token: str | None) -> Taken:
    upload = Upload(path.read_bytes(), path.name)

    async def work(unit: UnitOfWork, actor: Principal) -> Taken | Refusal:
        return await take_in(unit, actor, register, upload, check=False)

    return shared.ask(token, work)
