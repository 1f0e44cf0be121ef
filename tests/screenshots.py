"""Pictures of every page over the invented office: `python -m tests.screenshots`.

The best few go to docs/screenshots for the README; `--all FOLDER` takes every page at three sizes, to look at them.
"""

from __future__ import annotations

import argparse
import io
import tempfile
from dataclasses import replace
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser

from services.demo.story import matters
from services.domain.sealing import Keyring
from services.infra.migrations import migrate
from services.stack import Postgres, jar_cache
from services.stack.assets import provide_assets
from tests.support import browser
from tests.support.browser import DESKTOP, LAPTOP, PHONE, somebody
from tests.support.console_server import Console, make
from tests.support.invented_office import Scribe

OUT = Path("docs/screenshots")
CASES = 36
COLOURS = 128
TOUR: tuple[tuple[str, str | None, str, tuple[int, int]], ...] = (
    ("work", "da-cg-2", "/work", LAPTOP),
    ("case", "da-cg-2", "/cases/{measured}", LAPTOP),
    ("review", "supervisor-1", "/review", LAPTOP),
    ("lead", "city-mayor-urban", "/lead", LAPTOP),
    ("supervise", "supervisor-1", "/supervise", LAPTOP),
    ("analysis", "analyst-1", "/analysis", LAPTOP),
    ("phone", "da-cg-2", "/cases/{investigating}", PHONE),
)
"""Name, who, page, size: the six stops of the tour, and the phone."""
EVERY: tuple[tuple[str | None, str], ...] = (
    (None, "/login"), (None, "/public"), ("da-cg-2", "/work"), ("da-cg-2", "/work?show=late"), ("da-cg-2", "/cases/{measured}"),
    ("da-cg-2", "/cases/{investigating}?do=verify"), ("da-cg-2", "/cases/{verified}?do=plan"), ("da-cg-2", "/cases/{measured}?do=add_evidence"),
    ("da-cg-2", "/cases/{closed}"), ("da-cg-2", "/search?q=工地"), ("da-cg-2", "/search?q=没有此处"), ("da-cg-2", "/supervise"), ("da-cg-2", "/nothing"),
    ("da-cg-2", "/password"), ("city-mayor-urban", "/lead"), ("city-mayor-urban", "/lead/meeting"), ("city-mayor-urban", "/cases/{publicised}?do=sign"),
    ("supervisor-1", "/supervise"), ("supervisor-1", "/review"), ("supervisor-1", "/look-back"), ("supervisor-1", "/dead-letters"),
    ("supervisor-1", "/publish"), ("supervisor-1", "/duty"), ("supervisor-1", "/analysis"), ("supervisor-1", "/analysis/hot"),
    ("supervisor-1", "/analysis/rising"), ("supervisor-1", "/analysis/quality"), ("supervisor-1", "/analysis/indicators/repeat_rate_submissions"),
    ("supervisor-1", "/analysis/matters/{measured}"), ("dispatcher-1", "/work"), ("dispatcher-1", "/cases/{opened}?do=assign"),
    ("callback-1", "/intake"), ("callback-1", "/work"), ("admin-1", "/admin"), ("admin-1", "/admin/people/da-cg-2"), ("admin-1", "/admin/tokens"),
    ("admin-1", "/admin/city"), ("admin-1", "/admin/models"), ("supervisor-1", "/registers/ledger"), ("supervisor-1", "/registers/risks"),
    ("supervisor-1", "/registers/stations"), ("supervisor-1", "/registers/resources"), ("supervisor-1", "/registers/leaders"),
    ("supervisor-1", "/search?q=睡不着"), ("da-cg-2", "/cases/{verified}"), ("da-cg-2", "/search?q=特别长"),
)  # fmt: skip


def take(there: Browser, console: Console, who: str | None, path: str, size: tuple[int, int], file: Path) -> None:
    """One picture, with few enough colours to stay small."""
    numbers = {stage: cases[0] for stage, cases in console.made.cases.items()}
    with somebody(there, console, who, size) as page:
        page.goto(console.url + path.format(**numbers))
        page.wait_for_timeout(250)
        picture = Image.open(io.BytesIO(page.screenshot()))
        picture.convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE).save(file, optimize=True)
    print(f"{file} {file.stat().st_size // 1024} KB")


def main() -> None:
    """Start a console over an invented office and take the pictures."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--all", type=Path, help="every page at three sizes, into this folder")
    asked.add_argument("--only", default="", help="only pages whose address holds this")
    options = asked.parse_args()
    if browser.CHROMIUM is None:
        raise SystemExit(str(browser.WHY_NOT))
    with tempfile.TemporaryDirectory(prefix="petitions-pictures-") as folder:
        home = Path(folder)
        server = Postgres(home / "postgres")
        (home / "postgres").mkdir()
        port = server.start().port
        try:
            migrate(server.dsn(port))
            provide_assets(home, jar_cache())
            console = make(home, server.dsn(port), Keyring.generate()).start(CASES)
            try:
                if options.all and console.scribe:
                    scribe = console.scribe
                    console.run(lambda: ugly(scribe))
                _take_all(console, options.all, options.only)
            finally:
                console.stop()
        finally:
            server.stop()


async def ugly(scribe: Scribe) -> None:
    """One case with everything too long: a name of forty characters, a place of sixty, a text of six thousand."""
    story = next(story for story in matters() if story.respondent and story.environmental and not story.emergency)
    name, place = "云泽市东岸区名字特别长的再生资源综合利用与环境卫生服务有限责任公司第三分公司", "望江街道云溪路与滨河东路交叉口向东三百米再向北穿过铁路涵洞右手边第二个没有门牌的院子里面"
    text = "夜里机器声一直不停，空气里有一股刺鼻的味道，老人孩子都睡不着。" * 190
    await scribe.case(replace(story, respondent=name, address=place, title=f"{name}夜间生产扰民"), "verified", "da-cg", "city-mayor-urban", text=text)
    scribe.made.cases["verified"].insert(0, scribe.made.cases["verified"].pop())


def _take_all(console: Console, folder: Path | None, only: str) -> None:
    with browser.browser() as there:
        if folder is None:
            OUT.mkdir(parents=True, exist_ok=True)
            for name, who, path, size in TOUR:
                if only in path:
                    take(there, console, who, path, size, OUT / f"{name}.png")
            return
        folder.mkdir(parents=True, exist_ok=True)
        for n, (who, path) in enumerate(EVERY):
            for size in (DESKTOP, LAPTOP, PHONE):
                if only in path:
                    safe = "".join(letter if letter.isalnum() else "-" for letter in path)
                    take(there, console, who, path, size, folder / f"{n:02d}-{who or 'nobody'}{safe}-{size[0]}.png")


if __name__ == "__main__":
    main()
