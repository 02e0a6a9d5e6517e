"""How to speak with this customer now: hints by the state and by what was found in the conversation (GUI-02).

Hints are for the agent's own words; they write none. The texts are our judgement, nobody has measured them. What to do
about it is said in app/protocols/suggestions.py.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from app.words import SatState

MOST = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Hint:
    """One hint with what it goes by."""

    text: str
    because: str  #: the state, or the name of the signal


#: Every state has its own.
BY_STATE: Mapping[SatState, tuple[str, ...]] = MappingProxyType(
    {
        SatState.GOOD_IMPROVING: (
            "Friendly and short: what you are doing works.",
            "Thank them, and leave the door open.",
        ),
        SatState.GOOD_WORSENING: (
            "Warm and quick: they still trust you, and it is slipping.",
            "Say what happens next before they have to ask.",
        ),
        SatState.POOR_IMPROVING: (
            "Calm and steady: it is getting better, so promise nothing new that you cannot keep.",
            "Confirm what has been put right, in one sentence.",
        ),
        SatState.POOR_WORSENING: (
            "Slow and personal: first what it was like for them, then the way out.",
            "One person, one next step, one time: write as yourself, not as the company.",
        ),
    }
)

#: What a signal asks of the tone, the gravest first. The first names of a line that was found is its reason.
_BY_SIGNAL: tuple[tuple[tuple[str, ...], str], ...] = (
    (("acts.self_harm",), "Gentle and unhurried. No stock phrases; bring in somebody who is trained for it."),
    (("acts.bereavement",), "Say that you are sorry for their loss, once and plainly; keep forms and rules short."),
    (("acts.safety",), "Serious and direct: safety first, everything else after it."),
    (("acts.legal", "acts.public"), "Matter-of-fact: no arguing, no threats back, only facts and dates."),
    (("acts.anger", "acts.profanity", "tone.capitals"), "Let the anger stand: name its reason, and do not defend."),
    (("acts.sarcasm", "acts.indirect"), "Answer what is meant, not the joke: take the complaint behind it seriously."),
    (("acts.confused",), "Plain words and small steps, one at a time; no jargon."),
    (("service.apologies",), "No more apologies: they have heard them. Facts and a time instead."),
    (("service.template", "service.repeats"), "In your own words: they have read the stock phrases already."),
    (("service.policy_wall", "service.refusal"), "Begin with what you can do, not with what the rules forbid."),
    (
        ("acts.already_said", "effort.repeats", "effort.identifier_again", "service.asks_again"),
        "Show that you have read everything: repeat it back in a sentence, and ask for nothing twice.",
    ),
    (
        ("acts.waited", "acts.unanswered", "waiting.first_reply", "waiting.next_reply"),
        "Own the wait in one sentence; no excuses.",
    ),
    (("acts.praise", "acts.delight", "acts.relief", "acts.thanks"), "Take the thanks, and give it back."),
)  # fmt: skip


def hints(state: SatState, found: Collection[str], most: int = MOST) -> tuple[Hint, ...]:
    """At most `most` hints: what the conversation's signals ask for, the gravest first, and at least one of the
    state's own. `found` are names of signals that count at this moment."""
    spoken = [
        Hint(text=text, because=name)
        for names, text in _BY_SIGNAL
        if (name := next((one for one in names if one in found), None)) is not None
    ]
    of_state = [Hint(text=text, because=state) for text in BY_STATE[state]]
    return (*spoken[: most - 1], *of_state)[:most]
