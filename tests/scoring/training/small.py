"""Small sets of rated conversations, made up from a few sentences, for fits that take a second."""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any

OPENINGS = ["Where is my parcel?", "I need a room for two nights.", "Can you change my address?", "My lamp is broken."]
PLEASED = ["Perfect, thank you so much!", "Great, that works for me.", "Lovely, that was quick.", "Yes, please do."]
CROSS = [
    "No, that is not what I asked.",
    "This is useless.",
    "I am still waiting, nothing happened.",
    "That is wrong again.",
]
HELPFUL = ["Done, it has been booked for you.", "Your refund was processed.", "I have changed it. Anything else?"]
UNHELPFUL = ["Unfortunately that is not possible.", "Sorry, I cannot find it.", "I am afraid there are none."]


def conversation(number: int, source: str, draw: random.Random) -> dict[str, Any]:
    """One conversation; good ones get better answers, and ratings follow with some noise."""
    good = draw.random() < 0.6
    turns: list[dict[str, Any]] = [{"role": "customer", "text": draw.choice(OPENINGS), "satisfaction": [3, 3, 4]}]
    for _ in range(draw.randint(1, 4)):
        happy = draw.random() < (0.8 if good else 0.25)
        turns.append({"role": "agent", "text": draw.choice(HELPFUL if happy else UNHELPFUL), "satisfaction": None})
        rating = draw.choice([4, 4, 5] if happy else [1, 2, 2])
        turns.append(
            {"role": "customer", "text": draw.choice(PLEASED if happy else CROSS), "satisfaction": [rating, rating]}
        )
    overall = draw.choice([4, 5] if good else [1, 2])
    return {"id": f"{source}-{number}", "source": source, "turns": turns, "overall": [overall, overall]}


def rated(source: str, count: int = 60, seed: int = 3) -> list[dict[str, Any]]:
    """A set of such conversations; the same again for the same seed."""
    draw = random.Random(f"{source}{seed}")
    return [conversation(number, source, draw) for number in range(count)]


def labelled(count: int = 80) -> list[dict[str, Any]]:
    """Single messages with the names of feelings."""
    draw = random.Random(5)
    found = []
    for number in range(count):
        happy = draw.random() < 0.5
        text, label = (draw.choice(PLEASED), "joy") if happy else (draw.choice(CROSS), "annoyance")
        turn = {"role": "customer", "text": text, "satisfaction": None, "label": [label]}
        found.append({"id": f"feeling-{number}", "source": "feelings", "turns": [turn], "overall": None})
    return found


def write(path: Path, documents: Sequence[dict[str, Any]]) -> Path:
    """The documents as JSON lines in a file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(one) + "\n" for one in documents), encoding="utf-8")
    return path
