"""The sidebar in a helpdesk's page, in a real browser: framed from another origin, without any cookie."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest
from flask import Flask, Response
from playwright.sync_api import FrameLocator, Page, expect
from sqlalchemy import select, update
from werkzeug.serving import make_server

from app.store.database import Purpose
from app.store.models import Desk, Launch, ProtocolVersion, StepRow, TrackedTicket
from app.words import SatState
from tests import seeds
from tests.browser.conftest import Site
from tests.browser.test_pages import keep
from tests.web.launching import sidebar_settings, signed

_SDK = """
const draft = "<p>You should have read our terms and conditions.</p>";
window.ZAFClient = { init: () => ({
  get: async (name) => ({ [name]: name === "comment.text" ? draft : window.name }),
  context: async () => ({}),
  invoke: async (name, text) => {
    if (name === "comment.appendText") (window.appended ??= []).push(text);
    return {};
  },
}) };
"""

_PAGE = """<!doctype html><title>Helpdesk</title><link rel="icon" href="data:,">
<iframe name="{ticket}" width="300" height="820"></iframe>
<form method="post" action="{app}/sidebar/zendesk?origin=x&amp;app_guid=g" target="{ticket}">
<input name="token" value="{token}"></form><button onclick="document.forms[0].submit()">Open</button>"""


@pytest.fixture
def helpdesk() -> Iterator[tuple[Flask, str]]:
    """Another origin, with the page that frames the sidebar and the SDK that the sidebar loads."""
    app = Flask("helpdesk")
    app.add_url_rule("/sandbox/zaf_sdk.js", "sdk", lambda: Response(_SDK, mimetype="text/javascript"))
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    yield app, f"http://127.0.0.1:{server.port}"
    server.shutdown()
    thread.join()
    server.server_close()


def open_ticket(page: Page, site: Site, helpdesk: tuple[Flask, str], ticket_id: str) -> FrameLocator:
    app, address = helpdesk
    html = _PAGE.format(ticket=ticket_id, app=site.url, token=signed())
    app.add_url_rule("/ticket", "ticket", lambda: html)
    page.set_viewport_size({"width": 330, "height": 900})
    page.goto(f"{address}/ticket")
    page.get_by_role("button", name="Open").click()
    return page.frame_locator("iframe")


@pytest.fixture
def desk_id(site: Site, helpdesk: tuple[Flask, str]) -> int:
    desk_id = seeds.add_desk(site.database, **sidebar_settings())
    with site.database.system(Purpose.OPERATE) as session:
        session.execute(update(Desk).values(base_url=helpdesk[1]))
    return desk_id


def test_the_sidebar_shows_the_ticket_within_its_frame(
    page: Page, site: Site, helpdesk: tuple[Flask, str], desk_id: int
) -> None:
    story = seeds.add_story(site.database, desk_id)
    problems: list[str] = []
    page.on("console", lambda message: problems.append(message.text) if message.type == "error" else None)

    frame = open_ticket(page, site, helpdesk, story.ticket_id)

    expect(frame.locator(".state", has_text="Poor, worsening")).to_be_visible()
    expect(frame.get_by_text("What is being done")).to_be_visible()
    keep(page, "sidebar")
    assert frame.locator("body").evaluate("body => body.scrollWidth - body.clientWidth") == 0
    assert page.context.cookies() == []
    assert problems == []


def test_an_agent_says_in_the_sidebar_what_went_wrong(
    page: Page, site: Site, helpdesk: tuple[Flask, str], desk_id: int
) -> None:
    story = seeds.add_story(site.database, desk_id)
    frame = open_ticket(page, site, helpdesk, story.ticket_id)
    expect(frame.get_by_text("Correct it")).to_be_visible()

    frame.get_by_text("Correct it").click()
    frame.get_by_label("What went wrong").select_option("billing")
    frame.get_by_role("button", name="Save").click()

    expect(frame.get_by_text("named by a person")).to_be_visible()
    keep(page, "sidebar-corrected")
    assert frame.locator("body").evaluate("body => body.scrollWidth - body.clientWidth") == 0


def test_the_sidebar_keeps_itself_fresh(page: Page, site: Site, helpdesk: tuple[Flask, str], desk_id: int) -> None:
    story = seeds.add_story(site.database, desk_id)
    frame = open_ticket(page, site, helpdesk, story.quiet_ticket_id)
    expect(frame.locator(".state", has_text="Poor, improving")).to_be_visible()

    with site.database.desk(desk_id) as session:
        session.execute(
            update(TrackedTicket)
            .where(TrackedTicket.ticket_id == story.quiet_ticket_id)
            .values(state=SatState.GOOD_IMPROVING)
        )

    expect(frame.get_by_text("Good, improving")).to_be_visible()


def test_what_somebody_opened_stays_open_when_it_is_refreshed(
    page: Page, site: Site, helpdesk: tuple[Flask, str], desk_id: int
) -> None:
    story = seeds.add_story(site.database, desk_id)
    frame = open_ticket(page, site, helpdesk, story.quiet_ticket_id)
    frame.get_by_text("The numbers").click()

    with site.database.desk(desk_id) as session:
        session.execute(
            update(TrackedTicket)
            .where(TrackedTicket.ticket_id == story.quiet_ticket_id)
            .values(state=SatState.GOOD_IMPROVING)
        )

    expect(frame.get_by_text("Good, improving")).to_be_visible()
    expect(frame.get_by_text("Where everybody starts")).to_be_visible()


@pytest.mark.capability("GUI-01")
def test_a_ticket_nobody_told_us_of_is_read_because_somebody_looks_at_it(
    page: Page, site: Site, helpdesk: tuple[Flask, str], desk_id: int
) -> None:
    frame = open_ticket(page, site, helpdesk, "815")

    expect(frame.get_by_text("The first reading is on its way.")).to_be_visible()
    with site.database.desk(desk_id, read=True) as session:
        row = session.scalars(select(TrackedTicket)).one()
        assert (row.ticket_id, row.dirty) == ("815", 1)
        assert row.due_at is not None


@pytest.mark.capability("GUI-03")
def test_a_draft_is_taken_from_the_reply_box_and_checked(
    page: Page, site: Site, helpdesk: tuple[Flask, str], desk_id: int
) -> None:
    story = seeds.add_story(site.database, desk_id)
    frame = open_ticket(page, site, helpdesk, story.ticket_id)

    frame.get_by_role("button", name="Take it from the reply box").click()
    expect(frame.get_by_label("Your draft")).to_have_value("You should have read our terms and conditions.")
    frame.get_by_role("button", name="Check it").click()

    expect(frame.get_by_text("Something is missing.")).to_be_visible()
    keep(page, "sidebar-check")
    assert frame.locator("body").evaluate("body => body.scrollWidth - body.clientWidth") == 0


def test_a_second_press_does_not_tick_the_next_step_off(
    page: Page, site: Site, helpdesk: tuple[Flask, str], desk_id: int
) -> None:
    story = seeds.add_story(site.database, desk_id)
    with site.database.desk(desk_id) as session:
        session.execute(update(StepRow).where(StepRow.action.in_(["1-assign", "2-tag"])).values(state="waiting"))
    frame = open_ticket(page, site, helpdesk, story.ticket_id)
    buttons = frame.get_by_role("button", name="Done", exact=True)
    expect(buttons).to_have_count(2)

    buttons.first.press("Enter")
    expect(buttons).to_have_count(1)
    expect(frame.get_by_role("heading", name="What is being done")).to_be_focused()
    page.keyboard.press("Enter")

    expect(buttons).to_have_count(1)
    with site.database.desk(desk_id, read=True) as session:
        (row,) = session.scalars(select(StepRow).where(StepRow.state == "waiting"))
        assert row.action == "2-tag"


def test_ready_words_go_into_the_reply_box_once(
    page: Page, site: Site, helpdesk: tuple[Flask, str], desk_id: int
) -> None:
    story = seeds.add_story(site.database, desk_id)
    with site.database.desk(desk_id) as session:
        drafts = seeds.DOCUMENT.replace(
            "actions:\n", 'actions:\n  - {do: draft, text: "Dear {{customer | you}}, 20 €."}\n'
        )
        session.execute(update(ProtocolVersion).values(document=drafts))
    frame = open_ticket(page, site, helpdesk, story.quiet_ticket_id)

    frame.get_by_role("button", name="Put it into the reply").click()

    expect(frame.get_by_role("button", name="It is in the reply")).to_be_disabled()
    assert page.frames[1].evaluate("window.appended") == ["Dear Mira Muster, 20 €."]

    with site.database.desk(desk_id) as session:
        session.execute(update(TrackedTicket).values(state=SatState.GOOD_IMPROVING))

    expect(frame.get_by_text("Good, improving").first).to_be_visible()
    expect(frame.get_by_role("button", name="It is in the reply")).to_be_disabled()


def test_an_expired_sidebar_asks_to_be_reloaded(
    page: Page, site: Site, helpdesk: tuple[Flask, str], desk_id: int
) -> None:
    story = seeds.add_story(site.database, desk_id)
    frame = open_ticket(page, site, helpdesk, story.ticket_id)
    expect(frame.locator(".state", has_text="Poor, worsening")).to_be_visible()

    with site.database.system(Purpose.OPERATE) as session:
        session.execute(update(Launch).values(expires_at=seeds.NOW))

    expect(frame.get_by_text("Reload the ticket's page to go on.")).to_be_visible()


def test_another_origin_cannot_frame_the_sidebar(
    page: Page, site: Site, helpdesk: tuple[Flask, str], desk_id: int
) -> None:
    with site.database.system(Purpose.OPERATE) as session:
        session.execute(update(Desk).values(base_url="http://127.0.0.1:9"))

    with page.expect_console_message(lambda message: "frame-ancestors" in message.text):
        open_ticket(page, site, helpdesk, "4711")
