"""Replay: recorded conversations played through a sandbox and the whole pipeline, turn by turn, over HTTP.

The player is the customers, the agents and the lead: it writes, solves, rates, opens survey mails, and says whether a
mail arrived where the sender could not know. Business time is stepped while the pipeline is idle, so two runs of the
same file end the same, however often something is killed in between. Never on a user's own desks.
"""

from __future__ import annotations

import gzip
import json
import random
import re
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import requests

from app import log
from app.clock import parse_aware, real_now
from app.store import desks, falling_due, invitations, reviews, scores, steps, tallies, tracked_tickets
from app.store.database import Database, Purpose
from tasks.parts import Parts

LOG = log.get("replay")

START = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)  #: a Monday morning; where turns carry no time of their own
APART = timedelta(minutes=10)
AFTERWARDS = timedelta(hours=25)  #: long enough for every re-survey of the shipped protocols to fall due
WILLING = 0.6  #: the share of re-surveys that the drawn customers answer well
PATIENCE = 180.0  #: seconds without any progress before a replay is given up

RECOVERY_REPLY = (
    "I am sorry that this went wrong. I have looked at your case myself, put it right, and will check again tomorrow."
)
LINK = re.compile(r"https?://[^\s<>\"]+/s/[^\s<>\"]+")


class ReplayError(Exception):
    """The file cannot be played, or the pipeline stopped making progress; the message names the place."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    role: str
    text: str
    at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversation:
    id: str
    turns: tuple[Turn, ...]
    stars: int | None  #: the customer's own rating afterwards, 1 to 5


def read(path: Path) -> list[Conversation]:
    """The conversations of a JSON-lines file, gzipped or not. Raises ReplayError that names line and field."""
    opener: Any = gzip.open if path.suffix == ".gz" else open
    try:
        with opener(path, "rt", encoding="utf-8") as lines:
            return [_conversation(number, line) for number, line in enumerate(lines, start=1) if line.strip()]
    except (OSError, EOFError, UnicodeDecodeError) as error:
        raise ReplayError(f"{path.name}: cannot be read: {type(error).__name__}") from error


def _conversation(number: int, line: str) -> Conversation:
    try:
        document = json.loads(line)
    except json.JSONDecodeError as error:
        raise ReplayError(f"line {number}: not JSON (column {error.colno})") from error
    if not isinstance(document, dict) or not isinstance(document.get("id"), str) or not document["id"]:
        raise ReplayError(f"line {number}: id: must be a non-empty string")
    turns = document.get("turns")
    if not isinstance(turns, list) or not turns:
        raise ReplayError(f"line {number}: turns: must be a non-empty list")
    read_turns = tuple(_turn(f"line {number}: turns[{index}]", turn) for index, turn in enumerate(turns))
    if read_turns[0].role != "customer":
        raise ReplayError(
            f"line {number}: turns[0].role: a ticket begins with its customer, got {read_turns[0].role!r}"
        )
    return Conversation(id=document["id"], turns=read_turns, stars=_stars(number, document.get("overall")))


def _turn(place: str, turn: Any) -> Turn:
    if not isinstance(turn, dict) or turn.get("role") not in {"customer", "agent"}:
        raise ReplayError(f"{place}.role: must be customer or agent")
    if not isinstance(turn.get("text"), str):
        raise ReplayError(f"{place}.text: must be a string")
    try:
        at = parse_aware(turn["at"]) if turn.get("at") else None
    except (TypeError, ValueError) as error:
        raise ReplayError(f"{place}.at: must be an ISO 8601 time with its offset") from error
    return Turn(role=turn["role"], text=turn["text"] or "(no text)", at=at)


def _stars(number: int, overall: Any) -> int | None:
    if overall is None:
        return None
    values = overall if isinstance(overall, list) else [overall]
    if not values or not all(isinstance(value, int | float) and 1 <= value <= 5 for value in values):
        raise ReplayError(f"line {number}: overall: must be one or several numbers from 1 to 5")
    return round(sum(values) / len(values))


class Player:
    """Plays conversations against a running product and its sandbox."""

    def __init__(self, parts: Parts, sandbox_url: str) -> None:
        self._parts = parts
        self._database = parts.database
        self._clock = parts.clock
        self._sandbox = sandbox_url
        self._http = requests.Session()
        self._http.trust_env = False
        self._tickets: dict[str, int] = {}
        self._settled: set[str] = set()

    def play(self, conversations: Sequence[Conversation]) -> dict[str, Any]:
        """Everything, from the first turn to the answers of the re-surveys; the counts of `kintsugi replay --json`."""
        began, before = time.monotonic(), self._counters()
        self._open_limits()
        self._find_played(conversations)
        fresh = [one for one in conversations if one.id not in self._settled]
        for moment, acts in _timetable(fresh):
            self._move_to(moment)
            for conversation, index in acts:
                self._act(conversation, index)
            self._settle_down()
        for conversation in conversations:
            if conversation.id in self._settled:
                self._post(f"/sandbox/tickets/{self._tickets[conversation.id]}/redeliver", {"by_customer": True})
        self.wait_idle()
        if fresh:
            self._close_the_loop(fresh)
        return self._report(conversations, before, time.monotonic() - began)

    def _find_played(self, conversations: Iterable[Conversation]) -> None:
        """Tickets that an earlier run opened; those it solved are not played again."""
        known = {ticket["external_id"]: ticket["id"] for ticket in self._get("/sandbox/tickets")["tickets"]}
        for conversation in conversations:
            if conversation.id not in known:
                continue
            self._tickets[conversation.id] = known[conversation.id]
            if self._said(known[conversation.id]) < len(conversation.turns):
                raise ReplayError(f"an earlier replay was interrupted in {conversation.id}; remove the replay folder")
            self._settled.add(conversation.id)

    def _said(self, ticket_id: int) -> int:
        """Turns played on a ticket; what the integration itself wrote carries its marker."""
        comments = self._get(f"/sandbox/tickets/{ticket_id}.json")["comments"]
        return sum(comment["role"] in {"customer", "agent"} and not comment["custom"] for comment in comments)

    def _move_to(self, moment: datetime) -> None:
        """Move business time on, never back, and let what falls due by time alone be done before anybody acts:
        otherwise chance would decide which of the two comes first."""
        if moment > self._clock.now():
            self._clock.step(moment)
            self._settle_down()

    def _act(self, conversation: Conversation, index: int) -> None:
        """One turn; after the last one the ticket is solved, then rated."""
        if index == 0:
            self._open(conversation)
        elif index < len(conversation.turns):
            turn = conversation.turns[index]
            self._post(self._path(conversation, "comments"), {"as": turn.role, "text": turn.text})
        elif index == len(conversation.turns):
            self._post(self._path(conversation, "update"), {"status": "solved"})
        elif conversation.stars is not None:
            self._post(self._path(conversation, "rating"), {"score": conversation.stars})

    def _open(self, conversation: Conversation) -> None:
        text = conversation.turns[0].text
        made = self._post(
            "/sandbox/tickets",
            {
                "name": f"Customer {conversation.id}",
                "email": f"{conversation.id}@example.com",
                "subject": text[:60],
                "text": text,
                "external_id": conversation.id,
            },
        )
        self._tickets[conversation.id] = made["id"]

    def _close_the_loop(self, conversations: Sequence[Conversation]) -> None:
        """Have the recovery team answer, let the re-surveys fall due, answer them, and let the answers be acted on."""
        self._move_to(self._clock.now() + APART)
        for conversation in conversations:
            ticket = self._get(f"/sandbox/tickets/{self._tickets[conversation.id]}.json")
            if "recovery_open" in ticket["tags"] and ticket["ratings"]:
                # One update, as an agent's "submit as solved" is: between two of them chance would let us look or not.
                reply = {"body": RECOVERY_REPLY, "public": True}
                self._post(self._path(conversation, "update"), {"status": "solved", "comment": reply})
        self.wait_idle()
        self._move_to(self._clock.now() + AFTERWARDS)
        for conversation in conversations:
            link = self._survey_link(conversation)
            if link is not None:
                self._answer(conversation, link)
        self.wait_idle()

    def _settle_down(self) -> None:
        """Wait until nothing is under way or in doubt: the lead decides at once, or time would pass meanwhile."""
        self.wait_idle()
        while self._settle_doubts():
            self.wait_idle()

    def _settle_doubts(self) -> int:
        """The lead's part: where the engine cannot know whether words arrived, look for them and say so. Returns how
        many doubts there were."""
        doubts = 0
        for desk_id in self._desk_ids():
            with self._database.desk(desk_id, read=True) as session:
                found = len(invitations.unsure(session)) + len(steps.unsure(session))
            if found:
                self._review(desk_id, self._arrived())
            doubts += found
        return doubts

    def _review(self, desk_id: int, arrived: str) -> None:
        now = self._clock.now()
        with self._database.desk(desk_id) as session:
            for row in invitations.unsure(session):
                if row.marker in arrived:
                    reviews.confirm_invitation(session, row.id, now)
                else:
                    reviews.repeat_invitation(session, row.id)
            for step in steps.unsure(session):
                if step.marker in arrived:
                    reviews.confirm_step(session, step.id, now)
                else:
                    reviews.repeat_step(session, step.id, real_now())

    def _arrived(self) -> str:
        """Everything that bears our markers at the helpdesk and in the customers' mailboxes, as one text."""
        found = []
        for name, ticket_id in self._tickets.items():
            ticket = self._get(f"/sandbox/tickets/{ticket_id}.json")
            found += [json.dumps(comment["custom"]) for comment in ticket["comments"]]
            mails = self._get(f"/sandbox/mail.json?to={name}@example.com")["mail"]
            found += [mail["headers"] for mail in mails]
        return " ".join(found)

    def _survey_link(self, conversation: Conversation) -> str | None:
        mails = self._get(f"/sandbox/mail.json?to={conversation.id}@example.com")["mail"]
        ticket = self._get(f"/sandbox/tickets/{self._tickets[conversation.id]}.json")
        texts = [mail["text"] for mail in mails]
        texts += [comment["text"] for comment in ticket["comments"] if comment["public"]]
        found = [match.group() for text in texts if (match := LINK.search(text))]
        return found[0] if found else None

    def _answer(self, conversation: Conversation, link: str) -> None:
        """Open the page, then answer by a draw that depends on the conversation alone."""
        draw = random.Random(f"resurvey:{conversation.id}")
        rating = draw.choice((4, 5)) if draw.random() < WILLING else draw.choice((1, 2))
        page = self._http.get(link, timeout=30)
        page.raise_for_status()
        answered = self._http.post(link, data={"rating": rating, "comment": ""}, timeout=30)
        answered.raise_for_status()

    def wait_idle(self) -> None:
        """Return once nothing is under way: no webhook to deliver, no ticket due or held, no survey due, and nothing
        left that time alone brings about. Sweeps go by the clock on the wall, and might else come before or after what
        is next."""
        busy, since, pause = self._busy(), time.monotonic(), 0.02
        while busy:
            time.sleep(pause)
            pause = min(pause * 1.5, 0.25)
            now_busy = self._busy()
            if now_busy != busy:
                busy, since = now_busy, time.monotonic()
            elif time.monotonic() - since > PATIENCE:
                raise ReplayError(f"no progress for {PATIENCE:g} s; still under way: {busy}")

    def _busy(self) -> dict[str, int]:
        """What is under way, by kind. The helpdesk, and what time brings about, are asked before and after tickets are
        counted: work that ended in between may have caused webhooks, and a sweep may have handed its work to a ticket,
        that neither look alone would see."""
        before = self._get("/sandbox/outbox")
        now, business_now = real_now(), self._clock.now()
        by_time = self._falling_due(business_now)
        with self._database.system(Purpose.DISPATCH, read=True) as session:
            counts = {
                "tickets": tracked_tickets.pending(session, now, business_now),
                "surveys": invitations.pending(session, now, business_now),
            }
        counts["by_time"] = max(by_time, self._falling_due(business_now))
        after = self._get("/sandbox/outbox")
        counts["webhooks"] = max(int(before["pending"]), int(sum(after.values()) - sum(before.values())))
        return {name: count for name, count in counts.items() if count}

    def _falling_due(self, business_now: datetime) -> int:
        found = 0
        for desk_id in self._desk_ids():
            with self._database.desk(desk_id, read=True) as session:
                found += falling_due.count(session, business_now, survey_days=self._parts.settings.survey_days)
        return found

    def _open_limits(self) -> None:
        """A replay packs days into seconds, so the sandbox's allowance per minute would measure nothing; and customers
        rate from 1 to 5."""
        self._post("/sandbox/limits", {"unlimited": True})
        self._post("/sandbox/settings", {"csat": "survey"})

    def _desk_ids(self) -> list[int]:
        with self._database.system(Purpose.OPERATE, read=True) as session:
            return [desk.id for desk in desks.all_of(session)]

    def _counters(self) -> dict[str, int]:
        stats = self._get("/sandbox/stats")
        with self._database.system(Purpose.OPERATE, read=True) as session:
            deliveries = tallies.deliveries(session)
        return {"reads": stats["reads"], "writes": stats["writes"], "deliveries": deliveries}

    def _report(
        self, conversations: Sequence[Conversation], before: Mapping[str, int], seconds: float
    ) -> dict[str, Any]:
        after = self._counters()
        spent = {name: after[name] - before[name] for name in after}
        with self._database.system(Purpose.OPERATE, read=True) as session:
            standing = tallies.tally(session)
            return {
                "conversations": len(conversations),
                "deliveries": spent["deliveries"],
                "rescored": scores.count_messages(session),
                "states": {state.value: number for state, number in standing.states.items()},
                "cases": standing.cases,
                "steps": {state.value: number for state, number in standing.steps.items()},
                "surveys": {"sent": standing.surveys_sent, "answered": standing.surveys_answered},
                "helpdesk": {"reads": spent["reads"], "writes": spent["writes"]},
                "seconds": round(seconds, 2),
            }

    def _path(self, conversation: Conversation, act: str) -> str:
        return f"/sandbox/tickets/{self._tickets[conversation.id]}/{act}"

    def _get(self, path: str) -> Any:
        return self._checked(self._http.get(self._sandbox + path, timeout=30))

    def _post(self, path: str, body: Mapping[str, Any]) -> Any:
        return self._checked(self._http.post(self._sandbox + path, json=dict(body), timeout=30))

    @staticmethod
    def _checked(response: requests.Response) -> Any:
        if response.status_code >= 400:
            raise ReplayError(f"the sandbox answered {response.status_code} to {response.request.path_url}")
        return response.json() if response.content else None


def _timetable(conversations: Sequence[Conversation]) -> Iterator[tuple[datetime, list[tuple[Conversation, int]]]]:
    """Moments in order, each with what happens then: tickets side by side, the turns of one ticket in order.

    Turns without a time of their own are ten minutes apart; solving and rating follow at the same pace.
    """
    moments: dict[datetime, list[tuple[Conversation, int]]] = {}
    for conversation in conversations:
        at = START
        for index in range(len(conversation.turns) + 2):
            own = conversation.turns[index].at if index < len(conversation.turns) else None
            at = max(at, own) if own else (START if index == 0 else at + APART)
            moments.setdefault(at, []).append((conversation, index))
    yield from sorted(moments.items())


def refuse_foreign_desks(database: Database) -> None:
    """Raises ReplayError unless every desk of this database is a sandbox on this machine."""
    with database.system(Purpose.OPERATE, read=True) as session:
        foreign = tallies.foreign_desks(session)
    if foreign:
        raise ReplayError(f"this database has desks that are not sandboxes: {', '.join(foreign)}")
