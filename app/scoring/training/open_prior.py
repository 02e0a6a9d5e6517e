"""The open prior: nothing but GoEmotions (Apache-2.0) and judgement goes into it.

What a message says is weighed by how well it tells pleasant from unpleasant texts; our side, effort, and how messages
add up over a conversation are judgement.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from app.scoring.training.corpora import Conversation, Turn
from app.scoring.training.judgement import SPREAD
from app.scoring.training.lists import FOLDS, PLEASANT, UNPLEASANT, Lists, emotion_lists, read_with
from app.scoring.training.prior import (
    COURTEOUS,
    FREE,
    MESSAGE_RIDGE,
    RARE,
    RARE_NOW,
    RARE_WHOLE,
    USUAL_TURNS,
    Fitted,
    Holds,
    constrained,
)
from app.scoring.training.tables import NAMES, SIDES, Array, Table, table
from app.scoring.wordlists import WordList

MOST = 12_000  #: texts that are read in full, every so many-th of all; more changed nothing
STRENGTH = 0.5  #: texts are written to show a feeling; messages to a helpdesk tell less
BASE, NOW_BASE = 1.2, 1.6  #: logits of a conversation and of a turn with nothing in them
DEAD_BAND = 0.25
#: For the whole: how the messages' own weights are spread over time.
WHOLE = MappingProxyType({"last": 0.1, "fast": 0.3, "gathered": 0.4})
#: Signals that single texts cannot show: (whole, on the gathered mean; now).
ACROSS: Mapping[str, tuple[float, float]] = MappingProxyType(
    {
        "effort.repeats": (-0.5, -0.8),
        "effort.run": (-0.3, -0.3),
        "effort.unanswered": (-0.4, -0.4),
        "effort.turns": (-0.1, -0.4),
        "service.refusal": (-0.5, -0.9),
        "service.apology": (-0.4, -0.8),
        "service.confirmation": (0.6, 0.6),
        "service.answers": (0.2, 0.3),
        "service.deferral": (-0.2, -0.3),
        "service.repeats": (-0.3, -0.3),
        "acts.thanks_closing": (0.6, 1.0),
        "acts.thanks": (0.4, 0.6),
        "acts.accept": (0.4, 0.7),
        "acts.goodbye": (0.3, 0.6),
        "acts.already_said": (-0.8, -1.0),
        "acts.confused": (-0.3, -0.8),
        "acts.alternative": (-0.4, -1.2),
        "acts.decline": (-0.6, -1.4),
        "acts.waited": (-0.3, -0.8),
        "acts.problem": (-0.2, -0.5),
    }
)


def fit_open(texts: Sequence[str], labels: Sequence[frozenset[str]]) -> Fitted:
    """A prior from texts that are plainly pleasant or plainly unpleasant."""
    clear = [
        (text, bool(found & PLEASANT))
        for text, found in zip(texts, labels, strict=True)
        if bool(found & PLEASANT) != bool(found & UNPLEASANT)
    ]
    step = max(1, len(clear) // MOST)
    known, pleasant = _read(clear[::step], texts, labels)
    judged = np.array([name in ACROSS for name in NAMES])
    weights = STRENGTH * _weights(known, pleasant, FREE & ~RARE & ~judged)
    across = np.array([ACROSS.get(name, (0.0, 0.0)) for name in NAMES])
    now = weights + across[:, 1] + RARE_NOW + COURTEOUS
    overall = {name: share * weights for name, share in WHOLE.items()}
    overall["gathered"] = overall["gathered"] + across[:, 0] + COURTEOUS
    for name, share in SPREAD.items():
        overall[name] = overall.get(name, np.zeros(len(NAMES))) + share * RARE_WHOLE
    return Fitted(
        base=BASE,
        now_base=NOW_BASE,
        now=now,
        overall=overall,
        heading_base=0.0,
        heading_turns=(0.0,) * USUAL_TURNS,
        heading_length=0.0,
        heading_last=now,
        heading_before=-now,
        dead_band=DEAD_BAND,
    )


def _read(
    clear: Sequence[tuple[str, bool]], texts: Sequence[str], labels: Sequence[frozenset[str]]
) -> tuple[Table, NDArray[np.bool_]]:
    """The texts as first messages, each fifth read by lists of feelings that were fitted without it."""
    single = [
        Conversation(id=str(number), source=str(number % FOLDS), turns=(Turn(role="customer", text=text),))
        for number, (text, _) in enumerate(clear)
    ]
    known = table(single)
    values = np.zeros_like(known.values)
    for fold in np.unique(known.source):
        here = known.source == fold
        apart = {text for (text, _), is_here in zip(clear, here, strict=True) if is_here}
        others = [(text, found) for text, found in zip(texts, labels, strict=True) if text not in apart]
        pleased, displeased = emotion_lists([text for text, _ in others], [found for _, found in others])
        lists = Lists(pleased=pleased, displeased=displeased, customer=NOTHING, reply=NOTHING)
        values[here] = read_with(known.where(here), lists).values
    return known.with_values(values), np.array([pleasant for _, pleasant in clear])


NOTHING = WordList(name="nothing", bias=0.0, weights={})


def _weights(known: Table, pleasant: NDArray[np.bool_], free: NDArray[np.bool_]) -> Array:
    found, _ = constrained(known.values, pleasant, Holds(sides=SIDES, strength=MESSAGE_RIDGE, free=free))
    return found
