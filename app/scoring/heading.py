"""Which way satisfaction has been heading: the latest customer message against up to three before it. No forecast.

Additive like the score: what the latest message says, minus what those before it said, minus what is usual at this
point of a conversation: nearly everyone starts out asking and ends up thanking.
"""

from __future__ import annotations

import math

from app.scoring.conversation import Running
from app.scoring.model import Heading, sigmoid


def trend(running: Running, heading: Heading, waited: float) -> float:
    """How plainly satisfaction rises or falls, in [-1, 1]: 2 p - 1, where p is the chance that it has risen.

    `waited` is the logit that the present wait takes from the customer's satisfaction; with a single message there is
    only that to compare.
    """
    return 2 * sigmoid(compared(running, heading) + waited) - 1


def compared(running: Running, heading: Heading) -> float:
    """The logit of "has risen" from the messages alone; 0 before there are two."""
    turns, before = running.customer_turns, running.recent
    if turns < 2 or not before:
        return 0.0
    usual = heading.turns[turns - 2] if turns - 2 < len(heading.turns) else 0.0
    parts = [heading.base, usual, heading.length * math.log(turns)]
    last, earlier, share = heading.last, heading.before, 1 / len(before)
    parts += [last[name] * value for name, value in running.seen.last.items() if name in last]
    parts += [share * earlier[name] * value for values in before for name, value in values.items() if name in earlier]
    return math.fsum(parts)
