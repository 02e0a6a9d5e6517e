"""The queue in a real browser: sound at every width, quick by keys, live, and row after row as one scrolls."""

from __future__ import annotations

from datetime import timedelta

from playwright.sync_api import Page, expect

from app.clock import real_now
from app.store import cases, handling
from app.store.database import Database
from app.store.models import RecoveryCase, TrackedTicket
from app.words import SatState
from tests import seeds
from tests.browser.conftest import Site
from tests.browser.test_pages import enter, visit
from tests.seeds import NOW, Seeded


def add_cases(database: Database, story: Seeded, number: int) -> None:
    """More open cases like the story's."""
    with database.desk(story.desk_id) as session:
        like = cases.get(session, story.case_id)
        tickets = [
            TrackedTicket(
                desk_id=story.desk_id, ticket_id=f"9{index:05}", status="open", state=SatState.POOR_IMPROVING, score=40,
                p_satisfied=0.4, sealed_subject=database.vault.seal("One of many"),
            )
            for index in range(number)
        ]  # fmt: skip
        session.add_all(tickets)
        session.flush()
        session.add_all(
            RecoveryCase(
                desk_id=story.desk_id, tracked_id=ticket.id, version_id=like.version_id, open_key=ticket.id, episode=1,
                stage=like.stage, arm=like.arm, opened_by="state", opened_at=NOW,
            )
            for ticket in tickets
        )  # fmt: skip


def rows(page: Page) -> int:
    return page.locator("#queue-rows > tr").count()


def test_queue_and_warnings_are_sound_at_every_width(page: Page, site: Site) -> None:
    desk_id = seeds.add_desk(site.database)
    enter(page, site)
    problems = visit(page, site, ["/queue", "/warnings"], "nobody")
    seeds.add_story(site.database, desk_id)
    with site.database.desk(desk_id) as session:
        calm = TrackedTicket(desk_id=desk_id, ticket_id="77", status="open", state=SatState.GOOD_WORSENING, score=55)
        session.add(calm)

    problems += visit(page, site, ["/queue", "/warnings"], "somebody")

    assert problems == []


def test_a_case_is_claimed_by_keys_alone(page: Page, site: Site) -> None:
    seeds.add_story(site.database, seeds.add_desk(site.database))
    enter(page, site)
    page.goto(f"{site.url}/queue")

    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keyboard shortcuts")).to_be_visible()
    page.keyboard.press("Escape")
    page.keyboard.press("j")
    page.keyboard.press("c")

    expect(page.get_by_role("status").filter(has_text="Yours now.")).to_be_visible()
    expect(page.locator("#queue-rows")).to_contain_text("You")


def test_the_keys_can_be_turned_off_for_good(page: Page, site: Site) -> None:
    seeds.add_story(site.database, seeds.add_desk(site.database))
    enter(page, site)
    page.goto(f"{site.url}/queue")
    page.keyboard.press("?")
    page.get_by_label("Keys do this, in this browser").uncheck()
    page.reload()

    page.keyboard.press("j")
    page.keyboard.press("c")
    page.keyboard.press("?")

    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(page.locator("#queue-rows")).to_contain_text("Claim case")
    page.get_by_role("button", name="Keyboard shortcuts").click()
    page.get_by_label("Keys do this, in this browser").check()
    page.keyboard.press("Escape")
    page.keyboard.press("j")
    expect(page.locator("#queue-rows input[type=checkbox]")).to_be_focused()


def test_what_can_be_done_follows_the_filter(page: Page, site: Site) -> None:
    story = seeds.add_story(site.database, seeds.add_desk(site.database))
    now = real_now()
    wanted = handling.Snooze(until=now + timedelta(days=1), reason="waits", by="account:999")
    with site.database.desk(story.desk_id) as session:
        handling.snooze(session, story.case_id, wanted, version=0, now=now)
    enter(page, site)
    page.goto(f"{site.url}/queue")
    expect(page.locator("#queue-bulk")).to_be_hidden()

    page.get_by_label("Put off (").check()
    page.locator("#queue-rows input[type=checkbox]").check()
    page.get_by_role("button", name="Bring back now").click()

    expect(page.get_by_role("status").filter(has_text="Back in the queue.")).to_be_visible()


def test_the_form_for_many_stands_clear_of_the_table(page: Page, site: Site) -> None:
    seeds.add_story(site.database, seeds.add_desk(site.database))
    enter(page, site)
    page.goto(f"{site.url}/queue")

    table, legend = (page.locator(which).bounding_box() for which in ("#queue .scroll", "#queue-bulk legend"))

    assert table is not None
    assert legend is not None
    assert legend["y"] - (table["y"] + table["height"]) >= 6


def test_more_rows_come_as_one_scrolls_and_filters_need_no_new_page(page: Page, site: Site) -> None:
    story = seeds.add_story(site.database, seeds.add_desk(site.database))
    add_cases(site.database, story, 120)
    enter(page, site)
    page.goto(f"{site.url}/queue")
    assert rows(page) >= 50

    page.evaluate("scrollTo(0, document.body.scrollHeight)")
    expect(page.locator("#queue-rows > tr").nth(50)).to_be_attached()
    page.get_by_label("State").select_option("poor_worsening")

    expect(page.locator("#queue-rows > tr")).to_have_count(1)
    assert page.url == f"{site.url}/queue?state=poor_worsening"
    page.go_back()
    expect(page.locator("#queue-rows > tr").nth(1)).to_be_attached()


def test_whoever_is_choosing_is_told_of_news_and_not_disturbed(page: Page, site: Site) -> None:
    story = seeds.add_story(site.database, seeds.add_desk(site.database))
    enter(page, site)
    page.clock.install()
    page.goto(f"{site.url}/queue")
    page.locator("#queue-rows input[type=checkbox]").check()
    with site.database.desk(story.desk_id) as session:
        handling.claim(session, story.case_id, "account:999", NOW)

    page.clock.run_for(11_000)
    page.get_by_role("button", name="The queue has changed").click()

    expect(page.locator("#queue-rows")).to_contain_text("somebody who has left")
