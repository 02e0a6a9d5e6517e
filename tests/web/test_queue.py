"""The recovery queue's page: its order with why, filters in the address, claiming and the like for many cases at once,
and decisions on what waits."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from app.store import accounts, cases, handling, tracked_tickets
from app.store.database import Database, Purpose
from app.store.handling import Holding
from app.store.models import AuditEntry, Invitation, InvitationState, RecoveryCase, Role, StepRow, StepState
from app.words import CaseStage
from tests import seeds
from tests.seeds import Seeded
from tests.web.people import ORIGIN, SignedIn

Person = Callable[..., SignedIn]


@pytest.fixture
def lead(person: Person) -> SignedIn:
    return person(Role.LEAD)


@pytest.fixture
def agent(person: Person) -> SignedIn:
    return person(Role.AGENT, email="omar@example.com")


def key_of(database: Database, email: str = "lena@example.com") -> str:
    with database.system(Purpose.SIGN_IN, read=True) as session:
        account = accounts.find_by_email(session, email)
        assert account is not None
        return f"account:{account.id}"


def holding(database: Database, story: Seeded) -> Holding:
    with database.desk(story.desk_id, read=True) as session:
        return handling.of_case(session, story.case_id)


def did(database: Database, story: Seeded) -> list[str]:
    with database.desk(story.desk_id, read=True) as session:
        return list(session.scalars(select(AuditEntry.did).order_by(AuditEntry.id)))


def change(who: SignedIn, story: Seeded, do: str, *, version: int = 0, **fields: str) -> TestResponse:
    """Do something to the story's case."""
    chosen = {"case": str(story.case_id), f"version-{story.case_id}": str(version)}
    return who.post("/queue", do=do, **chosen, **fields)


def take(database: Database, story: Seeded, who: str = "account:999") -> None:
    """Somebody else claims the case meanwhile."""
    with database.desk(story.desk_id) as session:
        handling.claim(session, story.case_id, who, seeds.NOW)


def test_the_queue_says_why_a_case_stands_where_it_stands(lead: SignedIn, story: Seeded) -> None:
    page = lead.get("/queue").text

    for said in (f"Case {story.case_id}", "Where is my parcel?", "Poor and getting worse", "likely to end unsatisfied"):
        assert said in page


def test_an_empty_queue_tells_what_to_do_next(lead: SignedIn) -> None:
    page = lead.get("/queue").text

    assert "Nobody waits to be won back" in page
    assert 'href="/protocols"' in page


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("state=poor_worsening", True),
        ("state=good_improving", False),
        ("holder=nobody", True),
        ("holder=me", False),
        ("holder=account%3A999", False),
        ("team=1", True),
        ("team=2", False),
        ("stuck=yes", True),
        ("snoozed=yes", False),
        ("cause=billing", False),
        ("stage=lost", False),
        ("protocol=999", False),
        ("state=nonsense&stage=%01&protocol=x&page=99999999999", True),
    ],
)
def test_filters_are_in_the_address(lead: SignedIn, story: Seeded, query: str, found: bool) -> None:
    page = lead.get(f"/queue?{query}").text

    assert (f'data-case="{story.case_id}"' in page) is found
    assert found or "No case fits this filter" in page


def test_a_case_is_claimed_with_one_button(agent: SignedIn, story: Seeded, database: Database) -> None:
    answer = agent.post("/queue?state=poor_worsening", do=f"claim:{story.case_id}", **{f"version-{story.case_id}": "0"})

    assert (answer.status_code, answer.location) == (303, "/queue?state=poor_worsening&said=claim")
    assert holding(database, story).holder == key_of(database, "omar@example.com")
    assert did(database, story) == ["case.claimed"]
    assert "<strong>You</strong>" in agent.get("/queue?said=claim").text


def test_who_comes_second_is_told_who_has_it(
    agent: SignedIn, lead: SignedIn, story: Seeded, database: Database
) -> None:
    change(lead, story, "claim")

    answer = change(agent, story, "claim")

    assert answer.status_code == 409
    assert "somebody else has it" in answer.text
    assert "lena@example.com has it" in answer.text
    assert holding(database, story).holder == key_of(database)


def test_a_lead_hands_a_case_over(agent: SignedIn, lead: SignedIn, story: Seeded, database: Database) -> None:
    to = key_of(database, "omar@example.com")

    answer = change(lead, story, "hand_over", to=to)

    assert answer.status_code == 303
    assert holding(database, story).holder == to
    assert did(database, story) == ["case.handed_over"]


def test_an_agent_hands_over_only_what_is_theirs(agent: SignedIn, story: Seeded, database: Database) -> None:
    lena = key_of(database, "omar@example.com")

    refused = change(agent, story, "hand_over", to=lena)
    change(agent, story, "claim")
    done = change(agent, story, "hand_over", version=1, to=lena)

    assert (refused.status_code, done.status_code) == (403, 303)


