"""Whose words a comment is and which they are, where that is not plain: light agents, calls, machines, rich text."""

from __future__ import annotations

from typing import Any

import pytest

from connectors.ticket import Author, Message
from connectors.zendesk import mapping
from tests.connectors.zendesk.bodies import AGENT, REQUESTER, comment_body, people_bodies, user_body


def read(people: list[dict[str, Any]] | None = None, **changed: Any) -> Message:
    known = mapping.read_people({"users": people_bodies() if people is None else people})
    return mapping.build_message(mapping.read_comment(comment_body(**changed)), str(REQUESTER), known, set())


@pytest.mark.parametrize(
    "light",
    [{"role_type": 1}, {"only_private_comments": True}, {"custom_role_id": 5, "restricted_agent": True}],
)
def test_a_light_agents_note_is_an_agents_and_internal(light: dict[str, Any]) -> None:
    people = [user_body(REQUESTER), user_body(AGENT, role="agent", **light)]

    message = read(people, author_id=AGENT, public=False)

    assert (message.author, message.public) == (Author.AGENT, False)


def test_a_light_agent_in_copy_who_answers_by_mail_says_nothing_to_the_customer() -> None:
    people = [user_body(REQUESTER), user_body(AGENT, role="agent", only_private_comments=True)]

    message = read(people, author_id=AGENT, public=False, via={"channel": "email"})

    assert (message.author, message.public) == (Author.AGENT, False)


CALL = {"transcription_text": "My lamp is broken.", "recording_url": "https://calls.example.net/1.mp3", "from": "+1555"}


@pytest.mark.parametrize("kind", ["VoiceComment", "TpeVoiceComment"])
@pytest.mark.parametrize(
    ("data", "text"),
    [(CALL, "My lamp is broken."), ({**CALL, "transcription_text": None}, ""), (None, "")],
)
def test_of_a_call_only_what_was_said_is_read(kind: str, data: Any, text: str) -> None:
    message = read(type=kind, data=data, body="Call from: +1555", plain_body="Call from: +1555, recording: https://x")

    assert message.text == text


def test_where_a_recording_is_is_kept_nowhere() -> None:
    message = read(type="VoiceComment", data=CALL, plain_body="Call", body="Call")

    assert "calls.example.net" not in repr(message)


def test_rich_text_is_read_as_the_plain_words_that_come_with_it() -> None:
    message = read(
        html_body="<p>It is <b>broken</b>!<img src='x'></p>", body="It is **broken**!", plain_body="It is broken!"
    )

    assert message.text == "It is broken!"


@pytest.mark.parametrize("author_id", [-1, -9, "-1", 0, None])
def test_an_id_that_no_user_has_is_the_systems(author_id: Any) -> None:
    assert read(author_id=author_id).author is Author.SYSTEM


def test_blocks_of_redacted_words_are_read_as_they_are() -> None:
    assert read(plain_body="My number is \u2587\u2587\u2587\u2587.").text == "My number is \u2587\u2587\u2587\u2587."
