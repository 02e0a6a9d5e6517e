"""Surveys of the helpdesk's own: offered once, linked in one message, answered there, and ours where it has none."""

from __future__ import annotations

import io
import json
import logging
import re
from collections.abc import Iterator

import pytest
import requests
import structlog
from sqlalchemy import inspect, text, update

from app import log
from app.clock import real_now
from app.store import offers, people, reviews
from app.store.models import Answer, Invitation, InvitationState, OfferState, Reconcile
from app.words import CaseStage
from connectors.base import Connector
from connectors.zendesk.client import ZendeskConnector
from tasks import offering, personal, reconcile
from tests.tasks.closing import LINK, solved
from tests.tasks.conftest import MakeStage
from tests.tasks.stage import CUSTOMER, Killed, Stage, die

RESURVEY = {"after_hours": 24, "channel": "helpdesk", "good_from": 0.6}
OFFERED = re.compile(r"http://127\.0\.0\.1:\d+(/hc/[\w-]+/survey_responses/(\w+)\?access_token=([\w-]+))")
RESPONSES = "/api/v2/guide/survey_responses"


def due(stage: Stage, survey_id: str | None = None) -> str:
    """A ticket whose customer is to be asked now, by the helpdesk's own survey."""
    stage.settings(survey_id=survey_id or stage.account.survey_id)
    ticket = solved(stage, resurvey=RESURVEY)
    stage.step(hours=25)
    return ticket


def asked(stage: Stage) -> str:
    ticket = due(stage)
    stage.drain()
    return ticket


def survey(stage: Stage, ticket: str) -> Invitation:
    (only,) = stage.surveys(ticket)
    return only


def answers_there(stage: Stage, words: str, rating: int, comment: str = "") -> None:
    """The customer follows the link in these words and answers; the helpdesk's webhook is for the test to play."""
    found = OFFERED.search(words)
    assert found is not None
    stage.step(minutes=1)
    http = requests.Session()
    http.trust_env = False
    form = {"rating": str(rating), "comment": comment}
    answer = http.post(stage.sandbox.url + found[1], data=form, headers={"Origin": stage.sandbox.url}, timeout=5)
    assert answer.ok, answer.text


def mailed(stage: Stage) -> str:
    (mail,) = stage.mails()
    return str(mail["text"])


def offered(stage: Stage) -> int:
    """How many surveys the helpdesk has offered."""
    with stage.sandbox.helpdesk.file.reading() as db:
        return int(db.execute("SELECT count(*) FROM survey_response").fetchone()[0])


def test_the_mail_leads_to_the_helpdesk_s_own_survey_and_not_to_ours(stage: Stage) -> None:
    ticket = asked(stage)

    row, words = survey(stage, ticket), mailed(stage)
    found = OFFERED.search(words)
    assert found is not None
    assert (row.state, row.offer, row.offer_id) == (InvitationState.SENT, OfferState.MADE, found[2])
    assert not LINK.search(words)
    assert "works once" not in words
    assert offered(stage) == 1
    assert stage.case(ticket).stage is CaseStage.RESURVEYED


@pytest.mark.parametrize(("rating", "stage_then"), [(5, CaseStage.RECOVERED), (2, CaseStage.LOST)])
def test_an_answer_at_the_helpdesk_ends_the_case(stage: Stage, rating: int, stage_then: CaseStage) -> None:
    ticket = asked(stage)

    answers_there(stage, mailed(stage), rating, "Thank you for asking")
    stage.happened(ticket, "rating.received")
    stage.drain()

    row, (answer,) = survey(stage, ticket), stage.rows(Answer)
    assert stage.case(ticket).stage is stage_then
    assert (row.state, row.answered_at, row.sealed_offer) == (InvitationState.ANSWERED, answer.at, None)
    assert (answer.value, answer.original) == ((rating - 1) / 4, str(rating))
    assert stage.opened(Answer, "sealed_comment") == "Thank you for asking"
    assert "recovery_open" not in stage.tags(ticket)


def test_another_rating_of_the_ticket_is_no_answer(stage: Stage) -> None:
    ticket = asked(stage)

    stage.rates(ticket, 5)
    stage.drain()

    assert survey(stage, ticket).state is InvitationState.SENT
    assert stage.case(ticket).stage is CaseStage.RESURVEYED


