"""Sweeps and retention: cases that nobody answers end, words go when their time is over."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import select

from app.clock import real_now
from app.store import desks, slots
from app.store.database import Purpose
from app.store.models import Message, ScoreRow, Slot, StepState
from app.words import CaseStage
from tasks import upkeep
from tests.tasks.stage import FOLLOW_UP, NOTE, Stage, protocol


def resolved(stage: Stage, **follow_up) -> str:
    stage.publish(protocol("Rescue", NOTE, follow_up=follow_up))
    ticket = stage.opens()
    stage.drain()
    stage.solves(ticket)
    stage.drain()
    stage.step(hours=25)
    stage.drain()
    return ticket


def test_a_case_whose_survey_nobody_answered_expires(stage: Stage) -> None:
    ticket = resolved(stage, **FOLLOW_UP)
    upkeep.sweep()
    early = stage.case(ticket).stage

    stage.step(days=stage.parts.settings.survey_days)
    upkeep.sweep()
    stage.drain()

    case = stage.case(ticket)
    assert early is CaseStage.RESURVEYED
    assert (case.stage, case.reason) == (CaseStage.EXPIRED, "the survey was not answered in time")
    assert stage.steps(ticket)["expired"].state is StepState.DONE
    assert not {tag for tag in stage.tags(ticket) if tag.startswith("recovery_")}


def test_a_case_about_which_nobody_could_be_asked_expires_too(stage: Stage) -> None:
    ticket = resolved(stage)
    upkeep.sweep()
    early = stage.case(ticket).stage

    stage.step(days=stage.parts.settings.survey_days)
    upkeep.sweep()

    case = stage.case(ticket)
    assert early is CaseStage.RESOLVED
    assert (case.stage, case.reason) == (CaseStage.EXPIRED, "it was resolved, and nobody could be asked")


def test_sweeping_twice_changes_nothing_more(stage: Stage) -> None:
    ticket = resolved(stage, **FOLLOW_UP)
    stage.step(days=stage.parts.settings.survey_days)
    upkeep.sweep()
    closed_at = stage.case(ticket).closed_at

    stage.step(days=1)
    upkeep.sweep()

    assert stage.case(ticket).closed_at == closed_at
    assert len(stage.steps(ticket)) == 3


def test_a_late_answer_changes_nothing_on_an_expired_case(stage: Stage) -> None:
    ticket = resolved(stage, **FOLLOW_UP)
    stage.step(days=stage.parts.settings.survey_days)
    upkeep.sweep()

    outcome = stage.answer_survey(ticket, 5)
    stage.drain()

    assert outcome.value == "expired"
    assert stage.case(ticket).stage is CaseStage.EXPIRED


def test_words_are_forgotten_after_their_time_and_numbers_stay(stage: Stage) -> None:
    ticket = stage.opens("My lamp is still broken!")
    stage.drain()
    score = stage.tracked(ticket).score
    stage.step(days=stage.parts.settings.text_days - 1)
    upkeep.forget()
    kept = stage.rows(Message)[0].sealed_text

    stage.step(days=2)
    upkeep.forget()

    assert kept is not None
    assert {row.sealed_text for row in stage.rows(Message)} == {None}
    assert {row.sealed_readings for row in stage.rows(Message)} == {None}
    assert {row.sealed_reasons for row in stage.rows(ScoreRow)} == {None}
    assert stage.rows(ScoreRow)[0].factors
    assert stage.tracked(ticket).score == score


def test_a_desk_may_keep_words_for_a_shorter_time(stage: Stage) -> None:
    stage.opens("My lamp is still broken!")
    stage.drain()
    with stage.parts.database.desk(stage.desk_id) as session:
        desks.change_settings(desks.get(session, stage.desk_id), {"text_days": 10})

    stage.step(days=9)
    upkeep.forget()
    kept = stage.rows(Message)[0].sealed_text
    stage.step(days=2)
    upkeep.forget()

    assert kept is not None
    assert stage.rows(Message)[0].sealed_text is None


def test_a_desk_cannot_keep_words_longer_than_the_installation(stage: Stage) -> None:
    stage.opens("My lamp is still broken!")
    stage.drain()
    with stage.parts.database.desk(stage.desk_id) as session:
        desks.change_settings(desks.get(session, stage.desk_id), {"text_days": 9000})

    stage.step(days=stage.parts.settings.text_days + 1)
    upkeep.forget()

    assert stage.rows(Message)[0].sealed_text is None


def test_a_conversation_goes_on_after_its_words_were_forgotten(stage: Stage) -> None:
    ticket = stage.opens("My lamp is still broken!")
    stage.drain()
    stage.step(days=stage.parts.settings.text_days + 1)
    upkeep.forget()

    stage.says(ticket, "Thank you, all is well now.")
    stage.drain()

    assert [row.sealed_text is None for row in stage.messages(ticket)[:2]] == [True, False]
    assert stage.scores(ticket)[-1].message_id == stage.messages(ticket)[-1].message_id


def test_slots_long_past_are_dropped(stage: Stage) -> None:
    with stage.parts.database.system(Purpose.OPERATE) as session:
        slots.take(session, "upkeep.sweep", timedelta(minutes=1), real_now() - timedelta(days=8))
        slots.take(session, "upkeep.sweep", timedelta(minutes=1), real_now())

    upkeep.forget()

    with stage.parts.database.system(Purpose.OPERATE, read=True) as session:
        left = session.scalars(select(Slot)).all()
    assert len(left) == 1
