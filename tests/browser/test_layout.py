"""How pages are laid out: what stands in a narrow row, where the menu shows one is, and nothing on top of another."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import update

from app.store.models import Role, TrackedTicket
from app.words import SatState
from tests import seeds
from tests.browser.conftest import Site
from tests.browser.test_pages import keep
from tests.browser.test_places import come_in
from tests.seeds import Seeded

_HIGH = "one => one.getBoundingClientRect().height"
_RIGHT = "one => one.getBoundingClientRect().right"
_TOP = "one => one.getBoundingClientRect().top"
#: How many lines high it is, its padding with it.
_LINES = "one => one.getBoundingClientRect().height / parseFloat(getComputedStyle(one).lineHeight)"


@pytest.fixture
def story(page: Page, site: Site) -> Seeded:
    """An admin looks at a desk whose tickets were scored at first sight, one of them about to turn."""
    told = seeds.add_story(site.database, seeds.add_desk(site.database))
    with site.database.desk(told.desk_id) as session:
        session.execute(update(TrackedTicket).values(provisional=True))
        quiet = update(TrackedTicket).where(TrackedTicket.ticket_id == told.quiet_ticket_id)
        session.execute(quiet.values(state=SatState.GOOD_WORSENING, score=55))
    come_in(page, site, Role.ADMIN, told.desk_id)
    return told


def go(page: Page, site: Site, path: str, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 900})
    page.goto(f"{site.url}{path}")


@pytest.mark.parametrize("path", ["/queue", "/warnings"])
@pytest.mark.parametrize("width", [320, 768, 1280])
def test_the_state_stays_in_its_cell_with_whole_words(
    page: Page, site: Site, story: Seeded, path: str, width: int
) -> None:
    go(page, site, path, width)

    state = page.locator(".state:has(.provisional)").first

    assert state.evaluate(_RIGHT) <= state.locator("xpath=..").evaluate(_RIGHT)
    assert state.evaluate(_LINES) < 4


def test_a_cell_of_a_narrow_table_reads_as_one_text(page: Page, site: Site, story: Seeded) -> None:
    go(page, site, "/warnings", 320)

    cell = page.locator("td[data-label=State]").first

    assert cell.locator(".state").evaluate(_RIGHT) <= 320
    assert cell.evaluate("one => getComputedStyle(one).display") == "flow-root"


@pytest.mark.parametrize("width", [320, 768])
def test_the_menu_shows_where_one_is(page: Page, site: Site, story: Seeded, width: int) -> None:
    go(page, site, "/audit", width)

    expect(page.locator(".menu [aria-current]")).to_be_in_viewport(ratio=1)


@pytest.mark.parametrize("width", [768, 1280])
def test_who_is_signed_in_stands_beside_the_name_of_the_product(
    page: Page, site: Site, story: Seeded, width: int
) -> None:
    go(page, site, "/people", width)

    brand = page.locator(".brand").evaluate("one => one.getBoundingClientRect().bottom")

    assert page.locator(".who").evaluate(_TOP) < brand
    assert page.locator(".top").evaluate(_HIGH) < 130


def test_signing_out_stands_beside_the_account_on_a_narrow_screen(page: Page, site: Site, story: Seeded) -> None:
    go(page, site, "/people", 320)

    away = page.get_by_role("button", name="Sign out").evaluate(_TOP)

    assert abs(away - page.locator("a.account").evaluate(_TOP)) < 16


def test_the_list_of_keys_looks_like_the_rest(page: Page, site: Site, story: Seeded) -> None:
    go(page, site, "/queue", 1280)

    page.keyboard.press("?")
    told = page.get_by_role("dialog", name="Keyboard shortcuts")

    expect(told).to_have_css("border-radius", "10px")
    expect(told.locator("dl > div").first).to_have_css("display", "flex")
    keep(page, "queue-keys-1280")