def test_a_changed_answer_changes_nothing_any_more(stage: Stage) -> None:
    ticket = asked(stage)
    for rating in (5, 1):
        answers_there(stage, mailed(stage), rating)
        stage.happened(ticket, "rating.received")
        stage.drain()

    assert [answer.original for answer in stage.rows(Answer)] == ["5"]
    assert stage.case(ticket).stage is CaseStage.RECOVERED


def test_without_a_mail_server_the_comment_carries_the_link(make_stage: MakeStage) -> None:
    stage = make_stage(KINTSUGI_SMTP_URL="")
    ticket = asked(stage)

    words = stage.comments(ticket, public=True)[-1]
    answers_there(stage, words, 5)
    stage.happened(ticket, "rating.received")
    stage.drain()

    assert not LINK.search(words)
    assert stage.case(ticket).stage is CaseStage.RECOVERED


def test_the_usual_survey_is_offered_where_no_admin_chose_one(stage: Stage) -> None:
    other = stage.opens(email="somebody@example.com")
    stage.rates(other, 4)
    stage.drain()
    ticket = solved(stage, resurvey=RESURVEY)
    stage.step(hours=25)

    stage.drain()

    assert survey(stage, ticket).offer is OfferState.MADE


@pytest.mark.parametrize(
    ("csat", "chosen", "reason"), [("legacy", None, "409: SurveyDisabled"), ("survey", "none", "404: SurveyNotFound")]
)
def test_an_account_without_that_survey_has_ours(stage: Stage, csat: str, chosen: str | None, reason: str) -> None:
    stage.act("settings", csat=csat)
    ticket = due(stage, chosen)

    stage.drain()

    row = survey(stage, ticket)
    assert (row.state, row.offer) == (InvitationState.SENT, OfferState.NOT_HERE)
    assert reason in (row.offer_reason or "")
    assert LINK.findall(mailed(stage)) == [stage.token(ticket)]


def test_a_role_that_may_not_offer_surveys_has_ours(stage: Stage) -> None:
    ticket = due(stage)
    stage.fault("status", status=403, method="POST", path_prefix=RESPONSES)

    stage.drain()

    assert "403" in (survey(stage, ticket).offer_reason or "")
    assert LINK.search(mailed(stage))


def test_an_account_whose_surveys_are_not_known_has_ours(stage: Stage) -> None:
    ticket = solved(stage, resurvey=RESURVEY)
    stage.step(hours=25)

    stage.drain()

    assert survey(stage, ticket).offer_reason == "no survey of this account is known"
    assert (offered(stage), len(LINK.findall(mailed(stage)))) == (0, 1)


def test_an_offer_whose_answer_was_lost_is_not_made_a_second_time(stage: Stage) -> None:
    ticket = due(stage)
    stage.fault("drop_after_write", method="POST", path_prefix=RESPONSES)
    stage.turn()
    waiting, early = survey(stage, ticket), stage.mails()

    stage.pass_time(minutes=1)
    stage.drain()

    row = survey(stage, ticket)
    assert (waiting.state, waiting.offer, early) == (InvitationState.SCHEDULED, OfferState.ASKED, [])
    assert (row.state, row.offer_reason) == (InvitationState.SENT, offering.LOST)
    assert offered(stage) == 1
    assert LINK.search(mailed(stage))


def test_an_offer_that_was_never_made_is_asked_for_once_more(stage: Stage) -> None:
    ticket = due(stage)
    stage.fault("status", status=502, method="POST", path_prefix=RESPONSES)
    stage.turn()

    stage.pass_time(minutes=1)
    stage.drain()

    row = survey(stage, ticket)
    assert (row.state, row.offer, row.offer_tries) == (InvitationState.SENT, OfferState.MADE, 2)
    assert offered(stage) == 1


def test_a_helpdesk_that_never_says_what_became_of_it_is_asked_twice_at_the_most(stage: Stage) -> None:
    ticket = due(stage)
    stage.fault("status", status=502, times=10, method="POST", path_prefix=RESPONSES)
    for _ in range(4):
        stage.turn()
        stage.pass_time(minutes=10)

    row = survey(stage, ticket)
    assert (row.offer, row.offer_tries, row.offer_reason) == (OfferState.NOT_HERE, 2, offering.UNSURE)
    assert LINK.search(mailed(stage))


