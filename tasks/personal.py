"""Erasing and exporting one person of a desk, for the command line. What changes does so in one transaction."""

from __future__ import annotations

from typing import Any

from app import log
from app.store import personal
from app.store.personal import Erased
from tasks import recovery
from tasks.parts import Parts

LOG = log.get("personal")

ERASED = "the person was erased"


def export_person(parts: Parts, desk_id: int, who: str) -> dict[str, Any]:
    """All that is kept of the person with that e-mail address or helpdesk id, as one JSON document."""
    with parts.database.desk(desk_id, read=True) as session:
        return personal.export(session, personal.find(session, who))


def erase_person(parts: Parts, desk_id: int, who: str) -> Erased:
    """End the person's open cases and erase everything that tells of them; may be repeated."""
    now = parts.clock.now()
    with parts.database.desk(desk_id, read=True) as session:
        searched = personal.search(session, personal.find(session, who))
    with parts.database.desk(desk_id) as session:
        found = personal.find(session, who)
        for ticket in found.tickets:
            recovery.end_gone(session, ticket, now, ERASED)
        erased = personal.erase(session, found, searched, now=now)
    LOG.info("person_erased", desk_id=desk_id, people=erased.people, tickets=erased.tickets)
    return erased
