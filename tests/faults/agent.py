"""An agent who does nothing but edit: adds and takes tags, fills in a field, writes notes and replies. A process of its
own; at the end it leaves in a file what has to be at the helpdesk because of it.

    python -m tests.faults.agent JOURNAL URL FIELD_ID EDITS SEED TICKET...
"""

from __future__ import annotations

import json
import random
import sys
import time
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import requests

SETTLED = 3.0  #: seconds after which the agent may take off a tag again, as slow as a quick person
PAUSE = 0.004  #: seconds between two edits; all tickets together


@dataclass(slots=True)
class Agent:
    url: str
    field_id: str
    draw: random.Random
    http: requests.Session = field(default_factory=requests.Session)
    tags: dict[str, dict[str, float]] = field(default_factory=lambda: defaultdict(dict))
    gone: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    fields: dict[str, str] = field(default_factory=dict)
    said: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    saved: dict[str, tuple[float, float]] = field(default_factory=dict)  #: tag -> when it was last put on or taken off

    def edit(self, ticket: str, number: int) -> None:
        """One edit of a kind that is drawn."""
        self.draw.choice((self.add_tag, self.add_tag, self.take_tag, self.fill_in, self.note, self.ask))(ticket, number)

    def add_tag(self, ticket: str, number: int) -> None:
        tag = f"agent_{number}"
        self.save(ticket, tag, additional_tags=[tag])
        self.tags[ticket][tag] = time.monotonic()

    def take_tag(self, ticket: str, number: int) -> None:
        old = [tag for tag, at in self.tags[ticket].items() if at < time.monotonic() - SETTLED]
        if old:
            self.save(ticket, old[0], remove_tags=[old[0]])
            del self.tags[ticket][old[0]]
            self.gone[ticket].append(old[0])

    def save(self, ticket: str, tag: str, **change: list[str]) -> None:
        began = time.time()
        self.post(f"tickets/{ticket}/update", **change)
        self.saved[tag] = began, time.time()

    def fill_in(self, ticket: str, number: int) -> None:
        self.fields[ticket] = f"order {number}"
        self.post(f"tickets/{ticket}/update", custom_fields=[{"id": self.field_id, "value": self.fields[ticket]}])

    def note(self, ticket: str, number: int) -> None:
        self.say(ticket, f"agent says {number}", public=False, **{"as": "agent"})

    def ask(self, ticket: str, number: int) -> None:
        """The customer writes in between, now friendly, now not, so that scores and their tags change."""
        mood = self.draw.choice(("This is a disaster, nobody helps me!", "Thank you so much, wonderful."))
        self.say(ticket, f"customer says {number}: {mood}", public=True, **{"as": "customer"})

    def say(self, ticket: str, text: str, **more: Any) -> None:
        self.post(f"tickets/{ticket}/comments", text=text, **more)
        self.said[ticket].append(text)

    def post(self, path: str, **body: Any) -> None:
        answer = self.http.post(f"{self.url}/sandbox/{path}", json=body, timeout=30)
        assert answer.ok, answer.text


def main(journal: str, url: str, field_id: str, edits: str, seed: str, *tickets: str) -> None:
    agent = Agent(url, field_id, random.Random(seed))
    agent.http.trust_env = False
    sys.stdout.write("begins\n")
    sys.stdout.flush()
    for number in range(int(edits)):
        agent.edit(agent.draw.choice(tickets), number)
        time.sleep(PAUSE)
    tags = {ticket: sorted(kept) for ticket, kept in agent.tags.items()}
    document = {"tags": tags, "gone": agent.gone, "fields": agent.fields, "said": agent.said, "saved": agent.saved}
    Path(journal).write_text(json.dumps(document), encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
