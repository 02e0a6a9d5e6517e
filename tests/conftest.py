"""Fixtures and options for every test: private servers, a browser, `--long`. Store fixtures live in tests/store."""

from __future__ import annotations

import gc
import os
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from app.setup_machine import find_chromium
from tests.servers import PostgresServer, RedisServer

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

# No sandbox inside a container run by root, and nothing that would look for the internet.
CHROMIUM_ARGUMENTS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]

SLOW = frozenset({"faults", "e2e", "browser"})  #: folders of tests that start whole products
BROWSER_PATIENCE = 60_000  #: milliseconds; what a page waits for takes a second or two, on a busy machine many


def pytest_configure() -> None:
    # The many processes that tests start would otherwise compile the product again, each for itself.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    # Thousands of tests leave much behind; to search all of it for cycles again and again takes a tenth of the time.
    gc.set_threshold(100_000, 50, 100)


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("kintsugi")
    group.addoption("--long", action="store_true", help="run the fault, race and money tests in full")
    group.addoption("--missing", default="", help="system packages that could not be installed (set by the launcher)")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    # Files that take minutes go first, or one worker would end up with them while the others have nothing left to do.
    items.sort(key=lambda item: item.path.parent.name not in SLOW)
    if config.getoption("--long"):
        return
    kept = [item for item in items if item.get_closest_marker("long") is None]
    left_out = [item for item in items if item.get_closest_marker("long") is not None]
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        items[:] = kept


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    # A machine that lacks a server or the browser has not tested the product, whatever else went well.
    if session.config.getoption("--missing") and exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    missing = config.getoption("--missing")
    if missing:
        packages = " ".join(missing.split(","))
        terminalreporter.section("NOT TESTED IN FULL", sep="!", red=True, bold=True)
        terminalreporter.write_line(f"This machine lacks: {packages}. Tests that need them failed.", red=True)
        terminalreporter.write_line(f"Install them, as root: apt-get install {packages}", red=True)


@pytest.fixture(scope="session")
def long(pytestconfig: pytest.Config) -> bool:
    """True under --long: do the whole thing; otherwise a short form of it."""
    return bool(pytestconfig.getoption("--long"))


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    """A private PostgreSQL; `new_database()` gives URLs."""
    server = PostgresServer()
    try:
        server.start()
        yield server
    finally:
        server.remove()


@pytest.fixture(scope="session")
def redis_server() -> Iterator[RedisServer]:
    """A private Redis, empty at first; tests that share it must not expect it to stay so."""
    server = RedisServer("redis")
    try:
        server.start()
        yield server
    finally:
        server.remove()


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Debian's Chromium without a window."""
    from playwright.sync_api import expect, sync_playwright

    expect.set_options(timeout=BROWSER_PATIENCE)
    program = find_chromium()
    if program is None:
        pytest.fail("no Chromium on this machine: apt-get install chromium", pytrace=False)
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=program, args=CHROMIUM_ARGUMENTS)
        yield running
        running.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A page in a profile of its own."""
    context = browser.new_context(locale="en-GB", timezone_id="UTC")
    context.set_default_timeout(BROWSER_PATIENCE)
    yield context.new_page()
    context.close()
