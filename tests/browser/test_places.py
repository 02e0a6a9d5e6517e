"""Every place where people work, as each of them sees it: on a narrow and a wide screen, looked at by axe-core.

The pages' own ways of working are tested beside them.
"""

from __future__ import annotations

import pytest
from playwright.sync_api import Page
from sqlalchemy import update

from app.store import cases
from app.store.database import Purpose
from app.store.models import Desk, Role
from tests import seeds
from tests.browser.conftest import Site
from tests.browser.test_editor import barriers
from tests.browser.test_pages import _TOO_WIDE, keep
from tests.seeds import Seeded
from tests.servers import free_port

WIDTHS = (300, 1280)

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
