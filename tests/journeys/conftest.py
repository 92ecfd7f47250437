"""A real headless Chromium against the real pages on a real database; nothing is faked."""

from __future__ import annotations

import os
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest
from django.db import connection

from tests.cast import PASSWORD, a_centre

# The browser's driver runs a loop in this thread; Django would then refuse the test's own, ordinary, queries.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"

AXE = Path(__file__).resolve().parents[2] / "node_modules/axe-core/axe.min.js"
FLAGS = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
)  # fmt: skip
BUSY = """
    SELECT count(*) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid()
        AND backend_type = 'client backend' AND state <> 'idle'
"""
DESK, PHONE = {"width": 1366, "height": 768}, {"width": 360, "height": 740}


@pytest.fixture(scope="module")  # its driver's loop must not run on under the tests of other modules
def chromium():
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=os.environ["DAFTAR_CHROMIUM"], args=list(FLAGS))
        yield browser
        browser.close()


@pytest.fixture
def centre(transactional_db):
    """A centre founded now; its owner is Aziza."""
    return a_centre(at=datetime.now(UTC))


class Visit:
    """Someone at a browser; every click, key chord or typed field is counted as one interaction."""

    def __init__(self, page, base: str) -> None:
        self.page, self.base, self.interactions = page, base, 0
        self.errors: list[str] = []
        page.on("console", lambda message: self.errors.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: self.errors.append(str(error)))

    def open(self, path: str) -> None:
        self.page.goto(self.base + path)

    def click(self, selector: str) -> None:
        self.interactions += 1
        self.page.click(selector)

    def press(self, keys: str) -> None:
        self.interactions += 1
        self.page.keyboard.press(keys)

    def type(self, selector: str, text: str) -> None:
        self.interactions += 1
        self.page.fill(selector, text)

    def fill(self, **values: str) -> None:
        """Fields of a form by name."""
        for name, value in values.items():
            field = self.page.locator(f"main [name={name}]").first
            kind = field.evaluate("e => e.tagName + (e.type || '')")
            if kind.startswith("SELECT"):
                field.select_option(label=value)
            elif kind == "INPUTradio":
                self.page.locator(f"main label:has([name={name}][value='{value}'])").click()
            else:
                field.fill(value)
            self.interactions += 1

    def save(self) -> None:
        with self.page.expect_navigation():
            self.click("main form[method=post] [data-save]")

    def text(self) -> str:
        return self.page.inner_text("main")


@pytest.fixture
def visit(chromium, live_server):
    """Opens a browser for someone: `visit("aziza@lingua.example")`; it keeps no pages: see test_offline.py."""
    opened = []
    options_of_all = {"locale": "en-GB", "timezone_id": "Asia/Tashkent", "service_workers": "block"}

    def arrive(login: str = "", *, viewport=DESK, **options) -> Visit:
        context = chromium.new_context(viewport=viewport, **options_of_all, **options)
        opened.append(context)
        someone = Visit(context.new_page(), live_server.url)
        if login:
            someone.open("/login/")
            someone.page.fill("[name=login]", login)
            someone.page.fill("[name=password]", PASSWORD)
            with someone.page.expect_navigation():
                someone.page.press("[name=password]", "Enter")
            someone.interactions = 0
        return someone

    yield arrive
    for context in opened:
        context.close()
    until_answered()


def until_answered() -> None:
    """Waits for requests that a closed browser has left behind: tables are emptied next."""
    for _ in range(100):
        with connection.cursor() as cursor:
            cursor.execute(BUSY)
            if not cursor.fetchone()[0]:
                return
        time.sleep(0.05)


def pytest_collection_modifyitems(items) -> None:
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.journey)
