"""The engine's own steps by name: what is planned for a case beside its protocol's actions."""

from __future__ import annotations

from app.store import rollbacks

FLAG = "flag"
OUTCOME = "outcome"
TELL_LEAD = "tell_lead"
EXPIRED = "expired"
SURVEY = "survey_comment"
UNDO = "undo_solved"
FOLLOW_UP = "follow_up"
TELL_OF_RULE = "tell_of_rule"
UNDOING = frozenset({UNDO, FOLLOW_UP})  #: what answers a rule that ended the ticket under its case
TAKE_BACK = rollbacks.TAKE_BACK  #: sets back what a withdrawn version changed
