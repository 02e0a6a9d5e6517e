"""What automation may say to one customer: apologies are capped, a status or an explanation but not both, and no
promise to do better without the change behind it.

Words are found by short lists, in English and German; they err towards saying nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

from app.protocols.protocol import Guardrails
from app.scoring.phrasebook import Phrasebook


class Said(StrEnum):
    """Kinds of words to a customer that wear out, or get into each other's way."""

    APOLOGY = "apology"
    STATUS = "status"  # where things stand
    EXPLANATION = "explanation"  # why it came to this
    VOW = "vow"  # we will do better


_WORDS = Phrasebook(
    {
        Said.APOLOGY: (
            "sorry", "apolog*", "regret", "forgive us", "our bad", "entschuldig*", "verzeih*", "tut uns leid",
            "tut mir leid", "bedauern",
        ),
        Said.STATUS: (
            "current status", "status of your", "status update", "quick update", "is on its way", "is being processed",
            "is being prepared", "is being looked", "has been shipped", "has been dispatched", "we are working on",
            "we're working on", "in progress", "are looking into", "aktueller stand", "aktuelle stand", "ist unterwegs",
            "wird bearbeitet", "arbeiten daran", "in bearbeitung",
        ),
        Said.EXPLANATION: (
            "because", "due to", "the reason", "was caused by", "the cause", "reason for this", "what happened was",
            "weil", "aufgrund", "der grund", "lag daran",
        ),
        Said.VOW: (
            "do better", "will improve", "we are improving", "never happen again", "won't happen again",
            "not happen again", "learn from this", "learned from this", "make sure this", "besser machen",
            "nicht wieder vorkommen", "wieder vorkommen", "verbessern",
        ),
    }
)  # fmt: skip

#: What shows that a vow has a change behind it: where it can be read.
_CHANGE = ("https://", "http://")


def kinds(text: str) -> frozenset[Said]:
    """What a text to a customer says, of the kinds that are watched."""
    return frozenset(Said(found.key) for found in _WORDS.find(text))


def withheld(text: str, guardrails: Guardrails, said_in_case: Iterable[Said], apologies: int) -> str | None:
    """Why a text is not to be sent to the customer, or None.

    `said_in_case` is what automation has told the customer in this case already, `apologies` how often it has
    apologised to them, over all their tickets.
    """
    now, before = kinds(text), frozenset(said_in_case)
    if Said.APOLOGY in now and guardrails.max_apologies is not None and apologies >= guardrails.max_apologies:
        most = guardrails.max_apologies
        times = "no apology" if most == 0 else "1 apology" if most == 1 else f"{most} apologies"
        return f"withheld: it apologises, and this protocol allows {times} to one customer"
    if {Said.STATUS, Said.EXPLANATION} <= now:
        return "withheld: it tells both a status and an explanation; say one of them"
    both = {Said.STATUS, Said.EXPLANATION} <= now | before
    if both and now & {Said.STATUS, Said.EXPLANATION}:
        other = "an explanation" if Said.STATUS in now else "a status"
        return f"withheld: the customer has been given {other} in this case already, and both together are too much"
    if Said.VOW in now and not any(mark in text for mark in _CHANGE):
        return "withheld: it vows to do better without a link to what was changed"
    return None
