"""Fields that were installed at the helpdesk show score, state and cause; a score alone costs no write."""

from __future__ import annotations

from typing import Any

import pytest
import requests

from app import desk_install
from tests.tasks.stage import ANGRY, CALM, Stage


@pytest.fixture
def fields(stage: Stage) -> dict[str, str]:
    """The helpdesk's ids of the fields, by what they show."""
    desk_install.install(stage.parts, stage.desk_id, by_rule=False)
    found: dict[str, str] = stage.desk().settings["shown_fields"]
    return found


def custom_fields(stage: Stage, ticket: str) -> dict[str, Any]:
    """All that have a value, by the helpdesk's ids."""
    answer = requests.get(
        f"{stage.sandbox.url}/api/v2/tickets/{ticket}.json",
        headers={"Authorization": f"Bearer {stage.account.oauth_token}"},
        timeout=5,
    )
    return {str(one["id"]): one["value"] for one in answer.json()["ticket"]["custom_fields"] if one["value"]}


def shown(stage: Stage, ticket: str, fields: dict[str, str]) -> dict[str, Any]:
    there = custom_fields(stage, ticket)
    return {name: there.get(field_id) for name, field_id in fields.items()}


def test_a_scored_ticket_shows_how_it_stands_in_the_same_write_as_its_tag(stage: Stage, fields: dict[str, str]) -> None:
    ticket = stage.opens(ANGRY)

    with stage.counting() as calls:
        stage.drain()

    row = stage.tracked(ticket)
    assert calls.writes == 1
    assert shown(stage, ticket, fields)["score"] == row.score
    assert shown(stage, ticket, fields)["state"] == "Poor, worsening"
    assert "sat_poor_worsening" in stage.tags(ticket)


def test_a_look_that_changes_nothing_writes_nothing(stage: Stage, fields: dict[str, str]) -> None:
    ticket = stage.opens(ANGRY)
    stage.drain()

    with stage.counting() as calls:
        stage.happened(ticket, "ticket.changed")
        stage.drain()

    assert calls.writes == 0


def test_a_score_alone_is_worth_no_write(stage: Stage, fields: dict[str, str]) -> None:
    ticket = stage.opens(ANGRY)
    stage.says(ticket, "The lamp is still broken and I still want my refund!")
    stage.drain()
    before = shown(stage, ticket, fields)

    with stage.counting() as calls:
        stage.says(ticket, "Nobody answers me, the lamp is still broken!")
        stage.drain()

    assert stage.tracked(ticket).score != before["score"]
    assert calls.writes == 0
    assert shown(stage, ticket, fields) == before


def test_the_score_goes_along_when_the_state_changes(stage: Stage, fields: dict[str, str]) -> None:
    ticket = stage.opens(CALM)
    stage.drain()

    with stage.counting() as calls:
        stage.says(ticket, ANGRY)
        stage.drain()

    assert calls.writes == 1
    assert shown(stage, ticket, fields)["score"] == stage.tracked(ticket).score


def test_without_an_installation_no_field_is_touched(stage: Stage) -> None:
    ticket = stage.opens(ANGRY)

    stage.drain()

    assert custom_fields(stage, ticket) == {}


def test_a_field_that_an_admin_deleted_is_not_written_to(stage: Stage, fields: dict[str, str]) -> None:
    ticket = stage.opens(ANGRY)
    stage.settings(shown_fields={**fields, "state": "424242"})

    with stage.counting() as calls:
        stage.drain()
        stage.happened(ticket, "ticket.changed")
        stage.drain()

    assert calls.writes == 1
    assert "sat_poor_worsening" in stage.tags(ticket)
    assert shown(stage, ticket, fields)["score"] == stage.tracked(ticket).score
