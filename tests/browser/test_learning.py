"""The page on learning in a real browser: empty, with a model, and while a training runs."""

from __future__ import annotations

from playwright.sync_api import Page

from app.clock import real_now
from app.scoring.learning import ladder
from app.scoring.model import as_document
from app.store import learned_models, trainings
from app.store.models import ModelState
from tests import seeds
from tests.browser.conftest import Site
from tests.browser.test_pages import enter, visit
from tests.scoring.learning.make import PRIOR, Truth, desk
from tests.tasks.rated import add_rated


def add_model(site: Site, desk_id: int) -> None:
    """A model as the ladder makes it, in force, and one that waits."""
    learned = ladder.learn(desk(300, Truth(level=-1.0, repeats=-3.0)), PRIOR, name="m", seed=1)
    new = learned_models.NewModel(
        rung=learned.rung, prior="uss-2", document=as_document(learned.model), ratings=learned.ratings,
        report=learned.report.to_json(), reason=learned.reason,
    )  # fmt: skip
    with site.database.desk(desk_id) as session:
        row = learned_models.add(session, desk_id, new, ModelState.CHALLENGER, real_now())
        learned_models.promote(session, row, real_now(), by="lena@example.com")
        learned_models.add(session, desk_id, new, ModelState.CHALLENGER, real_now())
        trainings.hold(session, desk_id, held=True)


def test_the_page_is_sound_at_every_width(page: Page, site: Site) -> None:
    desk_id = seeds.add_desk(site.database)
    enter(page, site)
    problems = visit(page, site, ["/learning"], "nothing-learned")
    add_rated(site.database, desk_id, 3)
    add_model(site, desk_id)
    with site.database.desk(desk_id) as session:
        fence = trainings.begin(session, desk_id, real_now())
        assert fence is not None
        trainings.progress(session, fence, real_now(), 0.4, "measuring")

    problems += visit(page, site, ["/learning"], "learned")

    assert problems == []
    assert page.get_by_role("img", name="Brier by number of ratings").is_visible()
    assert page.get_by_role("progressbar").get_attribute("value") == "40"


def test_charts_can_be_read_as_tables(page: Page, site: Site) -> None:
    add_model(site, seeds.add_desk(site.database))
    enter(page, site)
    page.goto(f"{site.url}/learning")

    page.get_by_text("As a table").first.click()

    assert page.get_by_role("region", name="Learning curve").get_by_role("row").count() > 3


def test_a_person_goes_back_to_the_prior(page: Page, site: Site) -> None:
    add_model(site, seeds.add_desk(site.database))
    enter(page, site)
    page.goto(f"{site.url}/learning")

    page.get_by_role("button", name="Back to the prior").click()

    page.get_by_text("The prior is in force again.").wait_for()