def test_somebody_who_has_left_is_given_nothing(lead: SignedIn, story: Seeded, database: Database) -> None:
    answer = change(lead, story, "hand_over", to="account:999")

    assert answer.status_code == 422
    assert "does not work on this desk" in answer.text
    assert holding(database, story).holder is None


def test_a_stale_page_changes_nothing_and_keeps_what_was_typed(
    lead: SignedIn, story: Seeded, database: Database
) -> None:
    take(database, story)

    answer = change(lead, story, "snooze", span="1d", reason="waits for the courier")

    assert answer.status_code == 409
    assert "somebody changed it since you looked" in answer.text
    assert 'name="reason" value="waits for the courier"' in answer.text
    assert f'name="version-{story.case_id}" value="1"' in answer.text
    assert holding(database, story).snoozed_until is None


def test_a_case_is_put_off_with_a_reason(lead: SignedIn, story: Seeded, database: Database) -> None:
    answer = change(lead, story, "snooze", span="1d", reason="waits for the courier")

    assert answer.status_code == 303
    assert f'data-case="{story.case_id}"' not in lead.get("/queue").text
    assert "waits for the courier" in lead.get("/queue?snoozed=yes").text
    assert holding(database, story).snoozed_by == key_of(database)


def test_a_case_that_was_put_off_is_brought_back(lead: SignedIn, story: Seeded, database: Database) -> None:
    change(lead, story, "snooze", span="1w", reason="waits for the courier")

    change(lead, story, "unsnooze", version=1)

    assert f'data-case="{story.case_id}"' in lead.get("/queue").text


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"do": "snooze", "span": "1d"}, "A reason is needed, in your own words."),
        ({"do": "snooze", "reason": "r", "until": "2001-01-01T10:00"}, "The time must be in the future."),
        ({"do": "snooze", "reason": "r", "until": "soon"}, "Choose how long"),
        ({"do": "snooze", "reason": "r" * 501, "span": "1d"}, "Must have 1 to 500 characters"),
        ({"do": "snooze", "reason": "r", "until": "0001-01-01T00:00+10:00"}, "Choose how long"),
        ({"do": "snooze", "reason": "r", "until": "9999-12-31T23:59-10:00"}, "Choose how long"),
        ({"do": "hand_over"}, "Choose who is to have it."),
        ({"do": "nonsense"}, "Choose what to do."),
        ({"do": "claim:x"}, "Choose at least one case."),
    ],
)
def test_what_is_wrong_is_said_and_what_was_typed_is_kept(
    lead: SignedIn, story: Seeded, database: Database, fields: dict[str, str], said: str
) -> None:
    chosen = {"case": str(story.case_id), f"version-{story.case_id}": "0"}

    answer = lead.post("/queue", **chosen, **fields)

    assert answer.status_code == 422
    assert said in answer.text
    assert f'value="{fields["reason"]}"' in answer.text if "reason" in fields else True
    assert holding(database, story).version == 0


def test_markup_in_a_reason_is_words(lead: SignedIn, story: Seeded) -> None:
    change(lead, story, "snooze", span="1d", reason="<script>alert(1)</script>")

    page = lead.get("/queue?snoozed=yes").text

    assert "&lt;script&gt;alert(1)" in page


def test_many_at_once_are_answered_one_by_one(lead: SignedIn, story: Seeded, database: Database) -> None:
    with database.desk(story.desk_id) as session:
        cases.move(cases.get(session, story.case_id), CaseStage.EXPIRED, seeds.NOW)
    other = seeds.add_story(database, story.desk_id, words="Second", prefix="9")
    data = {"csrf": lead.csrf, "do": "claim", "case": [str(other.case_id), str(story.case_id), "999"]}
    data |= {f"version-{one}": "0" for one in (other.case_id, story.case_id, 999)}

    answer = lead.client.post("/queue", data=data, headers=ORIGIN)

    assert answer.status_code == 200
    told = re.findall(r"Case (\d+)</a>: <strong>([^<]+)<", answer.text)
    assert told == [
        (str(other.case_id), "Yours now."),
        (str(story.case_id), "Nothing was changed: it is closed."),
        ("999", "There is no such case on this desk."),
    ]


@pytest.fixture
def locked(monkeypatch: pytest.MonkeyPatch) -> list[list[int]]:
    """The ids of the tickets that are locked, lock by lock."""
    found: list[list[int]] = []
    lock_all = tracked_tickets.lock_all

    def remember(session: Session, tracked_ids: Collection[int]) -> None:
        found.append(sorted(tracked_ids))
        lock_all(session, tracked_ids)

    monkeypatch.setattr(tracked_tickets, "lock_all", remember)
    return found


