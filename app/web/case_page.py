"""One case's page as several handlers answer with it: its story, the work on it, what became of a button. No routes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from flask import abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from app.clock import real_now
from app.connect import KINDS
from app.protocols import template
from app.protocols.actions.registry import ACTIONS
from app.protocols.protocol import Action
from app.reasons import checked_text
from app.store import (
    audit,
    chores,
    colleagues,
    desks,
    deviations,
    handling,
    insights,
    protocols,
    steps,
    stories,
    upcoming,
)
from app.store.chores import Done
from app.store.colleagues import Colleague
from app.store.deviations import LONGEST_REASON
from app.store.models import Desk, Role, StepRow, StepState
from app.web import case_others, queue_wishes
from app.web.case_others import Others
from app.web.context import desk_id, parts, visitor
from tasks import documents, undoing

#: What the page says after a button was pressed; the address carries only the key.
SAID = {
    "confirmed": "Marked as sent.",
    "repeated": "It will be sent again in a moment.",
    "hastened": "The customer is asked in a moment.",
    "corrected": "Saved. Protocols look at the ticket again in a moment.",
    "late": "Nothing was changed: somebody else had decided already, or it was settled meanwhile.",
    "ticked": "Ticked off.",
    "taken": "It is yours: nobody else is alerted.",
    "left_out": "Left out; your reason is on record.",
    "deviated": "Your reason is on record.",
    "closed": "The case is closed. Its ticket is marked in a moment.",
    "looking": "The ticket is read again, and protocols decide on it anew, in a moment.",
    **queue_wishes.SAID,
    "undone": "The case is over. What it changed is set back in a moment, where nobody has changed it since.",
}

#: The engine's own steps for people, as an instruction.
_OWN = {
    "take_it": "Take this ticket, or find somebody who does: nobody has it",
    "in_person": "Take it over in person: automation keeps still on it",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """What was wrong with a form, for the place beside it."""

    form: str  #: "step-7", "other", "close", "undo"
    message: str
    reason: str  #: as it was typed, so that nobody types it twice


@dataclass(frozen=True, slots=True, kw_only=True)
class Chore:
    """One step that is people's to do."""

    row: StepRow
    line: str  #: as an instruction
    more: str  #: the words that come with it, if there are any
    done_when: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """People's part of a case."""

    chores: Sequence[Chore]  #: those that wait
    done: Done
    deviations: Sequence[deviations.Told]
    others: Others


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlook:
    """What comes next, and what can still be taken back."""

    coming: Sequence[upcoming.Next]
    hindrances: Sequence[str]  #: why it may not come by itself, as sentences
    prospect: undoing.Prospect
    holding: handling.Holding  #: who has it in the queue
    holder: str  #: by name; empty where nobody has it
    colleagues: Sequence[Colleague]  #: whom it can be given to


def render(case_id: int, *, trouble: Trouble | None = None) -> str:
    """The page of a case on the visitor's desk; not found where there is none."""
    with parts().database.desk(desk_id(), read=True) as session:
        try:
            story = stories.of_case(session, case_id)
        except desks.NotFound:
            abort(404)
        desk = desks.get(session, desk_id())
        classes = insights.classes(session, desk.id)
        work = _work(session, desk, story)
        outlook = _outlook(session, desk, story)
    return render_template(
        "cases/show.html",
        classes=classes,
        story=story,
        case=story.case,
        work=work,
        outlook=outlook,
        trouble=trouble,
        ticket_url=ticket_url(desk, story.ticket.ticket_id),
        said=SAID.get(request.args.get("said", "")),
        may_decide=visitor().may(Role.LEAD),
        me=f"account:{visitor().account_id}",
        spans=queue_wishes.SPANS,
        now=parts().clock.now(),
    )


def too_late() -> ResponseReturnValue:
    """Back to the case that the form was on: there was nothing to decide any more."""
    came_from = request.form.get("case", "")
    if not came_from.isdecimal() or len(came_from) > 18:
        abort(404)
    return redirect(url_for("cases.show", case_id=int(came_from), said="late"), 303)


def reason_trouble(form: str, reason: str) -> Trouble | None:
    """What keeps words that are needed from being kept."""
    if not reason.strip():
        return Trouble(form=form, message="A reason is needed, in your own words.", reason="")
    return unkept(form, reason)


