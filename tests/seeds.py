"""A believable desk for tests of pages: tickets with scores, a case with steps, deliveries. Stored through the models.

Everything said here is made up; nothing is read from outside.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy.orm import Session

from app.protocols.routing import Member, Team
from app.scoring.gathering import Gathered
from app.store import audit, desks, sign_ins, teams
from app.store.database import Database, Purpose, vault_of
from app.store.models import (
    Answer,
    DecisionRow,
    Delivery,
    DeliveryState,
    Invitation,
    InvitationState,
    Message,
    Person,
    ProtocolRow,
    ProtocolVersion,
    RatingRow,
    RecoveryCase,
    Role,
    ScoreRow,
    StepRow,
    StepState,
    TrackedTicket,
    VersionState,
)
from app.words import Arm, CaseStage, Cause, Direction, FaultSide, Level, Outcome, SatState

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
GROUP, AGENT = "1", "4001"  #: of the team, by the helpdesk's ids
REASONS = {"acts.repeat_contact": -0.9, "acts.cancel": -0.6, "acts.thanks": 0.2}  #: of every poor score

DOCUMENT = """\
name: Late parcel
cause: shipping_delay
criteria:
  all:
    - {field: state, operator: is, value: poor_worsening}
    - {field: score, operator: at_most, value: 40}
team: Recovery
tags: [recovery_vip]
actions:
  - {do: assign, to: least_loaded}
  - {do: tag, add: [recovery_vip]}
  - {do: note, text: "Please call first. {{ticket_url}}"}
follow_up:
  resurvey: {after_hours: 24}
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """One message and the score it was given."""

    author: str
    text: str
    score: int | None = None
    state: SatState | None = None
    evidence: str = '"third time I write"'


@dataclass(frozen=True, slots=True, kw_only=True)
class Seeded:
    """The ids of what was stored."""

    desk_id: int
    ticket_id: str
    case_id: int
    quiet_ticket_id: str
    protocol_id: int
    stuck_step_id: int
    stuck_invitation_id: int
    dead_delivery_id: int


def add_desk(database: Database, name: str = "Example shop", **sidebar: str) -> int:
    """A desk that talks to nobody."""
    new = desks.NewDesk(
        kind="zendesk",
        name=name,
        subdomain=name.split()[0].lower(),
        base_url=None,
        credentials={"email": "robot@example.com", "api_token": "made-up-token"},
        webhook_secret="made-up-secret",
        sidebar=sidebar,
        settings={},
    )
    with database.system(Purpose.OPERATE) as session:
        return desks.add(session, new, NOW, integration_user_id="900").id


def on_record(database: Database, desk_id: int) -> list[tuple[str, str, str]]:
    """What the desk's audit log tells, oldest first: who, did what, to what."""
    with database.desk(desk_id, read=True) as session:
        return [(one.by, one.did, one.what) for one in audit.after(session, audit.Wanted(), 0)]


def add_link(database: Database, role: Role, *, email: str = "lena@example.com", desk_id: int | None = None) -> str:
    """A person, and the token of a link that signs them in."""
    with database.system(Purpose.SIGN_IN) as session:
        return sign_ins.new_link(session, email, role, datetime.now(UTC), desk_id=desk_id)


def add_story(database: Database, desk_id: int, *, words: str = "", prefix: str = "") -> Seeded:
    """A ticket with an open case, one without, one that was never scored; `words` goes everywhere that people write."""
    with database.desk(desk_id) as session:
        protocol, version = _protocol(session, desk_id, words)
        person = _person(session, desk_id, words or "Mira Muster")
        angry = _ticket(session, desk_id, person, f"{prefix}4711", words or "Where is my parcel?")
        _talk(session, angry, _angry_talk(words))
        _insight(session, angry, words)
        case = _case(session, angry, person, version)
        step, invitation = _work(session, case, angry, words)
        calm = _ticket(session, desk_id, person, f"{prefix}4712", words or "A question about sizes")
        _talk(session, calm, [Said(author="customer", text="Thanks!", score=38, state=SatState.POOR_IMPROVING)])
        _decide(session, calm, version, Outcome.NOT_ELIGIBLE, None)
        unread = _ticket(session, desk_id, person, f"{prefix}4713", "Not read yet")
        unread.unscored_reason = words[:200] or "the customer has not written anything"
        dead = _deliveries(session, desk_id, angry.ticket_id, words)
        desks.refuse(session, desk_id, words[:200] or "bad signature", NOW)
        return Seeded(
            desk_id=desk_id,
            ticket_id=angry.ticket_id,
            case_id=case.id,
            quiet_ticket_id=calm.ticket_id,
            protocol_id=protocol.id,
            stuck_step_id=step.id,
            stuck_invitation_id=invitation.id,
            dead_delivery_id=dead.id,
        )