def test_all_tickets_are_locked_before_the_first_case_is_changed(
    lead: SignedIn, story: Seeded, database: Database, locked: list[list[int]]
) -> None:
    other = seeds.add_story(database, story.desk_id, words="Second", prefix="9")
    chosen = [other.case_id, story.case_id]
    with database.desk(story.desk_id, read=True) as session:
        tickets = sorted(cases.get(session, one).tracked_id for one in chosen)

    lead.client.post(
        "/queue",
        data={"csrf": lead.csrf, "do": "claim", "case": chosen} | {f"version-{one}": "0" for one in chosen},
        headers=ORIGIN,
    )

    assert locked[0] == tickets


def test_all_tickets_are_locked_before_the_first_decision(
    lead: SignedIn, story: Seeded, database: Database, locked: list[list[int]]
) -> None:
    other = seeds.add_story(database, story.desk_id, words="Second", prefix="9")
    items = [f"survey:{other.stuck_invitation_id}", f"step:{story.stuck_step_id}"]
    with database.desk(story.desk_id, read=True) as session:
        tickets = sorted(cases.get(session, one.case_id).tracked_id for one in (other, story))

    lead.client.post("/queue/decisions", data={"csrf": lead.csrf, "do": "repeat", "item": items}, headers=ORIGIN)

    assert locked[0] == tickets


def test_another_desks_case_is_no_case(lead: SignedIn, story: Seeded, database: Database) -> None:
    other = seeds.add_story(database, seeds.add_desk(database, "Second shop"), prefix="8")

    answer = change(lead, other, "claim")

    assert answer.status_code == 404
    assert holding(database, other).holder is None


def test_rows_are_sent_again_only_when_they_changed(lead: SignedIn, story: Seeded, database: Database) -> None:
    first = lead.client.get("/queue/rows")
    same = lead.client.get("/queue/rows", headers={"If-None-Match": first.headers["ETag"]})
    take(database, story)
    changed = lead.client.get("/queue/rows", headers={"If-None-Match": first.headers["ETag"]})

    assert (first.status_code, same.status_code, changed.status_code) == (200, 304, 200)
    assert "somebody who has left" in changed.text


def test_what_waits_is_decided_from_the_queue(lead: SignedIn, story: Seeded, database: Database) -> None:
    page = lead.get("/queue").text
    kept = lead.post("/queue/decisions", do="leave", item=f"step:{story.stuck_step_id}")
    sent = lead.post("/queue/decisions", do=f"confirm:survey:{story.stuck_invitation_id}")

    assert "Waits for a decision" in page
    assert (kept.status_code, sent.status_code) == (303, 303)
    with database.desk(story.desk_id, read=True) as session:
        assert session.get_one(StepRow, story.stuck_step_id).state is StepState.SKIPPED
        assert session.get_one(Invitation, story.stuck_invitation_id).state is InvitationState.SENT
    assert did(database, story) == ["step.left", "survey.confirmed"]


def test_of_two_who_decide_the_second_is_told(lead: SignedIn, story: Seeded) -> None:
    first = lead.post("/queue/decisions", do="repeat", item=f"survey:{story.stuck_invitation_id}")
    second = lead.post("/queue/decisions", do="repeat", item=f"survey:{story.stuck_invitation_id}")

    assert (first.status_code, second.status_code) == (303, 409)
    assert "somebody had decided already" in second.text


def test_a_decision_on_nothing_is_asked_again(lead: SignedIn, story: Seeded) -> None:
    answer = lead.post("/queue/decisions", do="confirm", item="step:nonsense")

    assert answer.status_code == 422
    assert "Choose what to decide on" in answer.text


def test_agents_decide_nothing(agent: SignedIn, story: Seeded) -> None:
    answer = agent.post("/queue/decisions", do="leave", item=f"step:{story.stuck_step_id}")

    assert answer.status_code == 403
    assert "Waits for a decision</h2>" not in agent.get("/queue").text


def test_a_form_without_its_token_changes_nothing(lead: SignedIn, story: Seeded, database: Database) -> None:
    answer = lead.client.post("/queue", data={"do": f"claim:{story.case_id}"}, headers=ORIGIN)

    assert answer.status_code == 403
    assert holding(database, story).holder is None


def test_cases_held_out_for_comparison_are_not_in_the_queue(lead: SignedIn, story: Seeded, database: Database) -> None:
    with database.desk(story.desk_id) as session:
        session.get_one(RecoveryCase, story.case_id).arm = "holdout"  # type: ignore[assignment]

    assert f'data-case="{story.case_id}"' not in lead.get("/queue").text
