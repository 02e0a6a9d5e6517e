"""Taking a case, giving it on and putting it off: the ticket's assignee at the helpdesk, alerts, and the audit log."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select, update

from app.protocols.routing import Member, Team
from app.store import accounts, alert_chains, teams
from app.store.database import Purpose
from app.store.handling import CannotSnooze, Snooze
from app.store.models import AuditEntry, RecoveryCase, Role, StepState
from app.words import Arm
from tasks import handling, own_steps
from tasks.handling import GIVEN_ELSEWHERE, Actor, Fate, Result
from tests.tasks.stage import NOTE, Stage, protocol
from tests.tasks.test_closing import group_of

LENA, OMAR = "lena@example.com", "omar@example.com"
ALERT = {"do": "alert", "email": "first@example.com", "acknowledge_minutes": 15, "subject": "Take it", "text": "Now."}


@pytest.fixture
def ticket(stage: Stage) -> str:
    """A ticket with an open case."""
    stage.publish(protocol("Rescue", NOTE))
    opened = stage.opens()
    stage.drain()
    return opened


def actor(stage: Stage, email: str = LENA, role: Role = Role.LEAD) -> Actor:
    """A person who signs in."""
    with stage.parts.database.system(Purpose.SIGN_IN) as session:
        account = accounts.find_or_add(session, email, stage.now)
        accounts.grant(session, account.id, role, desk_id=stage.desk_id)
        return Actor(key=f"account:{account.id}", name=email, leads=role is not Role.AGENT)


def team(stage: Stage, **emails: str | None) -> None:
    """Store the helpdesk's first agents as a team; `first` and `second` are their addresses."""
    group = group_of(stage)
    ids = [str(one) for one in stage.account.agent_ids[: len(emails)]]
    members = [
        Member(agent_id=id_, name=f"Agent {id_}", email=email) for id_, email in zip(ids, emails.values(), strict=True)
    ]
    with stage.parts.database.desk(stage.desk_id) as session:
        stored = Team(group_id=group, name="Recovery", members=tuple(ids))
        teams.replace_all(session, stage.desk_id, [stored], members, stage.now)


def claim(stage: Stage, ticket: str, who: Actor) -> Result:
    with stage.parts.database.desk(stage.desk_id) as session:
        return handling.claim(session, stage.case(ticket).id, who, stage.now)


def give(stage: Stage, ticket: str, to: str, who: Actor, version: int) -> Result:
    with stage.parts.database.desk(stage.desk_id) as session:
        return handling.hand_over(session, stage.case(ticket).id, to, who, version, stage.now)


def put_off(stage: Stage, ticket: str, who: Actor, *, version: int = 0, reason: str = "waits") -> Result:
    wanted = Snooze(until=stage.now + timedelta(hours=4), reason=reason, by=who.key)
    with stage.parts.database.desk(stage.desk_id) as session:
        return handling.snooze(session, stage.case(ticket).id, wanted, who, version, stage.now)


def test_who_claims_a_case_is_given_the_ticket_at_the_helpdesk(stage: Stage, ticket: str) -> None:
    team(stage, first=LENA)

    result = claim(stage, ticket, actor(stage))
    stage.drain()

    assert result.fate is Fate.DONE
    assert stage.tracked(ticket).assignee_id == str(stage.account.agent_ids[0])
    assert stage.steps(ticket)[f"{own_steps.HAND_OVER}-1"].state is StepState.DONE
    assert stage.case(ticket).owner_id == str(stage.account.agent_ids[0])


def test_somebody_unknown_to_the_helpdesk_has_the_case_here_alone(stage: Stage, ticket: str) -> None:
    before = stage.tracked(ticket).assignee_id

    result = claim(stage, ticket, actor(stage))
    stage.drain()

    assert result.fate is Fate.DONE
    assert stage.tracked(ticket).assignee_id == before


def test_claiming_takes_the_alerts_that_wait(stage: Stage) -> None:
    stage.settings(lead_emails=["lead@example.com"])
    stage.publish(protocol("Rescue", ALERT))
    ticket = stage.opens()
    stage.drain()

    claim(stage, ticket, actor(stage))

    with stage.parts.database.desk(stage.desk_id, read=True) as session:
        (call,) = alert_chains.of_case(session, stage.case(ticket).id)
        assert call.acknowledged_by == LENA


