"""A real browser where the machine has one: Debian's Chromium, an empty profile, no network but the loopback."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

from services.demo.people import PASSWORD
from tests.support.console_server import Console

CHROMIUM = next((path for path in ("/usr/bin/chromium", shutil.which("chromium"), shutil.which("chromium-browser"), shutil.which("google-chrome")) if path and Path(path).exists()), None)
WHY_NOT = (
    "browser tests are left out because CI is set" if os.environ.get("CI", "").lower() in ("1", "true")
    else None if CHROMIUM else "browser tests are left out: there is no Chromium here (Debian: apt install chromium)"
)  # fmt: skip
DESKTOP, LAPTOP, PHONE = (1440, 900), (1366, 768), (390, 844)


@contextmanager
def browser() -> Iterator[Browser]:
    """The browser."""
    with sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-background-networking", "--lang=zh-CN"])
        yield found
        found.close()


@contextmanager
def somebody(there: Browser, console: Console, who: str | None, size: tuple[int, int] = LAPTOP) -> Iterator[Page]:
    """A page of somebody logged in (or of nobody); faults of our scripts fail the test."""
    phone = size[0] < 500
    context = there.new_context(viewport={"width": size[0], "height": size[1]}, locale="zh-CN", is_mobile=phone, has_touch=phone)
    page = context.new_page()
    faults: list[str] = []
    page.on("pageerror", lambda failure: faults.append(str(failure)))
    page.on("console", lambda message: faults.append(message.text) if "Content Security Policy" in message.text else None)
    try:
        if who is not None:
            page.goto(f"{console.url}/login")
            page.fill("#login", who)
            page.fill("#password", PASSWORD)
            page.click("form button")
            page.wait_for_url(lambda url: "/login" not in url)
        yield page
        assert faults == []
    finally:
        context.close()