def test_a_helpdesk_that_is_away_is_waited_for_and_then_done_without(stage: Stage) -> None:
    ticket = due(stage)
    stage.fault("status", status=503, times=50, method="GET")
    for _ in range(7):
        stage.turn()
        stage.pass_time(hours=2)

    row = survey(stage, ticket)
    assert (row.offer, row.offer_tries) == (OfferState.NOT_HERE, 0)
    assert (row.offer_reason or "").startswith("tried 6 times: ")
    assert (offered(stage), len(LINK.findall(mailed(stage)))) == (0, 1)


def test_a_sender_that_dies_with_the_offer_in_its_hands_makes_no_other(stage: Stage) -> None:
    ticket = due(stage)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(offers, "made", lambda *_: die())
        with pytest.raises(Killed):
            stage.turn()
    stage.pass_time(hours=1)

    stage.drain()

    row = survey(stage, ticket)
    assert (row.state, row.offer_reason) == (InvitationState.SENT, offering.LOST)
    assert offered(stage) == 1


def test_a_survey_that_is_called_off_meanwhile_does_not_leave(stage: Stage) -> None:
    ticket = due(stage)
    offer = ZendeskConnector.offer_survey

    def reopened(*args):
        link = offer(*args)
        stage.says(ticket, "It is broken again.")
        for claim in stage.claim():
            stage.work(claim)
        return link

    stage.patch.setattr(ZendeskConnector, "offer_survey", reopened)

    stage.drain()

    row = survey(stage, ticket)
    assert (row.state, row.sealed_offer) == (InvitationState.CANCELLED, None)
    assert stage.mails() == []


def test_the_other_channels_ask_the_helpdesk_for_nothing(stage: Stage) -> None:
    stage.settings(survey_id=stage.account.survey_id)
    ticket = solved(stage)
    stage.step(hours=25)

    stage.drain()

    assert survey(stage, ticket).offer is None
    assert (offered(stage), len(LINK.findall(mailed(stage)))) == (0, 1)


@pytest.fixture
def lines() -> Iterator[io.StringIO]:
    """Everything that is logged."""
    root, written = logging.getLogger(), io.StringIO()
    before = root.handlers[:], root.level
    log.configure("debug", written)
    yield written
    structlog.reset_defaults()
    root.handlers[:] = before[0]
    root.setLevel(before[1])


@pytest.mark.parametrize("by_mail", [True, False])
def test_the_link_is_in_no_log_and_in_no_plain_column(make_stage: MakeStage, lines: io.StringIO, by_mail: bool) -> None:
    stage = make_stage(**({} if by_mail else {"KINTSUGI_SMTP_URL": ""}))
    ticket = asked(stage)
    stage.happened(ticket)
    stage.drain()
    words = mailed(stage) if by_mail else stage.comments(ticket, public=True)[-1]
    found = OFFERED.search(words)
    assert found is not None
    key = found[3]
    with stage.parts.database.desk(stage.desk_id, read=True) as session:
        assert key in (offers.link(session, survey(stage, ticket)) or "")

    answers_there(stage, words, 1)
    stage.happened(ticket, "rating.received")
    stage.drain()

    with stage.parts.database.engine.connect() as connection:
        tables = inspect(connection).get_table_names()
        kept = "".join(repr(connection.execute(text(f'SELECT * FROM "{name}"')).all()) for name in tables)
    assert "survey_offered" in lines.getvalue()
    assert key not in lines.getvalue()
    assert key not in kept


def test_an_answer_that_no_webhook_told_of_is_found(stage: Stage) -> None:
    stage.allow(incremental=1000)
    reconcile.turn(stage.parts, stage.desk_id)
    ticket = asked(stage)
    answers_there(stage, mailed(stage), 5)
    stage.step(minutes=11)
    with stage.parts.database.desk(stage.desk_id) as session:
        session.execute(update(Reconcile).values(due_at=real_now()))

    reconcile.turn(stage.parts, stage.desk_id)
    stage.drain()

    assert stage.case(ticket).stage is CaseStage.RECOVERED


def test_an_answer_about_a_ticket_that_was_merged_meanwhile_ends_the_case_on_the_target(stage: Stage) -> None:
    ticket = asked(stage)
    target = stage.opens("Another matter.", email="somebody@example.com")
    stage.publish()
    stage.drain()
    stage.act(f"tickets/{ticket}/merge", into=int(target))
    stage.happened(ticket, "ticket.merged")
    stage.drain()

    answers_there(stage, mailed(stage), 5)
    stage.happened(ticket, "rating.received")
    stage.drain()

    assert (stage.case(target).stage, stage.case(target).moved_from) == (CaseStage.RECOVERED, ticket)


