"""Fits on small sets: they follow the live engine to the digit, keep every sign, and come out the same again."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import fields
from functools import cache
from pathlib import Path
from unittest.mock import patch

import numpy as np
import pytest

from app.scoring import engine, wordlists
from app.scoring.conversation import Running, Utterance
from app.scoring.model import Model, parse_model
from app.scoring.signals import REGISTRY, Effect
from app.scoring.training import corpora, evaluating, making
from app.scoring.training.corpora import Conversation
from app.scoring.training.lists import Lists, emotion_lists, labelled, rated_lists, read_unseen, read_with
from app.scoring.training.prior import document, fit_prior
from app.scoring.training.tables import APART, COLUMN, START, Table, aggregates, joined, table
from tests.scoring.training import small


def conversations(path: Path, *sources: str) -> list[Conversation]:
    files = [small.write(path / f"{source}.jsonl", small.rated(source)) for source in sources]
    return [one for part in corpora.read(files).values() for one in part]


@pytest.fixture(scope="module")
def rated(tmp_path_factory: pytest.TempPathFactory) -> list[Conversation]:
    return conversations(tmp_path_factory.mktemp("sets"), "letters", "calls")


@pytest.fixture(scope="module")
def lists(rated: list[Conversation], tmp_path_factory: pytest.TempPathFactory) -> Lists:
    path = small.write(tmp_path_factory.mktemp("feelings") / "feelings.jsonl", small.labelled())
    pleased, displeased = emotion_lists(*labelled(corpora.read([path])["feelings"]))
    customer, reply = rated_lists(table(rated))
    return Lists(pleased=pleased, displeased=displeased, customer=customer, reply=reply)


@contextmanager
def shipped(lists: Lists) -> Iterator[None]:
    """The lists as if they were those that ship."""

    def shelf(*names: str) -> wordlists.Shelf:
        return wordlists.Shelf.of(*(getattr(lists, name) for name in names))

    with patch("app.scoring.signals.wording.shelf", cache(shelf)):
        yield


def prior_of(known: Table) -> Model:
    return parse_model(document(fit_prior(known), "small", "of a test"))


def test_a_fitted_prior_says_what_the_live_engine_says(rated: list[Conversation], lists: Lists) -> None:
    known = read_with(table(rated), lists)
    fitted = fit_prior(known)

    with shipped(lists):
        live = evaluating.live(rated, parse_model(document(fitted, "small", "of a test")))

    expected = evaluating.predicted(fitted, known)
    # Coefficients of the document are rounded to six decimals, and negligible ones are left out.
    assert live.overall == pytest.approx(expected.overall, abs=0.01)
    assert live.trend == pytest.approx(expected.trend, abs=0.02)
    assert np.argsort(live.now)[[0, -1]].tolist() == np.argsort(1 / (1 + np.exp(-expected.now)))[[0, -1]].tolist()


def test_a_table_holds_the_aggregates_of_the_live_engine(rated: list[Conversation], lists: Lists) -> None:
    found = aggregates(read_with(table(rated), lists))
    parts = ("last", "fast", "slow", "worst", "mean", "gathered")

    with shipped(lists):
        rows = [list(engine.inputs(running, ()).items()) for one in rated for running in heard(one)]

    for row, inputs in enumerate(rows):
        expected = {
            f"{name}/{part}": found[part][row, column]
            for name, column in COLUMN.items()
            for part in parts
            if abs(found[part][row, column]) > 1e-6
        }
        assert {key: value for key, value in inputs if abs(value) > 1e-6} == pytest.approx(expected, abs=1e-5)


def heard(conversation: Conversation) -> Iterator[Running]:
    """The running aggregates after each message of the customer."""
    running = Running.start()
    for number, turn in enumerate(conversation.turns):
        said = Utterance(id=str(number), role=turn.role, public=True, text=turn.text, at=START + number * APART)
        running, _ = engine.observe(running, said)
        if turn.role == "customer":
            yield running


def test_every_fitted_weight_has_the_sign_of_its_signal(rated: list[Conversation], lists: Lists) -> None:
    model = prior_of(read_with(table(rated), lists))

    for name, weights in model.overall.items():
        side = 1 if REGISTRY[name].effect is Effect.RAISES else -1
        assert all(side * weight >= 0 for weight in weights.values())
    assert all(
        weight * (1 if REGISTRY[name].effect is Effect.RAISES else -1) >= 0 for name, weight in model.now.items()
    )


def test_a_fit_tells_good_from_bad_on_a_set_it_never_saw(tmp_path: Path) -> None:
    sets = {name: conversations(tmp_path, name) for name in ("letters", "calls", "chats")}

    result = evaluating.evaluate(sets, prior_of(table(sets["letters"])), leave_out=True, say=lambda _: None)

    assert set(result["sets"]) == set(sets)
    assert result["mean"]["models"]["kintsugi"]["turn"] > 0.9
    assert {"kintsugi", "tfidf", "textblob", "vader"} == set(result["mean"]["models"])
    low, high = result["mean"]["intervals"]["turn"]
    assert low <= result["mean"]["models"]["kintsugi"]["turn"] <= high
    assert set(result["mean"]["ablation"]) == {"textblob", "vader", "both"}


def test_leaving_out_the_only_set_is_refused(tmp_path: Path) -> None:
    sets = {"letters": conversations(tmp_path, "letters")}

    with pytest.raises(
        evaluating.TooFewSets, match=r"^leaving one set out needs at least two rated sets, got letters$"
    ):
        evaluating.evaluate(sets, prior_of(table(sets["letters"])), leave_out=True, say=lambda _: None)


def test_unseen_lists_read_less_into_a_set_than_its_own(rated: list[Conversation], lists: Lists) -> None:
    plain = table(rated)

    own, unseen = read_with(plain, lists), read_unseen(plain, lists.pleased, lists.displeased)

    column = COLUMN["wording.customer_worse"]
    assert unseen.values[:, column].sum() != own.values[:, column].sum()
    assert unseen.values.shape == own.values.shape


def test_joined_tables_keep_their_conversations_apart(rated: list[Conversation]) -> None:
    one, two = table(rated[:2]), table(rated[2:4])

    both = joined([one, two])

    assert len(np.unique(both.conversation)) == 4
    assert both.words == [*one.words, *two.words]


def test_making_writes_the_same_files_again(tmp_path: Path) -> None:
    data = tmp_path / "data"
    for source in ("letters", "calls"):
        small.write(data / "uss" / f"{source}.train.jsonl", small.rated(source, 40))
    small.write(data / "goemotions" / "goemotions.train.jsonl", small.labelled())

    made = [making.make(data, tmp_path / name, say=lambda _: None) for name in ("one", "two")]

    assert made[0] == made[1]
    assert {"uss-2.json", "open-1.json", "words/pleased.json", "words/reply.json"} <= set(made[0])
    for name in made[0]:
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()
    model = parse_model(json.loads((tmp_path / "one" / "open-1.json").read_text(encoding="utf-8")))
    assert model.name == "open-1"


def test_making_without_data_says_what_is_missing(tmp_path: Path) -> None:
    (tmp_path / "goemotions").mkdir()

    with pytest.raises(corpora.CorpusError, match=r"^goemotions: holds no \*\.train\.jsonl"):
        making.make(tmp_path, tmp_path / "out", say=lambda _: None)


def test_a_word_list_survives_its_json_form(lists: Lists) -> None:
    found = lists.customer

    again = wordlists.WordList.from_json(json.loads(json.dumps(found.to_json())))

    assert again.weights == pytest.approx(dict(found.weights), abs=1e-6)
    assert {item.name for item in fields(again)} == {"name", "bias", "weights"}
