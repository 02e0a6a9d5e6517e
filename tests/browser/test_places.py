"""Every place where people work, as each of them sees it: on a narrow and a wide screen, looked at by axe-core.

With the sidebar's time as an agent feels it. The pages' own ways of working are tested beside them.
"""

from __future__ import annotations

import time

import pytest
from flask import Flask
from playwright.sync_api import Page
from sqlalchemy import update

from app.store import cases
from app.store.database import Purpose
from app.store.models import Desk, Role
from tests import seeds
from tests.browser.conftest import Site
from tests.browser.test_editor import barriers
from tests.browser.test_pages import _TOO_WIDE, keep
from tests.browser.test_sidebar import _PAGE as FRAMING
from tests.browser.test_sidebar import desk_id, helpdesk
from tests.seeds import Seeded
from tests.servers import free_port
from tests.web.launching import Claims, signed

__all__ = ["desk_id", "helpdesk"]

WIDTHS = (300, 1280)
AT_ONCE, ON_A_BUSY_MACHINE = 0.5, 10.0  #: seconds; the first is held where nothing else runs

#: Who sees what beside what those before them see.
PLACES = {
    Role.AGENT: [
        "/",
        "/queue",
        "/warnings",
        "/cases",
        "/cases/{case}",
        "/customers",
        "/customers/{person}",
        "/account",
    ],
    Role.LEAD: ["/impact", "/teams", "/teams/people/{agent}"],
    Role.ADMIN: [
        "/people",
        "/desks",
        "/desks/{desk}/settings",
        "/desks/{desk}/dead",
        "/deliveries",
        "/teams/new",
        "/teams/{group}",
        "/teams/document",
        "/learning",
    ],
    Role.AUDITOR: ["/audit", "/people", "/desks/{desk}/settings", "/cases/{case}"],
}


@pytest.fixture
def story(site: Site) -> Seeded:
    """A busy desk with a team, whose helpdesk does not answer."""
    told = seeds.add_story(site.database, seeds.add_desk(site.database))
    seeds.add_team(site.database, told.desk_id)
    with site.database.system(Purpose.OPERATE) as session:
        session.execute(update(Desk).values(base_url=f"http://127.0.0.1:{free_port()}"))
    return told


def come_in(page: Page, site: Site, role: Role, on: int) -> None:
    token = seeds.add_link(site.database, role, email=f"{role.value}@example.com", desk_id=on)
    page.goto(f"{site.url}/sign-in/{token}")
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(f"{site.url}/")


def addresses(site: Site, story: Seeded, role: Role) -> list[str]:
    with site.database.desk(story.desk_id, read=True) as session:
        person = cases.get(session, story.case_id).person_id
    names = {"case": story.case_id, "person": person, "desk": story.desk_id, "agent": seeds.AGENT, "group": seeds.GROUP}
    return [path.format(**names) for path in PLACES[role]]


@pytest.mark.parametrize("role", Role)
def test_places_are_sound_for_those_who_work_there(page: Page, site: Site, story: Seeded, role: Role) -> None:
    come_in(page, site, role, story.desk_id)
    problems: list[str] = []
    page.on("console", lambda said: problems.append(f"{page.url}: {said.text}") if said.type == "error" else None)
    page.on("pageerror", lambda error: problems.append(f"{page.url}: {error}"))

    for path in addresses(site, story, role):
        for width in WIDTHS:
            problems += look_at(page, site, path, width, role)

    assert problems == []


def look_at(page: Page, site: Site, path: str, width: int, role: Role) -> list[str]:
    """What is wrong with one page at one width."""
    page.set_viewport_size({"width": width, "height": 900})
    answer = page.goto(f"{site.url}{path}")
    wrong = [] if answer is not None and answer.status == 200 else [f"{path}: {answer and answer.status}"]
    if page.evaluate(_TOO_WIDE) > 0:
        wrong.append(f"{path}: wider than {width} px")
    name = path.strip("/").replace("/", "-") or "home"
    keep(page, f"{role.value}-{name}-{width}")
    return wrong + barriers(page)


def test_the_sidebar_is_useful_at_once_on_a_scored_ticket(
    page: Page, site: Site, helpdesk: tuple[Flask, str], desk_id: int, long: bool
) -> None:
    ticket_id = seeds.add_story(site.database, desk_id).ticket_id
    app, address = helpdesk
    for turn in ("first", "second"):  # a launch works once; the first one of a process compiles its templates
        html = FRAMING.format(ticket=ticket_id, app=site.url, token=signed(Claims(jti=turn)))
        app.add_url_rule(f"/{turn}", turn, lambda html=html: html)

    took = {turn: seconds_to_the_state(page, f"{address}/{turn}") for turn in ("first", "second")}

    assert took["second"] < (AT_ONCE if long else ON_A_BUSY_MACHINE)


def seconds_to_the_state(page: Page, address: str) -> float:
    """From the helpdesk's launch to the words an agent looks for."""
    page.goto(address)
    began = time.perf_counter()
    page.get_by_role("button", name="Open").click()
    page.frame_locator("iframe").get_by_text("Poor, worsening").wait_for()
    return time.perf_counter() - began