def add_team(database: Database, desk_id: int, *, words: str = "") -> None:
    """A team of two with a lead, as an admin would have typed it."""
    lead = Member(agent_id="4002", name=words or "Omar Lead", email="omar@example.com", senior=True)
    agent = Member(agent_id=AGENT, name=words or "Lena Agent", email="lena@example.com", skills=frozenset({"german"}))
    team = Team(group_id=GROUP, name=words or "Recovery", capacity=20, leads=("4002",), members=(AGENT, "4002"))
    with database.desk(desk_id) as session:
        teams.replace_all(session, desk_id, [team], [lead, agent], NOW)


def _angry_talk(words: str) -> list[Said]:
    return [
        Said(author="customer", text=words or "My parcel has not arrived.", score=58, state=SatState.GOOD_WORSENING),
        Said(author="agent", text="We are looking into it."),
        Said(
            author="customer",
            text=words or "This is the third time I write. I want my money back!",
            score=31,
            state=SatState.POOR_WORSENING,
            evidence=words or "This is the third time I write",
        ),
    ]  # fmt: skip


def _protocol(session: Session, desk_id: int, words: str) -> tuple[ProtocolRow, ProtocolVersion]:
    row = ProtocolRow(desk_id=desk_id, name=words[:200] or "Late parcel", position=10, created_at=NOW)
    session.add(row)
    session.flush()
    version = ProtocolVersion(
        desk_id=desk_id,
        protocol_id=row.id,
        number=1,
        document=DOCUMENT,
        state=VersionState.PUBLISHED,
        reason=words or "first version",
        published_by="lena@example.com",
        published_at=NOW,
        created_at=NOW,
    )
    session.add(version)
    session.flush()
    return row, version


def _person(session: Session, desk_id: int, name: str) -> Person:
    vault = vault_of(session)
    person = Person(desk_id=desk_id, helpdesk_id=f"p{name[:8]}{NOW:%f}", sealed_name=vault.seal(name))
    person.sealed_email = vault.seal("mira@example.org")
    session.add(person)
    session.flush()
    return person


def _insight(session: Session, ticket: TrackedTicket, words: str) -> None:
    """What is known of a ticket beside its state, as the tasks would have concluded it."""
    quote = words or "“This is the third time I write”"
    ticket.cause_class, ticket.cause_confidence = "shipping_delay", 0.8
    ticket.fault_side, ticket.vendor, ticket.vendor_source = FaultSide.VENDOR, words[:100] or "Brightlamp", "words"
    ticket.churn_risk, ticket.language, ticket.resolution = 0.57, "en", 0.4
    ticket.turning_message_id = f"{ticket.ticket_id}-2"
    ticket.insight = {"gathered": Gathered().to_json(), "says": {}, "churn": {"cancels": 2.0, "tier": 0.7}}
    sealed = {
        "quotes": {"cause:shipping_delay": quote},
        "cause": [[quote, ticket.turning_message_id]],
        "fault": [[quote, ticket.turning_message_id]],
        "vendor": quote,
        "churn": {"cancels": quote, "tier": "tag: subscription"},
    }
    ticket.sealed_insight = vault_of(session).seal(json.dumps(sealed))


