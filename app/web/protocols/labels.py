"""How a document's keys and words are said in the editor. A key that is not here is said by its own name."""

from __future__ import annotations

from collections.abc import Mapping

from app.protocols.facts import FACTS
from app.protocols.rules import OPERATORS
from app.web.wording import FAULTS, STATES, reason, words

#: Key -> its label.
KEYS: Mapping[str, str] = {
    "name": "Name",
    "cause": "Cause it is in charge of",
    "team": "Group that recovers",
    "tags": "Tags of its own",
    "field": "Ticket field, by name or number",
    "value": "Value",
    "do": "What to do",
    "owner": "Whose step it is",
    "within_hours": "Within how many business hours",
    "done_when": "Done when",
    "add": "Tags to add",
    "remove": "Tags to remove",
    "group": "Group",
    "to": "To",
    "member": "Agent",
    "skill": "Skill",
    "macro": "Macro",
    "may_lower": "May lower it too",
    "email": "E-mail address, or lead",
    "webhook": "Webhook: https address or stored name",
    "slack": "Slack webhook: https address or stored name",
    "subject": "Subject",
    "text": "Text",
    "acknowledge_minutes": "Minutes until somebody has to acknowledge it",
    "then": "If nobody does, tell next",
    "guardrails": "Limits",
    "targets": "Targets",
    "follow_up": "Afterwards",
    "cooldown_hours": "Hours without a new case after the last one",
    "rearm": "May open another case on the same ticket",
    "rearm_hours": "After so many hours",
    "max_cases": "Cases on one ticket, at most",
    "max_actions": "Steps in one case, at most",
    "max_rounds": "Rounds of steps in one case, at most",
    "max_cases_per_day": "New cases a day, at most",
    "max_apologies": "Apologies to one customer, at most",
    "automation_may_speak": "Steps may write to the customer by themselves",
    "tags_expire_days": "Its tags go away so many days after the case",
    "stop_when": "Stop when ALL of these hold",
    "holdout_share": "Share of customers left alone for comparison",
    "first_touch_minutes": "First word to the customer within (business minutes)",
    "recovery_hours": "Solved within (business hours)",
    "resurvey": "Ask the customer again",
    "after_hours": "Hours after the ticket was solved",
    "channel": "How to ask",
    "good_from": "Counts as recovered from (0 to 1)",
    "return_to": "A recovered ticket",
    "return_group": "Which group",
    "close_needs": "Closing a case by hand needs",
}

HINTS: Mapping[str, str] = {
    "name": "Unique among your protocols. It stays: cases and reports are counted by it.",
    "cause": "A cause has one protocol in charge. “Not known” is the default one, “any” looks at every ticket.",
    "tags": "Separated by commas: the only tags that its steps may add or remove.",
    "within_hours": "Counted in the desk's opening hours.",
    "rearm_hours": "Only with “some hours after the last one”.",
    "return_group": "Only with “goes to another group”.",
    "stop_when": "What is still planned is then skipped; the case stays with its people.",
    "holdout_share": "Has to be 0 in this version.",
    "automation_may_speak": "The desk's settings have to allow it too.",
}

#: Key -> word -> how the word is said there.
SAID: Mapping[str, Mapping[str, str]] = {
    "cause": {"any": "Any cause", "unknown": "Not known, or without a protocol of its own (default)"},
    "rearm": {
        "never": "Never",
        "after_state_exit": "Once its conditions have stopped holding in between",
        "after_hours": "Some hours after the last one",
    },
    "return_to": {
        "stay": "Stays where it is",
        "previous": "Goes back to the group and agent that had it",
        "group": "Goes to another group",
    },
    "close_needs": {
        "nothing": "Nothing",
        "confirmation_or_reason": "The customer's confirmation, or a reason",
    },
    "channel": {
        "auto": "By e-mail, else by a comment",
        "email": "By e-mail",
        "comment": "By a comment on the ticket",
        "helpdesk": "By the helpdesk's own survey",
    },
    "owner": {"team": "The team", "lead": "A lead of the team", "agent": "The ticket's assignee"},
    "done_when": {
        "ticked": "Somebody ticks it off on the case",
        "public_reply": "An agent answered the customer",
        "solved": "The ticket is solved",
        "assigned": "The ticket has an assignee",
        "acknowledged": "Somebody acknowledged the alert",
    },
    "to": {
        "group": "The group as a whole",
        "least_loaded": "Whoever of it has the fewest tickets",
        "round_robin": "Its members in turn",
        "lead": "A lead of the agent's own group",
        "member": "One agent",
        "skill": "Somebody with a skill",
        "senior": "Somebody senior",
        "keep": "The agent who has it keeps it",
    },
    "state": STATES,
    "fault_side": FAULTS,
}  # fmt: skip

NOBODY = {"owner": "Nobody: it is done at once, by itself"}


def key(name: str) -> str:
    """A key of the document as a label."""
    return KEYS.get(name) or words(name)


def word(name: str, value: str) -> str:
    """One of a key's closed words as a choice: `name` is the key, or the fact that a condition looks at."""
    if name == "signals":
        return reason(value)
    return SAID.get(name, {}).get(value) or words(value)


def fact(name: str) -> str:
    """A fact as the form shows it; its bare name when there is no such fact."""
    return FACTS[name].label if name in FACTS else name


def operator(name: str) -> str:
    """A comparison as the form shows it."""
    return OPERATORS[name].label if name in OPERATORS else name
