"""What becomes of tickets and words: rules that solve, redactions, follow-ups; with their control surface."""

from __future__ import annotations

import json
from typing import Any

from flask import Blueprint, Response, request

from connectors.sandbox import acts, people, tickets
from connectors.sandbox.calls import answer, desk, payload, refuse
from connectors.sandbox.changes import Change, Outcome, touch
from connectors.sandbox.helpdesk import Helpdesk
from connectors.sandbox.refusals import Invalid, Malformed, Missing, Refusal
from connectors.sandbox.store import Db, insert, to_json
from connectors.sandbox.tickets import Comment, comment_of

api = Blueprint("fates", __name__, url_prefix="/sandbox")
api.register_error_handler(Refusal, refuse)


@api.before_request
def _json_only() -> None:
    """A page of another origin can post a form here, but not JSON."""
    if request.mimetype != "application/json":
        raise Malformed("send application/json")


#: What the vendor puts in place of every redacted letter.
BLOCK = "\u2587"


def automate(helpdesk: Helpdesk, db: Db, ticket_id: int, *, status: str, title: str) -> Outcome:
    """An automation of the account sets the ticket's status, as it does on its hourly round."""
    change = Change(actor_id=people.SYSTEM_ID, channel="rule", rule=title, values={"status": status})
    return helpdesk.update(db, ticket_id, change)


def redact(helpdesk: Helpdesk, db: Db, ticket_id: int, comment_id: int, words: str) -> None:
    """Words of a comment are gone for good, in the audits too; empty words are the whole comment."""
    comment = _comment(db, ticket_id, comment_id)
    if words not in comment.body:
        raise Invalid({"text": "Text: is not in the comment"})
    wanted = words or comment.body
    body = comment.body.replace(wanted, BLOCK * len(wanted))
    db.execute("UPDATE comment SET body = ? WHERE id = ?", (body, comment_id))
    _rewrite_audit(db, comment, body=body)
    _told(helpdesk, db, ticket_id, "comment_redacted", comment_id)


def hide(helpdesk: Helpdesk, db: Db, ticket_id: int, comment_id: int) -> None:
    """A public comment becomes an internal note."""
    comment = _comment(db, ticket_id, comment_id)
    db.execute("UPDATE comment SET public = 0 WHERE id = ?", (comment_id,))
    _rewrite_audit(db, comment, public=False)
    _told(helpdesk, db, ticket_id, "comment_made_private", comment_id)


def _comment(db: Db, ticket_id: int, comment_id: int) -> Comment:
    row = db.execute("SELECT * FROM comment WHERE id = ? AND ticket_id = ?", (comment_id, ticket_id)).fetchone()
    if row is None:
        raise Missing(f"no comment {comment_id}")
    return comment_of(row)


def _rewrite_audit(db: Db, comment: Comment, **values: Any) -> None:
    row = db.execute("SELECT events FROM audit WHERE id = ?", (comment.audit_id,)).fetchone()
    if row is None:
        return
    events = [{**event, **values} if event["id"] == comment.id else event for event in json.loads(row["events"])]
    db.execute("UPDATE audit SET events = ? WHERE id = ?", (to_json(events), comment.audit_id))


def _told(helpdesk: Helpdesk, db: Db, ticket_id: int, kind: str, comment_id: int) -> None:
    ticket = tickets.get(db, ticket_id)
    change = Change(actor_id=acts.agent_of(db, helpdesk, ticket), channel="web")
    outcome = touch(db, ticket, change, now=helpdesk.now())
    helpdesk.tell(db, outcome, kind, {"comment": {"id": str(comment_id)}})


def follow_up(db: Db, ticket_id: int, source_id: int) -> None:
    """Link a new ticket to the closed one that it goes on from."""
    insert(db, "follow_up", ticket_id=ticket_id, source_id=source_id)


def check_source(db: Db, source_id: int) -> None:
    """Raises Invalid unless the ticket can be followed up: the vendor does that for closed ones only."""
    source = tickets.find(db, source_id)
    if source is None or source.status != "closed":
        raise Invalid({"via_followup_source_id": f"Follow-up source: {source_id} is not a closed ticket"})


def follow_ups(db: Db, source_id: int) -> list[int]:
    """The follow-ups of a ticket, oldest first."""
    rows = db.execute("SELECT ticket_id FROM follow_up WHERE source_id = ? ORDER BY ticket_id", (source_id,))
    return [int(row[0]) for row in rows]


def source_of(db: Db, ticket_id: int) -> int | None:
    """The ticket that this one goes on from."""
    row = db.execute("SELECT source_id FROM follow_up WHERE ticket_id = ?", (ticket_id,)).fetchone()
    return None if row is None else int(row[0])


@api.post("/tickets/<int:ticket_id>/automation")
def run_automation(ticket_id: int) -> Response:
    body, helpdesk = payload(), desk()
    status, title = body.get("status"), body.get("title") or "Solve pending tickets after 4 days"
    if not isinstance(status, str) or not isinstance(title, str):
        raise Malformed("status and title must be text")
    with helpdesk.file.writing() as db:
        outcome = automate(helpdesk, db, ticket_id, status=status, title=title)
    return answer({"id": ticket_id, "status": outcome.ticket.status})


@api.post("/tickets/<int:ticket_id>/comments/<int:comment_id>/redact")
def redact_comment(ticket_id: int, comment_id: int) -> Response:
    body, helpdesk = payload(), desk()
    with helpdesk.file.writing() as db:
        redact(helpdesk, db, ticket_id, comment_id, str(body.get("text") or ""))
    return answer({"id": comment_id})


@api.post("/tickets/<int:ticket_id>/comments/<int:comment_id>/hide")
def hide_comment(ticket_id: int, comment_id: int) -> Response:
    helpdesk = desk()
    with helpdesk.file.writing() as db:
        hide(helpdesk, db, ticket_id, comment_id)
    return answer({"id": comment_id})