def _ticket(session: Session, desk_id: int, person: Person, ticket_id: str, subject: str) -> TrackedTicket:
    ticket = TrackedTicket(
        desk_id=desk_id,
        ticket_id=ticket_id,
        person_id=person.id,
        sealed_subject=vault_of(session).seal(subject),
        status="open",
        group_id="1",
        tags=[],
        opened_at=NOW - timedelta(hours=30),
        read_at=NOW,
        cause=Cause.SHIPPING_DELAY,
    )
    session.add(ticket)
    session.flush()
    return ticket


def _talk(session: Session, ticket: TrackedTicket, talk: list[Said]) -> None:
    vault = vault_of(session)
    for number, said in enumerate(talk):
        at = NOW - timedelta(hours=26 - number * 5)
        message_id = f"{ticket.ticket_id}-{number}"
        session.add(
            Message(
                desk_id=ticket.desk_id,
                tracked_id=ticket.id,
                message_id=message_id,
                author=said.author,
                author_id="1",
                public=True,
                at=at,
                sealed_text=vault.seal(said.text),
            )
        )
        if said.score is not None and said.state is not None:
            _score(session, ticket, said, message_id, at)
    session.flush()


def _score(session: Session, ticket: TrackedTicket, said: Said, message_id: str, at: datetime) -> None:
    assert said.score is not None
    assert said.state is not None
    level = Level.GOOD if said.state.startswith("good") else Level.POOR
    direction = Direction.WORSENING if said.state.endswith("worsening") else Direction.IMPROVING
    told = REASONS if said.score < 50 else {"acts.thanks": 0.2}
    quoted = {"acts.repeat_contact": said.evidence, "acts.cancel": "I want my money back"}
    reasons = [{"signal": name, "logit": logit, "evidence": quoted.get(name, "")} for name, logit in told.items()]
    session.add(
        ScoreRow(
            desk_id=ticket.desk_id,
            tracked_id=ticket.id,
            message_id=message_id,
            because="message",
            at=at,
            p_satisfied=said.score / 100,
            p_satisfied_now=said.score / 100,
            trend=-0.2,
            score=said.score,
            level=level,
            direction=direction,
            state=said.state,
            provisional=False,
            base_logit=math.log(said.score / (100 - said.score)) - sum(told.values()),
            p_uncalibrated=said.score / 100,
            model="default-1",
            calibrated=False,
            sealed_reasons=vault_of(session).seal(json.dumps({"contributions": reasons, "abstained": []})),
            factors=dict(told),
        )
    )
    ticket.state, ticket.level, ticket.direction, ticket.score = said.state, level, direction, said.score
    ticket.p_satisfied, ticket.scored_at, ticket.state_since = said.score / 100, at, at


def _case(session: Session, ticket: TrackedTicket, person: Person, version: ProtocolVersion) -> RecoveryCase:
    case = RecoveryCase(
        desk_id=ticket.desk_id,
        tracked_id=ticket.id,
        person_id=person.id,
        version_id=version.id,
        open_key=ticket.id,
        episode=1,
        stage=CaseStage.ASSIGNED,
        arm=Arm.TREATMENT,
        cause=Cause.SHIPPING_DELAY,
        opened_by="state",
        opening_score=31,
        opening_state=SatState.POOR_WORSENING,
        opened_at=NOW - timedelta(hours=15),
        flagged_at=NOW - timedelta(hours=15),
        assigned_at=NOW - timedelta(hours=14),
    )
    session.add(case)
    session.flush()
    _decide(session, ticket, version, Outcome.OPEN, case.id)
    return case


def _decide(
    session: Session, ticket: TrackedTicket, version: ProtocolVersion, outcome: Outcome, case_id: int | None
) -> None:
    opens = outcome is Outcome.OPEN
    reason = "The criteria hold." if opens else "Not eligible: it wants state is poor_worsening (it is poor_improving)."
    condition = {
        "field": "state", "operator": "is", "expected": "poor_worsening", "actual": str(ticket.state), "passed": opens,
    }  # fmt: skip
    session.add(
        DecisionRow(
            desk_id=ticket.desk_id,
            tracked_id=ticket.id,
            version_id=version.id,
            case_id=case_id,
            outcome=outcome,
            reason=reason,
            conditions=[condition],
            facts={"state": str(ticket.state)},
            at=NOW - timedelta(hours=15),
        )
    )
    session.flush()


