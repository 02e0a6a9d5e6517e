"""The recovery queue and one case's story, with the decisions that only a person can make."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import update

from app.store.database import Database
from app.store.models import (
    Invitation,
    InvitationState,
    Message,
    OfferState,
    RecoveryCase,
    Role,
    ScoreRow,
    StepRow,
    StepState,
    TrackedTicket,
)
from app.words import CaseStage
from tests.seeds import Seeded
from tests.web.people import SignedIn


def test_an_empty_queue_says_how_cases_come_about(admin: SignedIn) -> None:
    assert "A case opens by itself" in admin.get("/cases").text


def test_a_filter_that_finds_nothing_offers_all_cases(admin: SignedIn) -> None:
    assert "Show all cases" in admin.get("/cases?stage=lost").text


def test_a_row_of_the_queue_says_everything_in_words(admin: SignedIn, story: Seeded) -> None:
    page = admin.get("/cases").text

    for said in ("Poor, worsening", ">31<", "Shipping delay", "Late parcel", "Assigned", "Where is my parcel?"):
        assert said in page
    assert 'href="https://example.zendesk.com/agent/tickets/4711"' in page


@pytest.mark.parametrize(
    ("query", "shown"),
    [
        ("", True),
        ("?stage=open", True),
        ("?stage=assigned", True),
        ("?stage=all", True),
        ("?stage=closed", False),
        ("?stage=recovered", False),
        ("?state=poor_worsening", True),
        ("?state=good_improving", False),
        ("?state=nonsense&stage=nonsense&page=nonsense", True),
        ("?page=99", True),
    ],
)
def test_filters_in_the_address_choose_the_cases(admin: SignedIn, story: Seeded, query: str, shown: bool) -> None:
    page = admin.get(f"/cases{query}").text

    assert (f'href="/cases/{story.case_id}"' in page) is shown


def test_a_case_tells_its_whole_story_in_order(admin: SignedIn, story: Seeded) -> None:
    page = admin.get(f"/cases/{story.case_id}").text

    told = [
        "My parcel has not arrived.",
        "We are looking into it.",
        "This is the third time I write. I want my money back!",
        "Opened a case",
        "Assign to the least loaded member",
        "The customer answered: 2",
        "The customer rated the service: bad",
    ]
    places = [page.index(words) for words in told]
    assert places == sorted(places)


def test_a_case_quotes_the_reasons_of_its_scores(admin: SignedIn, story: Seeded) -> None:
    page = admin.get(f"/cases/{story.case_id}").text

    assert "This is the third time I write</span>" in page
    assert "<polyline" in page
    assert "\u221227" in page


def test_erased_words_are_gone_and_said_to_be(admin: SignedIn, story: Seeded, database: Database) -> None:
    with database.desk(story.desk_id) as session:
        session.execute(update(Message).values(sealed_text=None))
        session.execute(update(ScoreRow).values(sealed_reasons=None))
        session.execute(update(TrackedTicket).values(sealed_reasons=None, sealed_insight=None))

    page = admin.get(f"/cases/{story.case_id}").text

    assert "third time" not in page
    assert "The words were erased" in page
    assert "Not the first contact about this" in page


def test_a_lead_confirms_that_an_alert_was_sent(
    person: Callable[..., SignedIn], story: Seeded, database: Database
) -> None:
    lead = person(Role.LEAD)

    answer = lead.post(f"/cases/steps/{story.stuck_step_id}/confirm")

    with database.desk(story.desk_id, read=True) as session:
        step = session.get_one(StepRow, story.stuck_step_id)
        assert (step.state, step.reason) == (StepState.DONE, "a person confirmed that it was sent")
    assert "Marked as sent." in lead.get(answer.location).text


def test_a_step_that_is_sent_again_wakes_its_ticket(admin: SignedIn, story: Seeded, database: Database) -> None:
    admin.post(f"/cases/steps/{story.stuck_step_id}/repeat")

    with database.desk(story.desk_id, read=True) as session:
        step = session.get_one(StepRow, story.stuck_step_id)
        ticket = session.get_one(TrackedTicket, step.tracked_id)
        assert (step.state, step.attempts) == (StepState.PLANNED, 0)
        assert ticket.due_at is not None


def test_pressing_twice_decides_once(admin: SignedIn, story: Seeded, database: Database) -> None:
    admin.post(f"/cases/steps/{story.stuck_step_id}/confirm")

    answer = admin.post(f"/cases/steps/{story.stuck_step_id}/repeat", case=str(story.case_id))

    with database.desk(story.desk_id, read=True) as session:
        assert session.get_one(StepRow, story.stuck_step_id).state is StepState.DONE
    assert "Nothing was changed" in admin.get(answer.location).text


def test_a_survey_of_unknown_fate_is_confirmed_or_sent_again(
    admin: SignedIn, story: Seeded, database: Database
) -> None:
    admin.post(f"/cases/invitations/{story.stuck_invitation_id}/repeat")
    with database.desk(story.desk_id, read=True) as session:
        repeated = session.get_one(Invitation, story.stuck_invitation_id).state

    late = admin.post(f"/cases/invitations/{story.stuck_invitation_id}/confirm", case=str(story.case_id))

    assert repeated is InvitationState.SCHEDULED
    assert late.location.endswith("said=late")


def test_confirming_a_survey_counts_it_as_sent(admin: SignedIn, story: Seeded, database: Database) -> None:
    admin.post(f"/cases/invitations/{story.stuck_invitation_id}/confirm")

    with database.desk(story.desk_id, read=True) as session:
        invitation = session.get_one(Invitation, story.stuck_invitation_id)
        assert invitation.state is InvitationState.SENT
        assert invitation.sent_at is not None


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"offer": OfferState.MADE}, "It leads to the helpdesk's own survey."),
        (
            {"offer": OfferState.NOT_HERE, "offer_reason": "the helpdesk answered 409: SurveyDisabled"},
            "It leads to our own survey page: the helpdesk answered 409: SurveyDisabled",
        ),
    ],
)
def test_a_survey_says_whose_page_it_leads_to(
    admin: SignedIn, story: Seeded, database: Database, values: dict[str, Any], said: str
) -> None:
    with database.desk(story.desk_id) as session:
        row = session.get_one(Invitation, story.stuck_invitation_id)
        for name, value in values.items():
            setattr(row, name, value)

    assert said in admin.get(f"/cases/{story.case_id}").text


def test_a_step_that_does_not_exist_is_not_found(admin: SignedIn) -> None:
    assert admin.post("/cases/steps/999/confirm").status_code == 404


@pytest.mark.parametrize("number", ["0", "-1", "999", "99999999999999999999", "x"])
def test_a_case_that_does_not_exist_is_not_found(admin: SignedIn, number: str) -> None:
    assert admin.get(f"/cases/{number}").status_code == 404


def test_a_closed_case_says_how_it_ended(admin: SignedIn, story: Seeded, database: Database) -> None:
    with database.desk(story.desk_id) as session:
        case = session.get_one(RecoveryCase, story.case_id)
        case.stage, case.open_key, case.closed_at = CaseStage.RECOVERED, None, case.opened_at
        case.reason = "The customer is satisfied again."

    assert "The customer is satisfied again." in admin.get(f"/cases/{story.case_id}").text
    assert f"/cases/{story.case_id}" in admin.get("/cases?stage=recovered").text
