"""What one look at a ticket brought, as the recipes hand it on. No logic lives here."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from app.scoring.context import Hours
from app.scoring.conversation import Running
from app.words import Score
from connectors.ticket import Ticket
from tasks.directory import Names


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What one look at a ticket brought."""

    ticket: Ticket
    names: Names
    score: Score | None
    running: Running
    replied: datetime | None  #: when an agent answered in public, among the new messages
    found: frozenset[str]  #: signals of the newest customer message
    now: datetime  #: business time
    rule: str | None = None  #: title of the rule that solved or closed the ticket while its case was open
    undo: bool = False  #: that is to be undone
    hours: Hours | None = None  #: the desk's working hours; None where it has no calendar

    @property
    def waiting(self) -> bool:
        """The turn is ours: the customer waits."""
        return self.running.waits.since is not None
