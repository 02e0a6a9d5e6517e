"""Why and why not, asked of tickets that went through the whole pipeline."""

from __future__ import annotations

from datetime import timedelta

import pytest

from app import why
from app.protocols.yaml_text import write_yaml
from app.publishing import import_documents
from app.store import evaluations, protocols
from app.store.models import VersionState
from app.why import Answer
from app.words import Outcome
from tests.tasks.stage import CALM, NOTE, PRIORITY, Stage, protocol

UNHAPPY = {"all": [{"field": "score", "operator": "at_most", "value": 0}]}
NOWHERE = {"do": "assign", "group": "Nobody's group", "to": "group"}


def ask(stage: Stage, ticket: str, name: str | None = "Rescue", version: int | None = None) -> Answer:
    with stage.parts.database.desk(stage.desk_id, read=True) as session:
        return why.ask(session, ticket, stage.now, protocol=name, version=version)


def draft(stage: Stage, *actions, **values) -> None:
    with stage.parts.database.desk(stage.desk_id) as session:
        import_documents(session, stage.desk_id, [write_yaml(protocol("Rescue", *actions, **values))])


@pytest.mark.capability("N15")
def test_a_ticket_without_a_case_says_which_condition_failed_and_why_no_step_was_taken(stage: Stage) -> None:
    stage.publish(protocol("Rescue", NOTE, PRIORITY, criteria=UNHAPPY))
    ticket = stage.opens(CALM)
    stage.drain()

    (told,) = ask(stage, ticket).answers

    (condition,) = told.decision.conditions
    assert (told.decision.outcome, told.acts, told.cases) == (Outcome.NOT_ELIGIBLE, None, ())
    assert (condition.field, condition.expected, condition.passed) == ("score", 0, False)
    assert condition.actual == stage.tracked(ticket).score
    assert [(one.action, one.state, one.reason) for one in told.steps] == [
        ("1-note", "not_planned", told.decision.reason),
        ("2-priority", "not_planned", told.decision.reason),
    ]


@pytest.mark.capability("N15")
def test_every_step_of_a_case_has_its_fate_and_reason(stage: Stage) -> None:
    stage.publish(protocol("Rescue", NOTE, NOWHERE))
    ticket = stage.opens()
    stage.drain()

    (told,) = ask(stage, ticket).answers

    (case,) = told.cases
    fates = {one.action: (one.state, one.reason) for one in case.steps}
    assert told.decision.outcome is Outcome.ALREADY_OPEN
    assert told.steps == ()
    assert case.opened == "The criteria hold: customer_messages is at least 1 (it is 1)."
    assert fates["2-assign"] == ("refused", 'The desk has no group "Nobody\'s group".')
    assert fates["1-note"][0] == "done"
    assert all(reason for _, reason in fates.values())


@pytest.mark.capability("N15")
def test_a_draft_answers_on_any_ticket_and_does_nothing(stage: Stage) -> None:
    stage.publish(protocol("Rescue", NOTE, criteria=UNHAPPY))
    ticket = stage.opens()
    stage.drain()
    draft(stage, PRIORITY)

    (told,) = ask(stage, ticket, version=2).answers

    assert (told.version, told.state, told.decision.outcome) == (2, VersionState.DRAFT, Outcome.OPEN)
    assert told.acts == "It is a draft: nothing follows from it."
    assert [(one.state, one.reason) for one in told.steps] == [("would_be_planned", told.acts)]
    assert stage.cases(ticket) == []


def test_a_case_is_told_by_the_version_that_it_keeps(stage: Stage) -> None:
    stage.publish(protocol("Rescue", NOTE))
    ticket = stage.opens()
    stage.drain()
    draft(stage, PRIORITY)
    with stage.parts.database.desk(stage.desk_id) as session:
        row = protocols.find_by_name(session, "Rescue")
        assert row is not None
        newest = protocols.versions_of(session, row.id)[0]
        protocols.publish(session, newest, by="lena@example.com", reason="better", now=stage.now)

    (told,) = ask(stage, ticket).answers

    (case,) = told.cases
    assert (told.version, case.version) == (2, 1)
    assert "1-note" in {one.action for one in case.steps}
    assert [one.action for one in told.steps] == ["1-priority"]


def test_a_trial_on_other_tickets_says_that_this_is_none_of_them(stage: Stage) -> None:
    stage.publish(protocol("Rescue", NOTE))
    ticket = stage.opens()
    stage.drain()
    draft(stage, PRIORITY)
    with stage.parts.database.desk(stage.desk_id) as session:
        row = protocols.find_by_name(session, "Rescue")
        assert row is not None
        trial, whole = protocols.versions_of(session, row.id)
        reach = protocols.Reach(share=1e-9)
        protocols.publish(session, trial, by="lena@example.com", reason="try", now=stage.now, reach=reach)
        numbers = (whole.number, trial.number)

    standing, tried = (ask(stage, ticket, version=number).answers[0] for number in numbers)

    assert standing.acts is None
    assert tried.acts == "It is on trial on 0% of the tickets, and this is none of them."


def test_a_ticket_of_which_nothing_is_known_says_why(stage: Stage) -> None:
    stage.publish(protocol("Rescue", NOTE))
    ticket = stage.opens()
    stage.drain()
    with stage.parts.database.desk(stage.desk_id) as session:
        evaluations.forget(session, stage.now + timedelta(days=1))

    answer = ask(stage, ticket)

    assert (answer.at, answer.answers) == (None, ())
    assert answer.missing is not None


@pytest.mark.parametrize(
    ("ticket", "name", "version", "says"),
    [
        ("999999", "Rescue", None, 'no ticket "999999" is known here'),
        (None, "Nobody's", None, "there is no protocol"),
        (None, "Rescue", 7, '"Rescue" has no version 7; its newest is 1'),
    ],
)
def test_what_there_is_not_is_said(stage: Stage, ticket, name, version, says) -> None:
    stage.publish(protocol("Rescue", NOTE))
    opened = stage.opens()
    stage.drain()

    with pytest.raises(why.Unknown, match=says):
        ask(stage, ticket or opened, name, version)
