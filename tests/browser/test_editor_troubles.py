"""The editor's script where its questions are not answered: it says why, and what was typed stays."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from tests import seeds
from tests.browser.conftest import Site
from tests.browser.test_pages import enter


def test_whoever_is_signed_out_signs_in_elsewhere_and_goes_on(page: Page, site: Site) -> None:
    seeds.add_story(site.database, seeds.add_desk(site.database))
    enter(page, site)
    page.goto(f"{site.url}/protocols/new")
    page.context.clear_cookies()
    page.get_by_label("Name", exact=True).fill("Kept")

    expect(page.locator("#live")).to_contain_text("Not checked: you are signed out")
    expect(page.get_by_role("link", name="Sign in in a new tab")).to_have_attribute("target", "_blank")

    enter(page.context.new_page(), site)
    page.evaluate("window.dispatchEvent(new Event('focus'))")

    expect(page.locator("#live")).not_to_contain_text("Not checked")
    expect(page.get_by_label("Name", exact=True)).to_have_value("Kept")


def test_a_document_that_is_too_large_is_said_to_be(page: Page, site: Site) -> None:
    seeds.add_desk(site.database)
    enter(page, site)
    page.goto(f"{site.url}/protocols/new")
    page.route("**/protocols/look", lambda route: route.fulfill(status=413, body=""))

    page.get_by_label("Name", exact=True).fill("Large")

    expect(page.locator("#live")).to_contain_text("Not checked: the document is too large")
