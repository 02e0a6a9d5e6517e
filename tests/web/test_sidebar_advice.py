"""What the sidebar advises, and what its buttons do: by stored values, for its own desk's tickets alone."""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import timedelta
from time import perf_counter

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select, update
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from app.store import chores, tracked_tickets
from app.store.database import Database
from app.store.models import AuditEntry, Message, ProtocolVersion, RecoveryCase, StepRow, StepState, TrackedTicket
from app.words import Arm, Cause
from tests import seeds
from tests.seeds import Seeded
from tests.web.launching import Claims, sidebar_settings, signed
from tests.web.test_sidebar import bearer_of, launch, look


@pytest.fixture
def desk_id(database: Database) -> int:
    return seeds.add_desk(database, **sidebar_settings())


@pytest.fixture
def bearer(stranger: FlaskClient, desk_id: int) -> str:
    return bearer_of(launch(stranger, signed()))


@pytest.fixture
def press(stranger: FlaskClient, bearer: str) -> Callable[..., TestResponse]:
    """Send one of the sidebar's forms."""

    def send(path: str, **form: str) -> TestResponse:
        headers = {"Authorization": f"Bearer {bearer}"}
        return stranger.post(f"/sidebar/zendesk/{path}", data=form, headers=headers)

    return send


@pytest.fixture
def chore(database: Database, story: Seeded) -> int:
    """A step of the open case that waits for a person."""
    return waiting(database, story, do="macro", params={"macro": "Late parcel"})


def waiting(database: Database, story: Seeded, **columns: object) -> int:
    with database.desk(story.desk_id) as session:
        row = session.scalars(select(StepRow).where(StepRow.action == "1-assign")).one()
        for name, value in {"state": StepState.WAITING, **columns}.items():
            setattr(row, name, value)
        return row.id


def state_of(database: Database, story: Seeded, step_id: int) -> StepState:
    with database.desk(story.desk_id, read=True) as session:
        return session.get_one(StepRow, step_id).state


def section(page: str, heading: str) -> str:
    """What stands under a heading, up to the next one."""
    return page.split(f">{heading}</h2>")[1].split("<h2")[0]


def with_document(database: Database, story: Seeded, document: str) -> None:
    with database.desk(story.desk_id) as session:
        session.execute(update(ProtocolVersion).values(document=document))


# --- what to do, and how to say it ---


@pytest.mark.capability("GUI-01")
def test_suggestions_are_ranked_with_reason_and_effect(stranger: FlaskClient, story: Seeded, bearer: str) -> None:
    shown = section(look(stranger, bearer, story.quiet_ticket_id).text, "What to do next")

    assert shown.index("Follow “Late parcel”") < shown.index("See it through to the end yourself")
    assert "reason: it is the protocol for shipping delay; no case is open" in shown
    assert "too few cases have ended to tell what it brings (0 of 20)" in shown
    assert "points now" in shown


@pytest.mark.capability("GUI-01")
def test_a_step_that_waits_for_a_person_is_suggested_first(
    stranger: FlaskClient, story: Seeded, bearer: str, chore: int
) -> None:
    shown = section(look(stranger, bearer, story.ticket_id).text, "What to do next")

    assert shown.index("Apply the macro &#34;Late parcel&#34;") < shown.index("See it through")


@pytest.mark.capability("GUI-01")
def test_the_whole_answer_comes_from_stored_state_in_time(stranger: FlaskClient, story: Seeded, bearer: str) -> None:
    look(stranger, bearer, story.ticket_id)

    took = []
    for _ in range(3):
        began = perf_counter()
        look(stranger, bearer, story.ticket_id)
        took.append(perf_counter() - began)

    assert min(took) < 0.3


@pytest.mark.capability("GUI-02")
def test_hints_are_for_the_state_and_what_was_said(stranger: FlaskClient, story: Seeded, bearer: str) -> None:
    shown = section(look(stranger, bearer, story.ticket_id).text, "How to say it")

    assert "Slow and personal" in shown
    assert "Calm and steady" not in shown


