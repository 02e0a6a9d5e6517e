"""An admin who is new to the product builds a protocol, tries it, puts it in force on a share, and takes it back.

In a real browser over a real sandbox helpdesk: once with the mouse, once with the keyboard alone. Every page on the
way is looked at by axe-core.
"""

from __future__ import annotations

import itertools
import re
import time
from collections.abc import Iterator
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from app import embedded
from app.clock import real_now
from app.settings import load
from app.store import evaluations, protocols, sign_ins, tracked_tickets
from app.store.database import Purpose
from app.store.models import Role, VersionState
from tests import seeds
from tests.browser.conftest import Site
from tests.browser.test_pages import WIDTHS, enter, keep, visit

PATIENCE = 60  #: seconds
ANGER = (
    "This is the third time I write and nobody answers me! This is ridiculous. It is still not here and you keep "
    "ignoring me. I want my money back, or I will cancel."
)
MOST_TABS = 300


@pytest.fixture(scope="module")
def product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[embedded.Running]:
    """The embedded product with its sandbox, and an angry customer's ticket that was looked at."""
    environ = {
        "KINTSUGI_DEBOUNCE_SECONDS": "0.1",
        "KINTSUGI_DISPATCH_SECONDS": "0.05",
        "KINTSUGI_LOG_LEVEL": "error",
        "KINTSUGI_LEARNING": "off",
    }
    with embedded.running(load(environ, data_dir=tmp_path_factory.mktemp("data")), port=0) as running:
        yield running


@pytest.fixture
def admin(product: embedded.Running, page: Page) -> Page:
    """An admin's browser, on the first page, once there is a ticket to try things on."""
    page.set_viewport_size({"width": 1280, "height": 900})
    if not seen(product):
        assert product.sandbox is not None
        page.goto(product.sandbox.url)
        page.get_by_label("Subject").fill("Order 7731 has not arrived")
        page.get_by_label("Message").fill(ANGER)
        page.get_by_role("button", name="Send").click()
        until_seen(product)
    with product.parts.database.system(Purpose.SIGN_IN) as session:
        token = sign_ins.new_link(session, "lena@example.com", Role.ADMIN, real_now())
    page.goto(f"{product.url}/sign-in/{token}")
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(f"{product.url}/")
    return page


def seen(product: embedded.Running) -> bool:
    with product.parts.database.desk(1, read=True) as session:
        tracked = tracked_tickets.find_by_ticket(session, "1")
        return tracked is not None and evaluations.newest(session, tracked.id) is not None


def until_seen(product: embedded.Running) -> None:
    deadline = time.monotonic() + PATIENCE
    while not seen(product):
        assert time.monotonic() < deadline, "the ticket was never looked at"
        time.sleep(0.1)


def barriers(page: Page) -> list[str]:
    """What axe-core finds that is serious or critical, WCAG 2.2 AA and its best practices."""
    found: dict[str, Any] = Axe().run(page).response
    return [
        f"{page.url}: {one['id']}: {node['html'][:160]}"
        for one in found["violations"]
        if one["impact"] in {"serious", "critical"}
        for node in one["nodes"]
    ]


def states(product: embedded.Running, name: str) -> list[VersionState]:
    with product.parts.database.desk(1, read=True) as session:
        row = protocols.find_by_name(session, name)
        return [] if row is None else [one.state for one in protocols.versions_of(session, row.id)]


@pytest.mark.capability("N5")
@pytest.mark.capability("N6")
def test_an_admin_builds_tries_publishes_and_takes_back_a_protocol(product: embedded.Running, admin: Page) -> None:
    admin.get_by_role("link", name="Protocols").click()
    admin.get_by_role("link", name="New protocol").click()

    found = [*make_a_mistake(admin), *finish(admin), *backtest(admin)]
    found += publish(admin)
    assert states(product, "Very unhappy") == [VersionState.CANARY]
    found += take_back(admin)

    assert states(product, "Very unhappy") == [VersionState.RETIRED]
    assert found == []


def make_a_mistake(page: Page) -> list[str]:
    """What is wrong is told at its field while one types, and goes away once it is right."""
    found = barriers(page)
    page.get_by_label("Name", exact=True).fill("Very unhappy")
    page.get_by_role("button", name="Add a condition to: Meet ALL").click()
    page.locator("#f-criteria-all-1-field").select_option(label="Satisfaction score (0 to 100)")
    page.locator("#f-criteria-all-1-operator").select_option(label="is at most")
    value, told = page.locator("#f-criteria-all-1-value"), page.locator("#f-criteria-all-1-value-told")
    value.fill("very low")
    value.blur()
    expect(told).to_contain_text('must be a number (got "very low")')
    expect(value).to_have_attribute("aria-invalid", "true")
    found += barriers(page)
    value.fill("60")
    expect(told).to_be_empty()
    return found


def finish(page: Page) -> list[str]:
    """Names are the desk's own, and the trial on a ticket follows every change."""
    page.get_by_label("Group that recovers").select_option(label="Recovery")
    page.locator("#f-actions-0-text").fill("Call {{ customer | the customer }} first.")
    page.get_by_role("button", name="Add a step").click()
    page.locator("#f-actions-1-do").select_option(label="Assign the ticket")
    page.get_by_label("Ticket number").fill("1")
    panel = page.locator("#panel")
    expect(panel).to_contain_text("score is at most 60")
    page.locator("#f-criteria-all-1-value").fill("55")
    expect(panel).to_contain_text("score is at most 55")
    expect(panel).to_contain_text("Ready to be saved")
    keep(page, "editor-mouse")
    found = barriers(page)
    page.get_by_role("button", name="Save as a draft").click()
    expect(page.get_by_text("Saved as a draft.")).to_be_visible()
    return found + barriers(page)