def test_a_hand_over_that_has_not_left_yet_is_called_off_by_the_next(stage: Stage, ticket: str) -> None:
    team(stage, first=LENA, second=None)
    second = str(stage.account.agent_ids[1])
    lena = actor(stage)
    claim(stage, ticket, lena)

    give(stage, ticket, f"agent:{second}", lena, 1)
    stage.drain()

    assert stage.tracked(ticket).assignee_id == second
    called_off = stage.steps(ticket)[f"{own_steps.HAND_OVER}-1"]
    assert (called_off.state, called_off.reason) == (StepState.SKIPPED, GIVEN_ELSEWHERE)


def test_every_change_is_on_record(stage: Stage, ticket: str) -> None:
    lena, omar = actor(stage), actor(stage, OMAR)

    claim(stage, ticket, lena)
    claim(stage, ticket, lena)
    give(stage, ticket, omar.key, lena, 2)
    put_off(stage, ticket, omar, version=3, reason="she is away until Friday")
    with stage.parts.database.desk(stage.desk_id) as session:
        handling.unsnooze(session, stage.case(ticket).id, lena, 4)
        handling.release(session, stage.case(ticket).id, lena, 5)

    with stage.parts.database.desk(stage.desk_id, read=True) as session:
        entries = session.scalars(select(AuditEntry).order_by(AuditEntry.id)).all()
    assert [entry.did.partition(".")[2] for entry in entries] == [
        "claimed", "handed_over", "snoozed", "woken", "released",
    ]  # fmt: skip
    assert {entry.what for entry in entries} == {f"case:{stage.case(ticket).id}"}
    assert "Friday" not in repr([entry.detail for entry in entries])


def test_only_who_has_a_case_or_a_lead_gives_it_on_or_puts_it_off(stage: Stage, ticket: str) -> None:
    lena, omar = actor(stage), actor(stage, OMAR, Role.AGENT)
    claim(stage, ticket, lena)

    refused = [give(stage, ticket, omar.key, omar, 1), put_off(stage, ticket, omar, version=1)]

    assert [result.fate for result in refused] == [Fate.NOT_YOURS, Fate.NOT_YOURS]
    assert give(stage, ticket, omar.key, lena, 1).fate is Fate.DONE
    assert put_off(stage, ticket, omar, version=2).fate is Fate.DONE


def test_auditors_and_strangers_are_given_nothing(stage: Stage, ticket: str) -> None:
    auditor = actor(stage, "audit@example.com", Role.AUDITOR)

    results = [give(stage, ticket, to, actor(stage), 0) for to in (auditor.key, "account:999", "agent:999", "x")]

    assert {result.fate for result in results} == {Fate.NO_SUCH_PERSON}


def test_a_snooze_that_cannot_be_kept_is_refused_before_anything_else(stage: Stage, ticket: str) -> None:
    with pytest.raises(CannotSnooze):
        put_off(stage, ticket, actor(stage), version=99, reason=" ")


def test_a_case_that_is_not_there_is_unknown_to_all(stage: Stage) -> None:
    lena = actor(stage)

    with stage.parts.database.desk(stage.desk_id) as session:
        results = [
            handling.claim(session, 999, lena, stage.now),
            handling.release(session, 999, lena, 0),
            handling.unsnooze(session, 999, lena, 0),
        ]

    assert {result.fate for result in results} == {Fate.UNKNOWN}
    assert {result.holding for result in results} == {None}


def test_a_case_that_is_held_out_is_nobodys_to_take(stage: Stage, ticket: str) -> None:
    team(stage, first=LENA)
    with stage.parts.database.desk(stage.desk_id) as session:
        session.execute(update(RecoveryCase).values(arm=Arm.HOLDOUT))

    results = [claim(stage, ticket, actor(stage)), put_off(stage, ticket, actor(stage))]

    assert {result.fate for result in results} == {Fate.UNKNOWN}
    assert not [action for action in stage.steps(ticket) if action.startswith(own_steps.HAND_OVER)]