@pytest.mark.capability("GUI-07")
def test_the_change_since_our_last_reply_stands_beside_the_score(
    stranger: FlaskClient, story: Seeded, bearer: str
) -> None:
    page = look(stranger, bearer, story.ticket_id).text

    assert '<strong class="change">−27</strong> since our last reply' in page
    assert "<polyline" in page


# --- the protocol, its amounts and words ---

PRICING = """\
name: Too expensive
cause: billing
criteria:
  all:
    - {field: state, operator: is, value: poor_worsening}
team: Recovery
actions:
  - {do: note, text: "At most 15 % off, or 20 € once."}
  - {do: draft, text: "Dear {{customer | customer}}, we take 15 % off for ticket {{ticket_id}}."}
  - {do: draft, text: "You rated us with {{stars}} stars."}
"""


@pytest.mark.capability("PRO-03")
def test_pricing_feedback_shows_the_pricing_protocol_first_with_amounts_and_words(
    stranger: FlaskClient, story: Seeded, bearer: str, database: Database
) -> None:
    with_document(database, story, PRICING)
    with database.desk(story.desk_id) as session:
        session.execute(update(TrackedTicket).values(cause=Cause.BILLING))

    shown = section(look(stranger, bearer, story.quiet_ticket_id).text, "What the protocols say to do")

    assert "Too expensive" in shown[: shown.index("</summary>")]
    assert '<span class="mark">15 %</span> <span class="mark">20 €</span>' in shown
    assert "Dear Mira Muster, we take 15 % off for ticket 4712." in shown


def test_words_that_need_what_is_not_known_are_not_offered(
    stranger: FlaskClient, story: Seeded, bearer: str, database: Database
) -> None:
    with_document(database, story, PRICING.replace("cause: billing", "cause: shipping_delay"))

    shown = section(look(stranger, bearer, story.quiet_ticket_id).text, "What the protocols say to do")

    assert shown.count("data-insert") == 1


def test_the_protocols_stay_away_from_a_customer_who_is_held_out(
    stranger: FlaskClient, story: Seeded, bearer: str, database: Database
) -> None:
    with database.desk(story.desk_id) as session:
        session.execute(update(RecoveryCase).values(arm=Arm.HOLDOUT))

    page = look(stranger, bearer, story.ticket_id).text

    assert "What the protocols say to do" not in page
    assert "What is being done" not in page
    assert "No protocol is in force" not in page
    assert "Late parcel" not in page
    assert "What to do next" in page


# --- the customer ---


@pytest.mark.capability("GUI-06")
def test_earlier_contacts_and_ratings_are_in_one_place(stranger: FlaskClient, story: Seeded, bearer: str) -> None:
    shown = section(look(stranger, bearer, story.quiet_ticket_id).text, "The customer")

    assert "#4711 Where is my parcel?" in shown
    assert "Poor, worsening" in shown
    assert "bad <span" in shown


@pytest.mark.capability("GUI-06")
def test_promises_and_offers_so_far_are_told(
    stranger: FlaskClient, story: Seeded, bearer: str, database: Database
) -> None:
    said = "I will send you a voucher for 10 € within two days"
    with database.desk(story.desk_id) as session:
        sealed = database.vault.seal(said)
        session.execute(update(Message).where(Message.author == "agent").values(sealed_text=sealed))

    shown = section(look(stranger, bearer, story.ticket_id).text, "What we promised")

    assert shown.count(said) == 2
    assert "What we offered" in shown


def test_hostile_words_stay_words_in_every_part(stranger: FlaskClient, desk_id: int, database: Database) -> None:
    hostile = "<script>alert(1)</script>"
    story = seeds.add_story(database, desk_id, words=hostile)
    with database.desk(desk_id) as session:
        sealed = database.vault.seal(f"I will refund {hostile} within two days")
        session.execute(update(Message).where(Message.author == "agent").values(sealed_text=sealed))

    page = look(stranger, bearer_of(launch(stranger, signed())), story.ticket_id).text

    assert "<script" not in page
    assert page.count("I will refund &lt;script&gt;") == 2


