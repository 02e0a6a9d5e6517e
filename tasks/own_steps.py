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
UNTAG = "expire_tags"
#: What ends a case at the helpdesk, or takes it back there: done however the case ended.
CLOSING = frozenset({OUTCOME, EXPIRED, UNTAG, TAKE_BACK})
VENDOR_NOTE = "vendor_item_note"  #: says on the customer's ticket where the vendor's part is looked into

TAKE_IT = "take_it"  #: a person's: nobody has the ticket
HAND_OVER = "hand_over"  #: gives the ticket to the lead who is to see to it
IN_PERSON = "in_person"  #: a person's: it is not for a machine any more

TELL_OVERDUE = "tell_overdue"
TELL_TOUCH = "tell_first_touch_missed"
TELL_RECOVERY = "tell_recovery_missed"
TELL_HALTED = "tell_halted"
TELL_IN_PERSON = "tell_in_person"
TELL_UNTAKEN = "tell_untaken"
ESCALATE = "escalate"  #: an alert that nobody took goes to the next one
#: Words to the leads, and to whoever else is alerted.
TELLING = frozenset(
    {TELL_LEAD, TELL_OF_RULE, TELL_OVERDUE, TELL_TOUCH, TELL_RECOVERY, TELL_HALTED, TELL_IN_PERSON, TELL_UNTAKEN}
    | {ESCALATE}
)
