"""What was typed on the queue's page, read: one wish for many cases, or decisions on what waits. No routes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict

from app.clock import real_now
from app.store import audit, handling, reviews
from app.store.handling import CannotSnooze, Snooze

MOST = 200  #: cases or decisions in one form
DOES = frozenset({"claim", "release", "hand_over", "snooze", "unsnooze"})
#: What a page says once a wish has come true.
SAID: Mapping[str, str] = {
    "claim": "Yours now.",
    "release": "Free for anybody again.",
    "hand_over": "Handed over.",
    "snooze": "Put off. It comes back by itself.",
    "unsnooze": "Back in the queue.",
}
DECISIONS = {"confirm": "confirmed", "repeat": "repeated", "leave": "left"}

#: How long a case is put off, by what the form calls it.
SPANS: Mapping[str, tuple[str, timedelta]] = {
    "1h": ("an hour", timedelta(hours=1)),
    "4h": ("4 hours", timedelta(hours=4)),
    "1d": ("a day", timedelta(days=1)),
    "3d": ("3 days", timedelta(days=3)),
    "1w": ("a week", timedelta(weeks=1)),
}

Troubles = Mapping[str, str]  #: what is wrong, by the field's name


@dataclass(frozen=True, slots=True, kw_only=True)
class Typed:
    """The form as it was typed, so that nobody types it twice."""

    do: str = ""
    cases: Mapping[str, str] = field(default_factory=dict)  #: case id -> the version that the page had
    to: str = ""
    span: str = ""
    until: str = ""  #: a moment of UTC as browsers write it; wins over `span`
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """One thing to be done to cases."""

    do: str
    cases: Mapping[int, int]  #: case id -> the version that was seen
    to: str = ""
    snooze: Snooze | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """A step or a survey to decide on."""

    kind: str  #: "step" or "survey"
    id: int


def typed(form: MultiDict[str, str]) -> Typed:
    """The form's fields. A button of one row ("claim:12") stands for that row alone."""
    do, _, only = form.get("do", "").partition(":")
    ids = [only] if only else form.getlist("case")[: MOST + 1]
    return Typed(
        do=do,
        cases={one: form.get(f"version-{one}", "") for one in ids},
        to=form.get("to", ""),
        span=form.get("span", ""),
        until=form.get("until", ""),
        reason=form.get("reason", "").replace("\0", "\ufffd"),
    )


def read(given: Typed, now: datetime, *, by: str) -> tuple[Wish | None, Troubles]:
    """The wish, or what is wrong with it by field; `now` is business time."""
    troubles: dict[str, str] = {}
    cases = {int(one): int(version) for one, version in given.cases.items() if _is_number(one) and _is_number(version)}
    if given.do not in DOES:
        troubles["do"] = "Choose what to do."
    if not cases or len(cases) != len(given.cases):
        troubles["case"] = "Choose at least one case."
    if len(given.cases) > MOST:
        troubles["case"] = f"At most {MOST} cases at once, please."
    if given.do == "hand_over" and not given.to:
        troubles["to"] = "Choose who is to have it."
    wanted = _snooze(given, now, by, troubles) if given.do == "snooze" else None
    return (None if troubles else Wish(do=given.do, cases=cases, to=given.to, snooze=wanted)), troubles


def decisions(form: MultiDict[str, str]) -> tuple[Sequence[Chosen], str]:
    """What was chosen, and how to decide; a button of one row ("confirm:step:12") stands for that row alone."""
    do, _, only = form.get("do", "").partition(":")
    chosen = [_chosen(one) for one in ([only] if only else form.getlist("item")[:MOST])]
    return [one for one in chosen if one is not None], do


def hold(session: Session, chosen: Sequence[Chosen]) -> None:
    """Before the first of several decisions: have nobody else record on their tickets until the transaction ends."""
    steps = [one.id for one in chosen if one.kind == "step"]
    surveys = [one.id for one in chosen if one.kind == "survey"]
    reviews.lock(session, steps=steps, surveys=surveys)


def decide(session: Session, one: Chosen, do: str, now: datetime, *, by: str) -> int | None:
    """Decide, on record. Returns the case, or None where it was decided already. `now` is business time."""
    case_id = _step(session, one.id, do, now) if one.kind == "step" else _survey(session, one.id, do, now)
    if case_id is not None:
        did = f"{one.kind}.{DECISIONS[do]}"
        audit.record(session, by=by, did=did, what=f"{one.kind}:{one.id}", detail={"case": case_id}, at=real_now())
    return case_id


def _step(session: Session, step_id: int, do: str, now: datetime) -> int | None:
    if do == "repeat":
        return reviews.repeat_step(session, step_id, real_now())
    return (reviews.confirm_step if do == "confirm" else reviews.leave_step)(session, step_id, now)


def _survey(session: Session, invitation_id: int, do: str, now: datetime) -> int | None:
    if do == "confirm":
        return reviews.confirm_invitation(session, invitation_id, now)
    return (reviews.repeat_invitation if do == "repeat" else reviews.leave_invitation)(session, invitation_id)


def _snooze(given: Typed, now: datetime, by: str, troubles: dict[str, str]) -> Snooze | None:
    until = _until(given, now)
    if until is None:
        troubles["until"] = "Choose how long, or give a day and a time."
        return None
    wanted = Snooze(until=until, reason=given.reason, by=by)
    try:
        handling.check(wanted, now)
    except CannotSnooze as error:
        text = str(error)
        troubles[error.field] = f"{text[:1].upper()}{text[1:]}."
        return None
    return wanted


def _until(given: Typed, now: datetime) -> datetime | None:
    if given.until.strip():
        try:
            moment = datetime.fromisoformat(given.until.strip())
            return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
        except (ValueError, OverflowError):  # also a moment that UTC's calendar does not have
            return None
    return now + SPANS[given.span][1] if given.span in SPANS else None


def _chosen(text: str) -> Chosen | None:
    kind, _, id_ = text.partition(":")
    return Chosen(kind=kind, id=int(id_)) if kind in ("step", "survey") and _is_number(id_) else None


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) <= 18
