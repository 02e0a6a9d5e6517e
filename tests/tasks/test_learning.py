"""Learning from a desk's ratings: when, by whom, and what comes into force."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import update

from app import factory, settings
from app.clock import real_now
from app.scoring.model import DEFAULT_PRIOR, Model
from app.store import desks, examples, labels, learned_models, schema, trainings
from app.store.models import ModelState, ScoreRow, Training
from app.words import Direction, Level, SatState
from tasks import learning, training
from tasks.learning import Due, due
from tasks.models import Models
from tasks.parts import Parts, bind
from tests.scoring.learning.make import PRIOR, Truth
from tests.store.factories import NOW, add_desk
from tests.tasks.rated import add_rated

ODD = Truth(repeats=-5.0)


@pytest.fixture
def parts(tmp_path: Path) -> Iterator[Parts]:
    built = factory.build(settings.load({}, data_dir=tmp_path))
    schema.migrate(built.database)
    built = replace(built, models=Models(PRIOR))
    bind(built)
    yield built
    built.database.close()


@pytest.fixture
def desk_id(parts: Parts) -> int:
    return add_desk(parts.database)


def in_force(parts: Parts, desk_id: int) -> Model:
    with parts.database.desk(desk_id, read=True) as session:
        return parts.models.of(session, desk_id)


def versions(parts: Parts, desk_id: int) -> list[tuple[int, str, str]]:
    with parts.database.desk(desk_id, read=True) as session:
        rows = learned_models.newest_first(session)
        return [(row.version, row.rung, row.state.value) for row in rows]


def test_a_desk_without_ratings_has_the_prior(parts: Parts, desk_id: int) -> None:
    learning.look()

    assert in_force(parts, desk_id) is parts.models.prior
    assert versions(parts, desk_id) == []


def test_a_desk_says_itself_from_which_score_it_is_good(parts: Parts, desk_id: int) -> None:
    with parts.database.desk(desk_id) as session:
        desks.change_settings(desks.get(session, desk_id), {"good_from": 40})

    assert in_force(parts, desk_id) == replace(PRIOR, threshold=0.4)


@pytest.mark.capability("SCO-05")
def test_the_level_moves_with_the_very_first_rating(parts: Parts, desk_id: int) -> None:
    add_rated(parts.database, desk_id, 1)

    learning.look()

    model = in_force(parts, desk_id)
    assert model.calibration is not None
    assert 0 < abs(model.calibration.intercept) < 0.2
    assert model.overall == PRIOR.overall
    assert model.name == f"small/{desk_id}.1"


def test_the_level_is_the_one_that_a_training_finds(parts: Parts, desk_id: int) -> None:
    add_rated(parts.database, desk_id, 20, Truth(level=-1.0))
    learning.learn_level(parts, desk_id)
    level = in_force(parts, desk_id).calibration

    training.train(parts, desk_id)

    again = in_force(parts, desk_id).calibration
    assert level is not None
    assert again is not None
    assert again.intercept == pytest.approx(level.intercept, abs=1e-3)


def test_nothing_is_learned_where_learning_is_off(parts: Parts, desk_id: int) -> None:
    bind(replace(parts, settings=replace(parts.settings, learning=False)))
    add_rated(parts.database, desk_id, 3)

    learning.look()

    assert versions(parts, desk_id) == []


def state(ratings: int = 0, **columns: object) -> Training:
    found = Training(fence=1, ratings=ratings, held=False)
    for name, value in columns.items():
        setattr(found, name, value)
    return found


@pytest.mark.parametrize(
    ("row", "ratings", "wanted"),
    [
        (None, 0, Due.NOTHING),
        (None, 1, Due.LEVEL),
        (None, 30, Due.TRAINING),
        (state(5, finished_at=NOW), 5, Due.NOTHING),
        (state(5, finished_at=NOW), 6, Due.LEVEL),
        (state(29, finished_at=NOW), 30, Due.NOTHING),
        (state(25, finished_at=NOW), 35, Due.TRAINING),
        (state(1000, finished_at=NOW), 1050, Due.NOTHING),
        (state(1000, finished_at=NOW), 1100, Due.TRAINING),
        (state(1000, finished_at=NOW - timedelta(days=1)), 1001, Due.TRAINING),
        (state(1000, finished_at=NOW - timedelta(days=9)), 1000, Due.NOTHING),
        (state(40, finished_at=NOW, asked_at=NOW), 40, Due.TRAINING),
        (state(0, asked_at=NOW), 0, Due.NOTHING),
        (state(0, lease_until=NOW + timedelta(minutes=1)), 90, Due.NOTHING),
        (state(0, lease_until=NOW - timedelta(minutes=1), started_at=NOW - timedelta(minutes=20)), 90, Due.NOTHING),
        (state(0, lease_until=NOW - timedelta(hours=2), started_at=NOW - timedelta(hours=3)), 90, Due.TRAINING),
        (state(0, error="ValueError", started_at=NOW, finished_at=NOW), 90, Due.NOTHING),
        (state(0, error="ValueError", started_at=NOW - timedelta(hours=2), finished_at=NOW), 90, Due.TRAINING),
    ],
)
def test_when_something_is_due(row: Training | None, ratings: int, wanted: Due) -> None:
    assert due(row, ratings, NOW) is wanted


@pytest.mark.capability("SCO-05")
def test_a_training_puts_a_better_model_in_force(parts: Parts, desk_id: int) -> None:
    add_rated(parts.database, desk_id, 300, ODD)

    outcome = training.train(parts, desk_id)

    model = in_force(parts, desk_id)
    assert (outcome.state, outcome.ratings) == (ModelState.CHAMPION, 300)
    assert outcome.rung in {"adapter", "stack"}
    assert model.overall["effort.repeats"]["last"] < -1.5
    with parts.database.desk(desk_id, read=True) as session:
        row = trainings.find(session)
    assert row is not None
    assert (row.lease_until, row.share, row.ratings, row.error) == (None, 1.0, 300, None)


def test_words_come_back_sealed(parts: Parts, desk_id: int) -> None:
    add_rated(parts.database, desk_id, 260, Truth(word=-4.0))

    outcome = training.train(parts, desk_id)

    model = in_force(parts, desk_id)
    assert outcome.rung == "stack"
    assert model.text is not None
    assert model.text.name == model.name
    with parts.database.desk(desk_id, read=True) as session:
        row = learned_models.get(session, outcome.version)
    assert row.document["text"] is None
    assert row.sealed_text is not None


def test_two_trainings_never_run_at_once(parts: Parts, desk_id: int) -> None:
    add_rated(parts.database, desk_id, 5)
    with parts.database.desk(desk_id) as session:
        trainings.begin(session, desk_id, real_now())

    with pytest.raises(training.Busy):
        training.train(parts, desk_id)


def test_a_desk_without_ratings_cannot_be_trained(parts: Parts, desk_id: int) -> None:
    with pytest.raises(training.NothingToLearn):
        training.train(parts, desk_id)

    with parts.database.desk(desk_id) as session:
        assert trainings.begin(session, desk_id, real_now()) is not None


def test_a_training_that_fails_says_so_and_gives_its_place_back(
    parts: Parts, desk_id: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_rated(parts.database, desk_id, 5)

    def fail(*_: object, **__: object) -> None:
        raise MemoryError

    monkeypatch.setattr("app.scoring.learning.ladder.learn", fail)

    with pytest.raises(MemoryError):
        training.train(parts, desk_id)
    with parts.database.desk(desk_id, read=True) as session:
        row = trainings.find(session)
    assert row is not None
    assert (row.lease_until, row.error) == (None, "MemoryError")


def test_what_a_person_chose_stays(parts: Parts, desk_id: int) -> None:
    add_rated(parts.database, desk_id, 40)
    training.train(parts, desk_id)
    with parts.database.desk(desk_id) as session:
        learned_models.choose(session, desk_id, None, real_now(), "lena@example.com")

    training.train(parts, desk_id)

    assert in_force(parts, desk_id) is parts.models.prior
    assert [state for _, _, state in versions(parts, desk_id)] == ["challenger", "retired"]


def test_rolling_back_to_an_earlier_version_is_scored_with_at_once(parts: Parts, desk_id: int) -> None:
    add_rated(parts.database, desk_id, 10)
    learning.learn_level(parts, desk_id)
    add_rated(parts.database, desk_id, 10, first=10)
    learning.learn_level(parts, desk_id)
    assert in_force(parts, desk_id).name.endswith(".2")

    with parts.database.desk(desk_id) as session:
        learned_models.choose(session, desk_id, 1, real_now(), "lena@example.com")

    assert in_force(parts, desk_id).name.endswith(".1")


def test_a_model_that_cannot_be_read_gives_way_to_the_prior(parts: Parts, desk_id: int) -> None:
    add_rated(parts.database, desk_id, 10)
    learning.learn_level(parts, desk_id)
    with parts.database.desk(desk_id) as session:
        row = learned_models.get(session, 1)
        row.document = {**row.document, "overall": {"acts.forgotten": {"last": 1.0}}}

    assert in_force(parts, desk_id) is parts.models.prior


def test_what_needs_numpy_runs_as_a_process_of_its_own(
    parts: Parts, desk_id: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_rated(parts.database, desk_id, 40)
    monkeypatch.setenv("KINTSUGI_PRIOR", "nobody")  # what the process was started with wins over the environment
    bind(replace(parts, settings=replace(parts.settings, prior=DEFAULT_PRIOR)))

    learning.look()

    assert [state for _, _, state in versions(parts, desk_id)] == ["champion"]
    with parts.database.desk(desk_id, read=True) as session:
        assert learned_models.get(session, 1).prior == DEFAULT_PRIOR


def test_opinions_are_examples_of_their_own_kind(parts: Parts, desk_id: int) -> None:
    add_rated(parts.database, desk_id, 30)
    with parts.database.desk(desk_id) as session:
        score = ScoreRow(
            desk_id=desk_id, tracked_id=1, message_id="m-0", because="message", at=NOW, p_satisfied=0.8,
            p_satisfied_now=0.8, trend=0.0, score=80, level=Level.GOOD, direction=Direction.NONE,
            state=SatState.GOOD_IMPROVING, provisional=True, base_logit=1.0, p_uncalibrated=0.8, model="small",
            calibrated=False, factors={},
        )  # fmt: skip
        session.add(score)
        session.flush()
        opinion = labels.Opinion(agrees=False, by="agent:4", inputs={"effort.repeats/last": 1.0})
        labels.record(session, score, opinion, NOW)
        stored = list(examples.oldest_first(session))

    assert [one.value for one in stored if one.label] == [0.0]
    training.train(parts, desk_id)
    with parts.database.desk(desk_id, read=True) as session:
        report = learned_models.get(session, 1).report
    assert (report["ratings"], report["labels"]) == (30, 1)


def test_a_desk_in_force_is_found_again_after_another_process_changed_it(parts: Parts, desk_id: int) -> None:
    add_rated(parts.database, desk_id, 5)
    learning.learn_level(parts, desk_id)
    in_force(parts, desk_id)
    with parts.database.desk(desk_id) as session:
        session.execute(update(Training).values(held=False))
        learned_models.retire(session)

    assert in_force(parts, desk_id) is parts.models.prior
