"""The whole story on the sandbox, as people see it: an angry customer is noticed, handled, and won back."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, FrameLocator, Locator, Page, expect

from app import embedded
from app.settings import load
from tests.browser.test_pages import keep

OPENING = "Hello, my order 7731 has not arrived. It was promised for Monday. Where is it?"
ANGER = (
    "This is the third time I write and nobody answers me! This is ridiculous. It is still not here and you keep "
    "ignoring me. I want to speak to your manager, or I will cancel and call my lawyer."
)


@pytest.fixture
def product(tmp_path: Path) -> Iterator[embedded.Running]:
    """The embedded product with its sandbox; business time stands in a file, so that a day can pass at once."""
    clock = tmp_path / "clock"
    clock.write_text("2026-03-02T09:00:00+00:00", encoding="utf-8")
    environ = {
        "KINTSUGI_CLOCK_FILE": str(clock),
        "KINTSUGI_DEBOUNCE_SECONDS": "0.1",
        "KINTSUGI_DISPATCH_SECONDS": "0.05",
        "KINTSUGI_LOG_LEVEL": "error",
    }
    with embedded.running(load(environ, data_dir=tmp_path / "data"), port=0) as running:
        yield running


@pytest.fixture
def context(page: Page) -> BrowserContext:
    """One browser for everybody in the story; each tab is another person."""
    return page.context


def later(product: embedded.Running, **delta: float) -> None:
    clock = product.parts.clock
    clock.step(clock.now() + timedelta(**delta))


def write(page: Page, text: str, *, agent: bool = False) -> None:
    page.get_by_label("Message").fill(text)
    page.get_by_label("the agent" if agent else "the customer").check()
    page.get_by_role("button", name="Send").click()
    expect(page.locator("#thread")).to_contain_text(text)


def sidebar(page: Page) -> FrameLocator:
    return page.frame_locator("iframe[name=app-frame]")


def test_an_angry_customer_is_noticed_handled_and_won_back(
    product: embedded.Running, context: BrowserContext, page: Page
) -> None:
    assert product.sandbox is not None
    helpdesk = product.sandbox.url
    page.set_viewport_size({"width": 1280, "height": 900})

    # The customer writes, calmly at first.
    page.goto(helpdesk)
    page.get_by_label("Subject").fill("Order 7731 has not arrived")
    page.get_by_label("Message").fill(OPENING)
    page.get_by_role("button", name="Send").click()
    expect(sidebar(page).get_by_text("of 100", exact=True)).to_be_visible()

    # Then angrily: the sidebar turns, with reasons in the customer's words.
    later(product, hours=3)
    write(page, ANGER)
    expect(sidebar(page).locator(".state", has_text="Poor, worsening")).to_be_visible()
    expect(sidebar(page).get_by_role("heading", name="Why", exact=True)).to_be_visible()
    expect(sidebar(page).locator("body")).to_contain_text(re.compile("third time|manager|lawyer|cancel"))

    # The protocol has given the ticket to the recovery group, with tags and a note.
    facts = page.locator("#facts")
    expect(facts).to_contain_text("Recovery")
    expect(facts).to_contain_text("sat_poor_worsening")
    expect(facts).to_contain_text("recovery_open")
    expect(page.locator("#thread .note")).to_contain_text("Recovery: Unhappy and getting worse")
    expect(sidebar(page).get_by_text("What is being done")).to_be_visible()
    expect(sidebar(page).locator(".step-done")).to_have_count(5)
    keep(page, "sandbox-ticket")

    # The agent answers and solves.
    later(product, minutes=20)
    write(page, "I am sorry, we lost your parcel. A new one is on its way and arrives tomorrow by noon.", agent=True)
    page.get_by_role("button", name="Solve").click()
    expect(facts).to_contain_text(re.compile("solved", re.IGNORECASE))
    admin = context.new_page()
    sign_in(admin, product)
    expect_stage(admin, product, "Resolved")

    # A day later the customer is asked, and answers well.
    later(product, hours=25)
    customer = context.new_page()
    customer.goto(f"{helpdesk}/mail")
    link = customer.locator("a[href*='/s/']")
    wait_for(customer, link)
    customer.goto(str(link.first.get_attribute("href")))
    customer.get_by_role("radio").nth(4).check()
    customer.get_by_label(re.compile("tell us more")).fill("It came this morning. Thank you for taking care of it.")
    keep(customer, "survey")
    customer.get_by_role("button", name="Send my answer").click()
    expect(customer.locator("body")).to_contain_text(re.compile("thank", re.IGNORECASE))

    # The case says so, and tells every step.
    expect_stage(admin, product, "Recovered")
    story = admin.locator("main")
    for word in (
        "third time",
        "Assign to",
        "priority",
        "note",
        "Alert",
        "I am sorry, we lost your parcel",
        "It came this morning",
    ):
        expect(story).to_contain_text(re.compile(word, re.IGNORECASE))
    keep(admin, "case")
    page.reload()
    expect(facts).to_contain_text("recovery_recovered")


def sign_in(page: Page, product: embedded.Running) -> None:
    page.set_viewport_size({"width": 1280, "height": 900})
    page.goto(str(product.sign_in_link))
    page.get_by_role("button", name=re.compile("Sign in")).click()
    page.wait_for_url(f"{product.url}/")


def expect_stage(page: Page, product: embedded.Running, stage: str) -> None:
    """The only case's page, once it says that stage; it refreshes itself."""
    page.goto(f"{product.url}/cases/1")
    wait_for(page, page.locator("main").get_by_text(stage))


def wait_for(page: Page, wanted: Locator) -> None:
    """Look again until it is there."""
    for _ in range(80):
        if wanted.count():
            return
        page.wait_for_timeout(250)
        page.reload()
    pytest.fail("the page never showed it")