# --- its buttons ---


@pytest.mark.capability("PRO-04")
def test_an_agent_ticks_their_step_off_in_the_sidebar(
    press: Callable[..., TestResponse], story: Seeded, database: Database, chore: int
) -> None:
    answer = press(f"ticket/{story.ticket_id}/steps/{chore}/done")

    assert answer.status_code == 200
    assert state_of(database, story, chore) is StepState.DONE
    with database.desk(story.desk_id, read=True) as session:
        (entry,) = session.scalars(select(AuditEntry))
        assert (entry.by, entry.did, entry.what) == ("agent:4001", "step.ticked", f"step:{chore}")


@pytest.mark.capability("PRO-03")
def test_a_macro_is_done_for_the_agent_once_however_often_they_press(
    press: Callable[..., TestResponse], story: Seeded, database: Database, chore: int
) -> None:
    pages = [press(f"ticket/{story.ticket_id}/steps/{chore}/run") for _ in range(3)]

    assert [page.status_code for page in pages] == [200, 200, 200]
    assert "Do it for me" not in pages[0].text
    assert state_of(database, story, chore) is StepState.PLANNED
    with database.desk(story.desk_id, read=True) as session:
        assert len(session.scalars(select(AuditEntry)).all()) == 1
        row = session.scalars(select(TrackedTicket).where(TrackedTicket.ticket_id == story.ticket_id)).one()
        assert row.due_at is not None


