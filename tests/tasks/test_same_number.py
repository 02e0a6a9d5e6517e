"""One conversation, one number: sidebar, `kintsugi score`, the API and the database agree to the last digit."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import Any

import pytest
from click.testing import CliRunner
from flask.testing import FlaskClient

from app.cli import main
from app.clock import real_now
from app.factory import create_app
from app.store import launches
from tests.tasks.stage import Stage

TOKEN = "made-up-operator-token-0123456789"
WORDS = (
    "Hello, my lamp has not arrived. It was supposed to be here on Monday. When will it come?",
    "Thanks, I will wait then.",
    "It came today and it is broken!! This is very disappointing.\n\nOn Mon, 2 Mar 2026, Support wrote:\n> Sorry",
    "This is the third time I write! The lamp is STILL broken and nobody answers. I want to cancel my subscription.",
)


def play(stage: Stage) -> str:
    ticket = stage.opens(WORDS[0])
    stage.drain()
    for words in WORDS[1:]:
        stage.answers(ticket, "We are sorry about that, and are looking into it.")
        stage.step(hours=5)
        stage.says(ticket, words)
        stage.drain()
    return ticket


@pytest.fixture
def client(stage: Stage) -> FlaskClient:
    settings = replace(stage.parts.settings, operator_token=TOKEN)
    return create_app(settings, replace(stage.parts, settings=settings)).test_client()


def scored_by_hand(stage: Stage, ticket: str) -> list[dict[str, Any]]:
    """What `kintsugi score` says to the same messages at the same times."""
    roles = {"customer": "customer", "agent": "agent"}
    said = [message for message in stage.messages(ticket) if message.public]
    vault, row = stage.parts.database.vault, stage.tracked(ticket)
    turns = [
        {"role": roles[one.author], "text": vault.open(one.sealed_text or b""), "at": one.at.isoformat()}
        for one in said
    ]
    line = {"id": ticket, "turns": turns, "ticket": {"priority": "normal", "channel": row.channel}}
    answer = CliRunner().invoke(main, ["score", "-"], input=json.dumps(line) + "\n", catch_exceptions=False)
    found: list[dict[str, Any]] = json.loads(answer.stdout)["turns"]
    return found


def shown_in_the_sidebar(stage: Stage, client: FlaskClient, ticket: str) -> list[str]:
    with stage.parts.database.desk(stage.desk_id) as session:
        bearer = launches.open_launch(session, stage.desk_id, token_id="t", agent_id="4001", now=real_now())
    page = client.get(f"/sidebar/zendesk/ticket/{ticket}", headers={"Authorization": f"Bearer {bearer}"}).text
    return re.findall(r'<data[^>]* value="([^"]+)"', page)


def told_by_the_api(client: FlaskClient, ticket: str) -> dict[str, Any]:
    answer = client.get(f"/api/v1/tickets/{ticket}/score", headers={"Authorization": f"Bearer {TOKEN}"})
    assert answer.json is not None
    return dict(answer.json)


@pytest.mark.capability("SCO-04")
def test_the_same_conversation_has_the_same_number_everywhere(stage: Stage, client: FlaskClient) -> None:
    stage.publish()
    ticket = play(stage)

    by_hand, row = scored_by_hand(stage, ticket), stage.tracked(ticket)
    api, sidebar = told_by_the_api(client, ticket), shown_in_the_sidebar(stage, client, ticket)

    for name in ("p_satisfied", "p_satisfied_now", "trend", "base_logit", "p_uncalibrated"):
        assert repr(by_hand[-1][name]) == repr(getattr(row, name)) == repr(api[name]), name
    for name in ("p_satisfied", "p_satisfied_now", "trend"):
        assert repr(by_hand[-1][name]) in sidebar
    assert by_hand[-1]["contributions"] == api["contributions"]
    assert [by_hand[-1][name] for name in _SAME] == [api[name] for name in _SAME]


_SAME = ("score", "level", "direction", "state", "explanation", "change", "factors", "cause", "fault_side", "language")


def test_every_message_on_the_way_was_stored_with_its_number(stage: Stage) -> None:
    stage.publish()
    ticket = play(stage)

    stored = [row for row in stage.scores(ticket) if row.message_id is not None]

    for name in ("p_satisfied", "p_satisfied_now", "trend"):
        assert [repr(getattr(row, name)) for row in stored] == [
            repr(turn[name]) for turn in scored_by_hand(stage, ticket)
        ]


def test_the_turning_message_and_the_churn_risk_are_the_same_too(stage: Stage, client: FlaskClient) -> None:
    stage.publish()
    ticket = play(stage)

    last, row = scored_by_hand(stage, ticket)[-1], stage.tracked(ticket)
    said = [message for message in stage.messages(ticket) if message.public]

    assert row.turning_message_id == said[last["turning_index"]].message_id
    assert repr(row.churn_risk) == repr(last["churn_risk"]) == repr(told_by_the_api(client, ticket)["churn_risk"])