def _work(session: Session, case: RecoveryCase, ticket: TrackedTicket, words: str) -> tuple[StepRow, Invitation]:
    """One step of each fate that a page has to explain, and the surveys."""
    fates = [
        ("1-assign", "assign", {"to": "least_loaded"}, StepState.DONE, None),
        ("2-tag", "tag", {"add": ["recovery_vip"]}, StepState.DONE, None),
        ("3-note", "note", {"text": words or "Please call first."}, StepState.SKIPPED, words or "it was there already"),
        ("4-alert", "alert", {"to": "lead"}, StepState.NEEDS_REVIEW, words or "the mail server's answer was lost"),
    ]
    steps = [
        StepRow(
            desk_id=ticket.desk_id,
            case_id=case.id,
            tracked_id=ticket.id,
            version_id=case.version_id,
            action=action,
            do=do,
            round=1,
            params=params,
            state=state,
            reason=reason,
            marker=f"kintsugi-{ticket.ticket_id}-{action}",
            attempts=1,
            planned_at=NOW - timedelta(hours=15),
            settled_at=NOW - timedelta(hours=14) if state is StepState.DONE else None,
        )
        for action, do, params, state, reason in fates
    ]
    session.add_all(steps)
    surveys = [
        _invitation(case, ticket, 1, InvitationState.ANSWERED),
        _invitation(case, ticket, 2, InvitationState.NEEDS_REVIEW),
    ]
    for survey in surveys:
        survey.sealed_token = vault_of(session).seal("made-up")
    session.add_all(surveys)
    session.flush()
    _answers(session, case, ticket, surveys[0], words)
    return steps[-1], surveys[1]


def _invitation(case: RecoveryCase, ticket: TrackedTicket, turn: int, state: InvitationState) -> Invitation:
    return Invitation(
        desk_id=ticket.desk_id,
        case_id=case.id,
        tracked_id=ticket.id,
        person_id=case.person_id,
        kind="resurvey",
        round=turn,
        channel="email",
        good_from=0.6,
        state=state,
        token_hash=f"{ticket.desk_id}-{ticket.ticket_id}-{turn}",
        marker=f"kintsugi-survey-{ticket.ticket_id}-{turn}",
        due_at=NOW - timedelta(hours=4 - turn),
        expires_at=NOW + timedelta(days=30),
        sent_at=NOW - timedelta(hours=3) if state is InvitationState.ANSWERED else None,
    )


def _answers(session: Session, case: RecoveryCase, ticket: TrackedTicket, survey: Invitation, words: str) -> None:
    said = vault_of(session).seal(words or "Still waiting, to be honest.")
    session.add(
        Answer(
            desk_id=case.desk_id,
            invitation_id=survey.id,
            case_id=case.id,
            value=0.25,
            original="2",
            sealed_comment=said,
            at=NOW - timedelta(hours=2),
        )
    )
    session.add(
        RatingRow(
            desk_id=case.desk_id,
            tracked_id=ticket.id,
            person_id=case.person_id,
            rating_id=f"r-{ticket.ticket_id}",
            value=0.0,
            original="bad",
            scale="good_bad",
            sealed_comment=said,
            at=NOW - timedelta(hours=1),
        )
    )
    session.flush()


def _deliveries(session: Session, desk_id: int, ticket_id: str, words: str) -> Delivery:
    for number, state in enumerate((DeliveryState.SETTLED, DeliveryState.ECHO, DeliveryState.DEAD)):
        delivery = Delivery(
            desk_id=desk_id,
            event_id=f"{desk_id}-{ticket_id}-{number}",
            type=words[:64] or "message.added",
            ticket_id=ticket_id,
            state=state,
            reason=words[:500] or "the helpdesk refused our credentials" if state is DeliveryState.DEAD else None,
            received_at=NOW + timedelta(seconds=number),
        )
        session.add(delivery)
    session.flush()
    return delivery
