"""How a document's keys and words are said: in the editor, and where a page tells what conditions found.

A key that is not here is said by its own name.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

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


def value(name: str, given: Any) -> str:
    """What a fact is, or is asked to be: “Poor, worsening”; words of the desk's own stay as they are."""
    if isinstance(given, bool):
        return "yes" if given else "no"
    if isinstance(given, list | tuple):
        return ", ".join(value(name, one) for one in given) or "empty"
    if isinstance(given, float):
        return str(int(given)) if given.is_integer() else f"{given:g}"
    return _quoted(name, given) if isinstance(given, str) and _is_closed(name) else str(given)


def condition(name: str, asks: str, expected: Any) -> str:
    """A condition in words: "Satisfaction state is “Poor, worsening”"."""
    return f"{_short(name)} {operator(asks)} {value(name, expected)}"


def plainly(text: str | None) -> str:
    """A stored reason with the names of facts and of their values as the editor says them.

    Reasons are stored, and told to programs, in the words of `app.protocols.rules.sentence`.
    """
    said = _FOUND.sub(_in_words, text or "")
    return _OTHER_CAUSE.sub(lambda match: f"{match[1]} {_quoted('cause', match[2])}", said)


_FOUND = re.compile(
    r"\b({names}) ({asks}) (.+?) \(it is (.+?)\)".format(
        names="|".join(sorted(FACTS, key=len, reverse=True)),
        asks="|".join(sorted((re.escape(one.label) for one in OPERATORS.values()), key=len, reverse=True)),
    )
)
_OTHER_CAUSE = re.compile(r"(the cause is|and this protocol is for) (\w+)(?=[,.])")


def _in_words(match: re.Match[str]) -> str:
    name, asks, expected, actual = match.groups()
    label = _short(name)
    return f"{label[0].lower()}{label[1:]} {asks} {_listed(name, expected)} (it is {_listed(name, actual)})"


def _listed(name: str, given: str) -> str:
    if not _is_closed(name) or given in ("not known", "empty"):
        return given
    return ", ".join(_quoted(name, one) for one in given.split(", "))


def _quoted(name: str, given: str) -> str:
    return f"“{words(given) if name == 'cause' and given != 'any' else word(name, given)}”"


def _is_closed(name: str) -> bool:
    """Whether its values are words of ours."""
    return name == "signals" or (name in FACTS and bool(FACTS[name].choices))


def _short(name: str) -> str:
    """A fact's label without its range."""
    return re.sub(r" \([^()]*\)$", "", fact(name))
