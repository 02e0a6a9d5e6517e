"""The page on learning: what is in force and why, how good it is, and going back."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from app.clock import real_now
from app.scoring.model import as_document, load_prior
from app.store import learned_models, trainings
from app.store.database import Database
from app.store.models import ModelState, Role
from tests import seeds
from tests.tasks.rated import add_rated
from tests.web.people import SignedIn

FIGURES = {
    "brier": 0.17, "log_loss": 0.5, "auroc": 0.7, "ece": 0.04, "ece_by_chance": 0.03, "miscalibrated": False,
    "reliability": [{"count": 6, "predicted": 0.4, "observed": 0.5}, {"count": 6, "predicted": 0.8, "observed": 0.7}],
}  # fmt: skip
REPORT = {
    "ratings": 200,
    "labels": 0,
    "measured_on": 60,
    "figures": {
        "prior": FIGURES | {"ece": 0.31, "miscalibrated": True, "auroc": None},
        "intercept": FIGURES,
        "challenger": FIGURES,
    },
    "verdicts": [{"rung": "slope", "climbed": False, "reason": "level and spread moved: not proved better"}],
    "curve": [
        {"ratings": 10, "rung": "intercept", "brier": 0.2, "auroc": 0.7, "ece": 0.1, "brier_intercept": 0.2},
        {"ratings": 100, "rung": "adapter", "brier": 0.17, "auroc": None, "ece": 0.1, "brier_intercept": 0.19},
    ],
}


def add_model(database: Database, desk_id: int, *, promote: bool = True, ratings: int = 200) -> int:
    new = learned_models.NewModel(
        rung="adapter", prior="uss-2", document=as_document(load_prior()), ratings=ratings, report=REPORT,
        reason="200 ratings: uses weights of its own.",
    )  # fmt: skip
    with database.desk(desk_id) as session:
        row = learned_models.add(session, desk_id, new, ModelState.CHALLENGER, real_now())
        if promote:
            learned_models.promote(session, row, real_now(), by=None)
        return row.version


def in_force(database: Database, desk_id: int) -> int | None:
    with database.desk(desk_id, read=True) as session:
        return learned_models.champion_version(session)


def test_an_empty_desk_is_told_what_will_happen(admin: SignedIn) -> None:
    page = admin.get("/learning").text

    assert "not calibrated: 0 ratings of this desk are stored" in page
    assert "With the first rating its level moves" in page
    assert "Learn now" not in page


@pytest.mark.capability("N4")
def test_it_says_from_how_many_ratings_the_model_was_learned(admin: SignedIn, database: Database, desk_id: int) -> None:
    add_model(database, desk_id)

    page = admin.get("/learning").text

    assert "Version 1, learned from 200 ratings" in page
    assert "badly calibrated" in page
    assert "level and spread moved: not proved better" in page
    assert page.count('<svg class="plot"') == 2
    assert page.count("As a table") == 2


def test_ratings_that_wait_are_counted(admin: SignedIn, database: Database, desk_id: int) -> None:
    add_rated(database, desk_id, 1)

    page = admin.get("/learning").text

    assert "1 rating of this desk is stored and waits to be learned from" in page
    assert "Learn now" in page


def test_a_running_training_shows_how_far_it_is(admin: SignedIn, database: Database, desk_id: int) -> None:
    add_rated(database, desk_id, 1)
    with database.desk(desk_id) as session:
        fence = trainings.begin(session, desk_id, real_now())
        assert fence is not None
        trainings.progress(session, fence, real_now(), 0.4, "measuring")

    page = admin.get("/learning").text

    assert 'value="40"' in page
    assert "Measuring" in page
    assert "Learn now" not in page


def test_a_training_that_failed_is_told(admin: SignedIn, database: Database, desk_id: int) -> None:
    with database.desk(desk_id) as session:
        fence = trainings.begin(session, desk_id, real_now() - timedelta(minutes=5))
        assert fence is not None
        trainings.finish(session, fence, real_now(), ratings=0, error="MemoryError")

    assert "The last training failed (MemoryError)" in admin.get("/learning").text


def test_an_admin_asks_for_a_training(admin: SignedIn, database: Database, desk_id: int) -> None:
    add_rated(database, desk_id, 1)

    answer = admin.post("/learning/train")

    assert answer.headers["Location"].endswith("/learning?said=asked")
    assert "begins within a minute" in admin.get("/learning?said=asked").text
    with database.desk(desk_id, read=True) as session:
        row = trainings.find(session)
    assert row is not None
    assert row.asked_at is not None


def test_an_admin_goes_back_to_the_prior_and_on_again(admin: SignedIn, database: Database, desk_id: int) -> None:
    add_model(database, desk_id)

    admin.post("/learning/prior")

    assert in_force(database, desk_id) is None
    assert "new ones wait for a person" in admin.get("/learning").text
    admin.post("/learning/automatic")
    assert "new ones wait for a person" not in admin.get("/learning").text


def test_an_admin_goes_back_to_an_earlier_version(admin: SignedIn, database: Database, desk_id: int) -> None:
    add_model(database, desk_id)
    add_model(database, desk_id)

    admin.post("/learning/1/promote")

    assert in_force(database, desk_id) == 1
    assert "chosen by lena@example.com" in admin.get("/learning").text


def test_whoever_decides_on_models_is_on_record(admin: SignedIn, database: Database, desk_id: int) -> None:
    add_model(database, desk_id)

    for path in ("train", "prior", "1/promote", "automatic", "9/promote"):
        admin.post(f"/learning/{path}")

    assert seeds.on_record(database, desk_id) == [
        ("account:1", "training.asked", "model"),
        ("account:1", "model.prior", "model"),
        ("account:1", "model.promoted", "model:1"),
        ("account:1", "model.automatic", "model"),
    ]


def test_there_is_no_such_version(admin: SignedIn) -> None:
    assert admin.post("/learning/9/promote").status_code == 404


@pytest.mark.parametrize("path", ["/learning", "/learning/train", "/learning/prior", "/learning/1/promote"])
def test_it_is_for_admins(person: Callable[..., SignedIn], path: str) -> None:
    lead = person(Role.LEAD)

    answer = lead.get(path) if path == "/learning" else lead.post(path)

    assert answer.status_code == 403