def unkept(form: str, reason: str) -> Trouble | None:
    """What keeps words that were given from being kept; having given none may be right."""
    if len(reason) > LONGEST_REASON:
        return _too_long(form, reason)
    try:
        checked_text("reason", reason)
    except ValueError:
        message = "Please write it anew: there is a character in it that cannot be kept."
        return Trouble(form=form, message=message, reason=reason.replace("\0", ""))
    return None


def _too_long(form: str, reason: str) -> Trouble:
    message = f"At most {LONGEST_REASON:,} characters, please; these are {len(reason):,}."
    return Trouble(form=form, message=message, reason=reason[:LONGEST_REASON])


def record(session: Session, did: str, case_id: int | None, **detail: object) -> None:
    """Put on record what the visitor did on a case; nothing where it came too late."""
    if case_id is not None:
        by = f"account:{visitor().account_id}"
        audit.record(session, by=by, did=did, what=f"case:{case_id}", detail=detail, at=real_now())


def ticket_url(desk: Desk, ticket_id: str) -> str:
    """Where a ticket opens at the helpdesk."""
    return KINDS[desk.kind].ticket_url(subdomain=desk.subdomain, base_url=desk.base_url, ticket_id=ticket_id)


def _known(story: stories.Story, url: str) -> Mapping[str, str]:
    """What placeholders stand for on this page."""
    ticket = story.ticket
    return {
        "ticket_id": ticket.ticket_id,
        "ticket_url": url,
        "case_url": request.url,
        "protocol": story.protocol,
        "customer": story.customer,
        "score": "" if ticket.score is None else str(ticket.score),
        "state": ticket.state.value.replace("_", " ") if ticket.state else "",
        "cause": story.view.insight.cause_label,
        "vendor": ticket.vendor or "",
    }


def _filled(text: str, known: Mapping[str, str]) -> str:
    """A text for colleagues with its placeholders filled in; what is not known says so instead of leaving a gap."""
    values = {
        one.name: known.get(one.name) or one.fallback or f"({template.PLACEHOLDERS[one.name]}: not known)"
        for one in template.placeholders(text)
    }
    return template.render(text, values)


def _work(session: Session, desk: Desk, story: stories.Story) -> Work:
    case = story.case
    assert case is not None
    known = _known(story, ticket_url(desk, story.ticket.ticket_id))
    actions = dict(documents.read_cached(protocols.version(session, case.version_id).document).steps)
    waiting = [row for row in steps.of_case(session, case.id) if row.state is StepState.WAITING]
    return Work(
        chores=[_chore(row, actions, known) for row in waiting],
        done=chores.done_of(session, case.id),
        deviations=deviations.of_case(session, case.id),
        others=case_others.of_case(session, desk, case, actions),
    )


def _outlook(session: Session, desk: Desk, story: stories.Story) -> Outlook:
    case = story.case
    assert case is not None
    holding, everybody = handling.of_case(session, case.id), colleagues.of_desk(session, desk.id)
    return Outlook(
        coming=upcoming.of_case(session, case, story.ticket, parts().clock.now()),
        hindrances=upcoming.hindrances(desk, case, story.ticket),
        prospect=undoing.prospect(session, case),
        holding=holding,
        holder=_named(everybody, holding.holder),
        colleagues=everybody,
    )


def _named(everybody: Sequence[Colleague], holder: str | None) -> str:
    """Who has a case stays who has it when they leave the desk."""
    if holder is None:
        return ""
    names = {one.key: one.name for one in everybody}
    return names.get(holder, "somebody who has left")


def _chore(row: StepRow, actions: Mapping[str, Action], known: Mapping[str, str]) -> Chore:
    action = actions.get(row.action)
    if action is None:
        return Chore(row=row, line=_OWN.get(row.do, row.do), more="", done_when=row.params.get("done_when"))
    text = str(getattr(action.params, "text", "") or "")
    return Chore(
        row=row,
        line=ACTIONS[action.do].label if text else ACTIONS[action.do].describe(action.params),
        more=_filled(text, known),
        done_when=action.done_when.value if action.done_when is not None else None,
    )