def backtest(page: Page) -> list[str]:
    page.get_by_role("link", name="Backtest").click()
    page.get_by_role("button", name="Run the backtest").click()
    expect(page.get_by_role("heading", name="All figures")).to_be_visible()
    expect(page.get_by_role("row", name=re.compile("Cases opened"))).to_be_visible()
    keep(page, "backtest")
    return barriers(page)


def publish(page: Page) -> list[str]:
    """On a share of tickets, with a reason."""
    page.get_by_role("link", name="Go on to publishing").click()
    found = barriers(page)
    page.get_by_label("On a share of tickets").check()
    page.get_by_label("Share, in percent").fill("25")
    page.get_by_label("Why").fill("A first careful step")
    page.get_by_role("button", name="Publish").click()
    expect(page.get_by_text("It is in force on its share of tickets now.")).to_be_visible()
    return found


def take_back(page: Page) -> list[str]:
    """With what it changed; the history says who did what, and why."""
    page.get_by_role("link", name="Roll back").click()
    found = barriers(page)
    page.get_by_label("Also set back").check()
    page.get_by_label("Why").fill("Not yet")
    page.get_by_role("button", name="Roll back").click()
    expect(page.get_by_role("heading", name="Rollback of “Very unhappy”")).to_be_visible()
    found += barriers(page)
    page.get_by_role("link", name="Very unhappy").click()
    expect(page.get_by_text("A first careful step")).to_be_visible()
    return found + barriers(page)


NAME_OF_FOCUS = """() => {
  const one = document.activeElement;
  const label = one.labels?.[0]?.innerText;
  return (one.getAttribute("aria-label") || label || one.innerText || "").trim();
}"""


def tab_to(page: Page, name: str) -> None:
    """Press Tab until what has the focus is called so."""
    for _ in range(MOST_TABS):
        page.keyboard.press("Tab")
        focused = page.evaluate(NAME_OF_FOCUS)
        if focused.startswith(name):
            return
    pytest.fail(f"no way to {name!r} by keyboard")


def press(page: Page, name: str) -> None:
    tab_to(page, name)
    page.keyboard.press("Enter")


def test_the_same_goes_by_keyboard_alone(product: embedded.Running, admin: Page) -> None:
    page, keys = admin, admin.keyboard
    press(page, "Protocols")
    page.wait_for_url(f"{product.url}/protocols")
    press(page, "New protocol")
    page.wait_for_url(f"{product.url}/protocols/new")

    tab_to(page, "Name")
    keys.type("By keyboard")
    tab_to(page, "Group that recovers")
    keys.type("Recovery")
    press(page, "Add a condition")
    # The new row has the focus; the fact is chosen by its first letters.
    expect(page.locator("#f-criteria-all-1-field")).to_be_focused()
    keys.type("Satisfaction score")
    expect(page.locator("#f-criteria-all-1-field")).to_have_value("score")
    expect(page.locator("#f-criteria-all-1-value")).to_have_attribute("inputmode", "decimal")
    tab_to(page, "How to compare")
    keys.type("is at most")
    expect(page.locator("#f-criteria-all-1-operator")).to_have_value("at_most")
    tab_to(page, "Value")
    keys.type("60")
    tab_to(page, "Text")
    keys.type("Call first.")
    tab_to(page, "Ticket number")
    keys.type("1")
    expect(page.locator("#panel")).to_contain_text("Ready to be saved")
    press(page, "Save as a draft")
    expect(page.get_by_text("Saved as a draft.")).to_be_visible()

    press(page, "Backtest")
    page.wait_for_url(re.compile("/backtest"))
    press(page, "Run the backtest")
    expect(page.get_by_role("heading", name="All figures")).to_be_visible()
    press(page, "Go on to publishing")
    page.wait_for_url(re.compile("/publish"))
    tab_to(page, "On ")
    keys.press("ArrowUp")
    keys.press("ArrowDown")
    tab_to(page, "Why")
    keys.type("Keys suffice")
    press(page, "Publish")
    expect(page.get_by_text(re.compile("in force|watches now"))).to_be_visible()
    press(page, "Roll back")
    page.wait_for_url(re.compile("/rollback"))
    tab_to(page, "Why")
    keys.type("And back")
    press(page, "Roll back")

    expect(page.get_by_role("heading", name="Rollback of “By keyboard”")).to_be_visible()


def test_pages_on_protocols_are_sound_at_every_width(page: Page, site: Site) -> None:
    story = seeds.add_story(site.database, seeds.add_desk(site.database))
    enter(page, site)
    own = f"/protocols/{story.protocol_id}"

    problems = visit(
        page,
        site,
        [
            "/protocols/new",
            f"{own}/edit",
            f"{own}/history",
            f"{own}/rollback",
            f"{own}/versions/1/publish",
            f"{own}/backtest?from=2026-03-01&to=2026-03-14",
        ],
        "protocols",
    )

    assert problems == []


def test_the_full_editor_has_no_barrier_in_light_or_dark_at_any_width(page: Page, site: Site) -> None:
    story = seeds.add_story(site.database, seeds.add_desk(site.database))
    enter(page, site)
    page.goto(f"{site.url}/protocols/{story.protocol_id}/edit")
    for section in page.locator("details.section:not([open]) > summary").all():
        section.click()
    found = []

    for scheme, width in itertools.product(("light", "dark"), WIDTHS):
        page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
        page.set_viewport_size({"width": width, "height": 900})
        keep(page, f"editor-{scheme}-{width}")
        found += barriers(page)

    assert found == []
