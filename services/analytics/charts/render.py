"""From a picture to SVG or PNG: off the event loop, readable without eyes.

vl-convert runs Vega in the process, without a browser and without the network.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from html import escape
from pathlib import Path

import vl_convert

from services.analytics.charts.theme import Picture

_OPEN = re.compile(r"<svg\b[^>]*>")
_SIZE = re.compile(r'\b(width|height)="([\d.]+)"')
_BOX = re.compile(r'viewBox="[^"]*"')
_UNSAFE = re.compile(r'\s(?:style="[^"]*"|pointer-events="[^"]*"|cursor="[^"]*")')

_BASE = re.compile(r'(href=")https?://vega\.github\.io/vega-datasets/')
"""Vega takes an address without a host for one of its samples; ours are of the site the picture stands on."""
_CHINESE = re.compile(r"noto.*cjk|sourcehan|msyh|simsun|simhei|pingfang|wqy|droidsansfallback|stheiti|uming|ukai|hiragino", re.IGNORECASE)
FONT_FOLDERS = (
    Path("/usr/share/fonts"), Path("/usr/local/share/fonts"), Path.home() / ".fonts", Path.home() / ".local/share/fonts",
    Path("/System/Library/Fonts"), Path("/Library/Fonts"), Path("C:/Windows/Fonts"),
)  # fmt: skip


def to_svg(picture: Picture) -> str:
    """The picture as SVG with title and description for screen readers, and nothing a strict content policy refuses."""
    return accessible(vl_convert.vegalite_to_svg(picture.spec, allowed_base_urls=[]), picture.title, picture.description)


def to_png(picture: Picture, scale: float = 2.0) -> bytes:
    """The picture as PNG, for documents; Chinese needs a font with Chinese on this machine (see `chinese_fonts`)."""
    png = {**picture.spec, "background": "white"}
    return vl_convert.vegalite_to_png(png, scale=scale, allowed_base_urls=[])


def accessible(svg: str, title: str, description: str) -> str:
    """Root with role, title and desc; size in the view box only, so that the page decides how wide."""
    opened = _OPEN.search(svg)
    assert opened is not None
    head = opened[0]
    size = dict(_SIZE.findall(head))
    box = _BOX.search(head)
    view = box[0] if box else f'viewBox="0 0 {size.get("width", "100")} {size.get("height", "100")}"'
    root = (
        f'<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" class="chart" role="img" {view}'
        f' width="{size.get("width", "100")}" height="{size.get("height", "100")}">'
        f"<title>{escape(title)}</title><desc>{escape(description)}</desc>"
    )
    return root + _BASE.sub(r"\1", _UNSAFE.sub("", svg[opened.end() :]))


_PENCIL = ThreadPoolExecutor(1, "pencil")
"""One picture at a time: Vega takes a processor, and there are requests to answer."""


async def drawn(picture: Callable[[], Picture]) -> str:
    """The SVG of a picture, described and drawn off the event loop."""
    return await asyncio.get_running_loop().run_in_executor(_PENCIL, lambda: to_svg(picture()))


@lru_cache(maxsize=1)
def chinese_fonts() -> tuple[str, ...]:
    """Names of font files with Chinese found on this machine; empty means a PNG would show boxes instead of characters."""
    found = sorted(
        path.name
        for folder in FONT_FOLDERS
        if folder.is_dir()
        for path in folder.rglob("*")
        if path.suffix.lower() in (".ttf", ".ttc", ".otf") and _CHINESE.search(path.name)
    )
    return tuple(dict.fromkeys(found))
