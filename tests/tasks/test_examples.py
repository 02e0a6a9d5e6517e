"""What is kept of a conversation at the moment of its rating, and learned words under another model."""

from __future__ import annotations

from array import array
from dataclasses import replace

from sqlalchemy import select

from app.scoring.learning.words import BUCKETS, TextWeights
from app.scoring.model import as_document
from app.store import learned_models
from app.store.models import ExampleRow, ModelState, ScoreRow
from tasks.scoring import running_of
from tests.tasks.stage import Stage


def examples(stage: Stage) -> list[ExampleRow]:
    with stage.parts.database.desk(stage.desk_id, read=True) as session:
        return list(session.scalars(select(ExampleRow).order_by(ExampleRow.id)))


def promote(stage: Stage, text: TextWeights) -> None:
    """Put the prior with learned words in force."""
    model = replace(stage.parts.models.prior, name=text.name, text=text)
    new = learned_models.NewModel(
        rung="stack", prior="uss-2", document=as_document(model), ratings=200, report={}, reason="made up"
    )
    with stage.parts.database.desk(stage.desk_id) as session:
        row = learned_models.add(session, stage.desk_id, new, ModelState.CHALLENGER, stage.now)
        learned_models.promote(session, row, stage.now, by=None)


def even(name: str, bias: float) -> TextWeights:
    """A text model that says the same of every message."""
    return TextWeights(name=name, bias=bias, weights=array("f", [0.0] * BUCKETS))


def test_a_rating_keeps_the_conversation_as_it_stood(stage: Stage) -> None:
    ticket = stage.opens("I am furious, this is the third time I write!")
    stage.answers(ticket)
    stage.solves(ticket)
    stage.drain()

    stage.rates(ticket, 1)
    stage.drain()

    (kept,) = examples(stage)
    assert kept.value == 0.0
    assert kept.customer_turns == 1
    assert kept.inputs["acts.anger/last"] > 0
    assert not any(name.startswith("ending.rated") for name in kept.inputs)


def test_what_is_said_after_a_rating_is_no_part_of_it(stage: Stage) -> None:
    ticket = stage.opens("Thank you, all is well.")
    stage.solves(ticket)
    stage.rates(ticket, 5)
    stage.says(ticket, "Now it is broken and I am furious!")

    stage.drain()

    (kept,) = examples(stage)
    assert kept.customer_turns == 1
    assert "acts.anger/last" not in kept.inputs


def test_the_first_rating_counts_and_may_be_corrected_at_once(stage: Stage) -> None:
    ticket = stage.opens("Where is it?")
    stage.solves(ticket)
    stage.rates(ticket, 1)
    stage.drain()
    stage.rates(ticket, 5)
    stage.drain()
    corrected = examples(stage)[0].value
    stage.says(ticket, "It came, thank you!")
    stage.rates(ticket, 1)

    stage.drain()

    assert (corrected, [one.value for one in examples(stage)]) == (1.0, [1.0])


def test_words_are_read_anew_under_another_model(stage: Stage) -> None:
    ticket = stage.opens("The gasket leaks.")
    stage.drain()
    promote(stage, even("first", -1.0))
    stage.says(ticket, "It still leaks.")
    stage.drain()
    promote(stage, even("second", -0.5))

    stage.says(ticket, "And again.")
    stage.drain()

    with stage.parts.database.desk(stage.desk_id, read=True) as session:
        running = running_of(session, stage.tracked(ticket))
        last = session.scalars(select(ScoreRow).order_by(ScoreRow.id.desc())).first()
    assert (running.text.model, running.text.messages, running.text.total) == ("second", 3, -1.5)
    assert last is not None
    assert last.model == "second"
    assert last.factors["learned.words"] == -0.5