def test_a_ticket_that_is_closed_by_then_has_the_link_mailed(stage: Stage) -> None:
    ticket = due(stage)
    stage.act(f"tickets/{ticket}/close")
    stage.happened(ticket)
    stage.drain()

    assert OFFERED.search(mailed(stage))
    assert survey(stage, ticket).offer is OfferState.MADE


def test_a_person_who_wants_no_surveys_is_offered_none(stage: Stage) -> None:
    ticket = due(stage)
    with stage.parts.database.desk(stage.desk_id) as session:
        person_id = stage.tracked(ticket).person_id
        assert person_id is not None
        people.opt_out(session, person_id, stage.now)

    stage.drain()

    assert (survey(stage, ticket).state, offered(stage)) == (InvitationState.NOT_SENT, 0)


def test_an_erased_person_s_link_is_gone_and_no_export_has_it(stage: Stage) -> None:
    ticket = asked(stage)
    found = OFFERED.search(mailed(stage))
    assert found is not None

    exported = json.dumps(personal.export_person(stage.parts, stage.desk_id, CUSTOMER))
    personal.erase_person(stage.parts, stage.desk_id, CUSTOMER)

    row = survey(stage, ticket)
    assert found[3] not in exported
    assert (row.sealed_offer, row.offer_id) == (None, None)


def test_a_mail_that_is_sent_again_carries_the_same_link(stage: Stage) -> None:
    ticket = due(stage)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("app.outbound.mail.Handover.send", lambda _: die())
        with pytest.raises(Killed):
            stage.turn()
    stage.pass_time(hours=1)
    stage.drain()
    with stage.parts.database.desk(stage.desk_id) as session:
        reviews.repeat_invitation(session, survey(stage, ticket).id)

    stage.drain()

    assert survey(stage, ticket).state is InvitationState.SENT
    assert (offered(stage), len(OFFERED.findall(mailed(stage)))) == (1, 1)


def test_a_kind_of_helpdesk_without_links_has_ours(stage: Stage) -> None:
    ticket = due(stage)
    stage.patch.setattr(ZendeskConnector, "offer_survey", Connector.offer_survey)

    stage.drain()

    assert survey(stage, ticket).offer_reason == offering.NO_KIND
    assert LINK.search(mailed(stage))


def test_a_ticket_that_the_helpdesk_does_not_know_any_more_is_offered_nothing(stage: Stage) -> None:
    ticket = due(stage)
    stage.patch.setattr(ZendeskConnector, "read_tickets", lambda *_: [])

    stage.drain()

    assert survey(stage, ticket).offer_reason == "the ticket does not exist any more"
    assert offered(stage) == 0


def test_an_allowance_that_is_spent_is_waited_for(stage: Stage) -> None:
    ticket = due(stage)
    stage.fault("status", status=429, method="POST", path_prefix=RESPONSES)
    stage.turn()
    waiting = survey(stage, ticket)

    stage.pass_time(hours=1)
    stage.drain()

    assert (waiting.state, waiting.offer, waiting.offer_tries) == (InvitationState.SCHEDULED, OfferState.WANTED, 0)
    assert (survey(stage, ticket).offer, offered(stage)) == (OfferState.MADE, 1)


def test_offer_and_answer_are_the_same_on_postgresql(postgres_stage: Stage) -> None:
    ticket = asked(postgres_stage)

    answers_there(postgres_stage, mailed(postgres_stage), 1, "No")
    postgres_stage.happened(ticket, "rating.received")
    postgres_stage.drain()

    assert postgres_stage.case(ticket).stage is CaseStage.LOST
    assert survey(postgres_stage, ticket).state is InvitationState.ANSWERED


def test_refused_credentials_are_waited_for_and_make_no_offer(stage: Stage) -> None:
    ticket = due(stage)
    stage.fault("status", status=401, times=4, path_prefix=RESPONSES)
    stage.turn()
    waiting = survey(stage, ticket)

    stage.heal()
    stage.pass_time(hours=1)
    stage.drain()

    assert (waiting.state, waiting.offer, waiting.offer_tries) == (InvitationState.SCHEDULED, OfferState.WANTED, 0)
    assert (survey(stage, ticket).offer, offered(stage)) == (OfferState.MADE, 1)