def test_a_step_is_changed_after_its_ticket_is_locked(
    press: Callable[..., TestResponse],
    story: Seeded,
    database: Database,
    chore: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    done: list[str] = []
    lock_all, delegate = tracked_tickets.lock_all, chores.delegate

    def lock(session: Session, tracked_ids: Collection[int]) -> None:
        done.append("lock")
        lock_all(session, tracked_ids)

    def change(session: Session, step_id: int, by: str) -> int | None:
        done.append("change")
        return delegate(session, step_id, by)

    monkeypatch.setattr(tracked_tickets, "lock_all", lock)
    monkeypatch.setattr(chores, "delegate", change)

    press(f"ticket/{story.ticket_id}/steps/{chore}/run")

    assert done == ["lock", "change"]


def test_a_step_that_was_settled_meanwhile_stays_as_it_is(
    press: Callable[..., TestResponse], story: Seeded, database: Database
) -> None:
    step_id = waiting(database, story, state=StepState.SKIPPED)

    answer = press(f"ticket/{story.ticket_id}/steps/{step_id}/done")

    assert answer.status_code == 200
    assert state_of(database, story, step_id) is StepState.SKIPPED


def test_only_what_an_agent_would_do_at_the_helpdesk_is_done_for_them(
    press: Callable[..., TestResponse], story: Seeded, database: Database
) -> None:
    step_id = waiting(database, story, do="task", params={"text": "Call the customer"})

    assert press(f"ticket/{story.ticket_id}/steps/{step_id}/run").status_code == 404
    assert state_of(database, story, step_id) is StepState.WAITING


def test_a_step_of_another_ticket_or_of_none_is_not_found(
    press: Callable[..., TestResponse], story: Seeded, chore: int
) -> None:
    assert press(f"ticket/{story.quiet_ticket_id}/steps/{chore}/done").status_code == 404
    assert press(f"ticket/{story.ticket_id}/steps/999999/done").status_code == 404
    assert press(f"ticket/{story.ticket_id}/steps/{chore}/undo").status_code == 404


def test_a_launch_of_one_desk_moves_no_step_of_another(
    stranger: FlaskClient, story: Seeded, database: Database, chore: int
) -> None:
    seeds.add_desk(database, "Second shop", **sidebar_settings("second", "360002"))
    claims = Claims(subdomain="second", installation="360002")
    theirs = bearer_of(launch(stranger, signed(claims, by="second")))

    answer = stranger.post(
        f"/sidebar/zendesk/ticket/{story.ticket_id}/steps/{chore}/done", headers={"Authorization": f"Bearer {theirs}"}
    )

    assert answer.status_code == 404
    assert state_of(database, story, chore) is StepState.WAITING


# --- a ticket never seen, and live refresh ---


def test_opening_a_ticket_nobody_told_us_of_has_it_read_at_once(
    stranger: FlaskClient, press: Callable[..., TestResponse], bearer: str, database: Database, desk_id: int
) -> None:
    answers = [press("ticket/815/watch").status_code for _ in range(2)]

    assert answers == [202, 202]
    with database.desk(desk_id, read=True) as session:
        row = session.scalars(select(TrackedTicket)).one()
        assert (row.ticket_id, row.dirty, row.done) == ("815", 1, 0)
    assert "The first reading is on its way." in look(stranger, bearer, "815").text


@pytest.mark.parametrize("ticket_id", ["abc", "1e5", "-1", "9" * 20, "１２"])
def test_what_is_no_tickets_number_is_not_read(
    press: Callable[..., TestResponse], database: Database, desk_id: int, ticket_id: str
) -> None:
    assert press(f"ticket/{ticket_id}/watch").status_code == 404
    with database.desk(desk_id, read=True) as session:
        assert session.scalars(select(TrackedTicket)).all() == []


def test_a_ticket_that_did_not_change_is_not_sent_again(stranger: FlaskClient, story: Seeded, bearer: str) -> None:
    headers = {"Authorization": f"Bearer {bearer}"}
    first = look(stranger, bearer, story.ticket_id)
    known = {**headers, "If-None-Match": first.headers["ETag"]}

    again = stranger.get(f"/sidebar/zendesk/ticket/{story.ticket_id}", headers=known)

    assert (again.status_code, again.data) == (304, b"")


def test_a_ticket_that_changed_is_sent_whole(
    stranger: FlaskClient, story: Seeded, bearer: str, database: Database
) -> None:
    headers = {"Authorization": f"Bearer {bearer}"}
    first = look(stranger, bearer, story.ticket_id)
    with database.desk(story.desk_id) as session:
        session.execute(update(TrackedTicket).values(state_since=seeds.NOW + timedelta(hours=1), churn_risk=0.9))

    again = stranger.get(
        f"/sidebar/zendesk/ticket/{story.ticket_id}", headers={**headers, "If-None-Match": first.headers["ETag"]}
    )

    assert again.status_code == 200
    assert "90 of 100" in again.text


# --- checking a reply ---


@pytest.mark.capability("GUI-03")
def test_a_draft_is_checked_and_what_is_wrong_is_quoted(press: Callable[..., TestResponse]) -> None:
    page = press("check", reply="You should have read our policy. <b>Goodbye</b>.").text

    assert "Something is missing." in page
    assert "You should have read our policy." in page
    assert "Name one next step" in page
    assert "<b>" not in page


@pytest.mark.capability("GUI-03")
def test_a_good_draft_is_good_to_go(press: Callable[..., TestResponse]) -> None:
    page = press(
        "check", reply="I'm sorry that your lamp came broken. I have booked a new one, which will arrive by Friday."
    ).text

    assert "Good to go." in page


def test_nothing_to_check_is_said_kindly(press: Callable[..., TestResponse]) -> None:
    assert "too little text" in press("check").text


@pytest.mark.parametrize(
    "path", ["check", "ticket/1/watch", "ticket/1/steps/1/done", "ticket/1/steps/1/run"], ids=lambda path: path
)
def test_without_a_launch_nothing_is_done(stranger: FlaskClient, desk_id: int, path: str) -> None:
    assert stranger.post(f"/sidebar/zendesk/{path}", data={"reply": "Hello there you"}).status_code == 401
