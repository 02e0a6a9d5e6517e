"""Every page in a real browser: no error, no violation of the policy, nothing wider than the screen."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from playwright.sync_api import ConsoleMessage, Page

from app.store.models import Role
from tests import seeds
from tests.browser.conftest import Site

WIDTHS = (320, 768, 1280)

_TOO_WIDE = "document.documentElement.scrollWidth - document.documentElement.clientWidth"


def visit(page: Page, site: Site, paths: list[str], name: str) -> list[str]:
    """Open each path at each width and return everything that is wrong with it."""
    problems: list[str] = []

    def hear(message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            problems.append(f"{page.url}: {message.text}")

    page.on("console", hear)
    page.on("pageerror", lambda error: problems.append(f"{page.url}: {error}"))
    for path in paths:
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 900})
            answer = page.goto(f"{site.url}{path}")
            if answer is None or answer.status != 200:
                problems.append(f"{path}: {answer and answer.status}")
            if page.evaluate(_TOO_WIDE) > 0:
                problems.append(f"{path}: wider than {width} px")
            keep(page, f"{name}-{path.strip('/').replace('/', '-').replace('?', '-') or 'home'}-{width}")
    return problems


def keep(page: Page, name: str) -> None:
    """A picture for people, where they asked for pictures."""
    folder = os.environ.get("KINTSUGI_TEST_PICTURES")
    if folder:
        page.screenshot(path=str(Path(folder) / f"{name}.png"), full_page=True)


def enter(page: Page, site: Site) -> None:
    token = seeds.add_link(site.database, Role.ADMIN)
    page.goto(f"{site.url}/sign-in/{token}")
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(f"{site.url}/")


def test_pages_of_an_empty_desk_are_sound_at_every_width(page: Page, site: Site) -> None:
    seeds.add_desk(site.database)
    enter(page, site)

    problems = visit(
        page, site, ["/", "/cases", "/protocols", "/impact", "/deliveries", "/desks", "/sidebar/zendesk"], "empty"
    )

    assert problems == []


def test_pages_of_a_busy_desk_are_sound_at_every_width(page: Page, site: Site) -> None:
    story = seeds.add_story(site.database, seeds.add_desk(site.database))
    seeds.add_desk(site.database, "Second shop")
    enter(page, site)
    paths = [
        "/",
        "/cases",
        f"/cases/{story.case_id}",
        f"/tickets/{story.ticket_id}",
        f"/tickets/{story.quiet_ticket_id}",
        "/protocols",
        f"/protocols/{story.protocol_id}",
        "/impact",
        "/deliveries",
        f"/deliveries/{story.dead_delivery_id}/replay",
        "/desks",
    ]

    problems = visit(page, site, paths, "busy")

    assert problems == []


def test_pages_without_a_desk_say_what_to_do(page: Page, site: Site) -> None:
    enter(page, site)

    problems = visit(page, site, ["/"], "no-desk")

    assert problems == []
    assert page.get_by_role("heading", name="No desk yet").is_visible()


def test_the_door_is_sound_at_every_width(page: Page, site: Site) -> None:
    token = seeds.add_link(site.database, Role.ADMIN)

    problems = visit(page, site, ["/sign-in", f"/sign-in/{token}"], "door")

    assert problems == []


def test_markup_in_a_message_stays_text_in_the_browser(page: Page, site: Site) -> None:
    words = "<img src=x onerror=\"document.title='owned'\"><script>document.title='owned'</script>"
    story = seeds.add_story(site.database, seeds.add_desk(site.database), words=words)
    enter(page, site)

    problems = visit(page, site, ["/", "/cases", f"/cases/{story.case_id}", "/protocols", "/deliveries"], "markup")

    assert problems == []
    assert "owned" not in page.title()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_case_is_readable_in_light_and_dark(page: Page, site: Site, scheme: str) -> None:
    story = seeds.add_story(site.database, seeds.add_desk(site.database))
    page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    enter(page, site)
    page.goto(f"{site.url}/cases/{story.case_id}")

    colours = page.evaluate(
        "(() => { const s = getComputedStyle(document.body); return [s.color, s.backgroundColor]; })()"
    )

    keep(page, f"case-{scheme}")
    assert contrast(*colours) >= 7


def contrast(first: str, second: str) -> float:
    """The contrast of two `rgb(...)` colours as WCAG defines it, from 1 to 21."""
    lighter, darker = sorted((_luminance(first), _luminance(second)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(colour: str) -> float:
    channels = [int(part) / 255 for part in colour[colour.index("(") + 1 : -1].split(",")[:3]]
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def test_pressing_a_button_on_a_case_settles_the_step(page: Page, site: Site) -> None:
    story = seeds.add_story(site.database, seeds.add_desk(site.database))
    enter(page, site)
    page.goto(f"{site.url}/cases/{story.case_id}")

    page.get_by_role("button", name="Mark as sent").first.click()

    assert page.get_by_text("Marked as sent.").is_visible()


@pytest.mark.parametrize("width", WIDTHS)
def test_what_can_be_opened_on_a_ticket_fits_the_screen(page: Page, site: Site, width: int) -> None:
    story = seeds.add_story(site.database, seeds.add_desk(site.database))
    enter(page, site)
    page.set_viewport_size({"width": width, "height": 900})
    page.goto(f"{site.url}/tickets/{story.ticket_id}")

    page.get_by_text("The numbers").click()
    page.get_by_text("Correct it").click()

    assert page.evaluate(_TOO_WIDE) <= 0
    keep(page, f"ticket-opened-{width}")


def test_the_first_tab_stop_skips_to_the_content(page: Page, site: Site) -> None:
    page.goto(f"{site.url}/sign-in")

    page.keyboard.press("Tab")

    assert page.evaluate("document.activeElement.textContent") == "Skip to the content"
