"""Canned responses as macros."""

from __future__ import annotations

from typing import Any

import pytest

from connectors.errors import Refused
from connectors.freshdesk import macros
from connectors.ticket import Comment, Priority, TicketStatus, Write
from tests.connectors.freshdesk.bodies import make_ticket


def delta(title: str, html: str = "<p>Sorry.</p>", **more: Any) -> Write:
    return macros.macro_delta(
        macros.read_canned({"id": 1, "title": title, "content_html": html, **more}), make_ticket()
    )


def test_words_alone_go_to_the_customer() -> None:
    assert delta("Apology [EU]") == Write(comment=Comment(text="Sorry.", public=True))


def test_the_title_says_what_else_is_done() -> None:
    write = delta("Take over [do: priority=high, status=open, group=701, agent=9, +a, -b, cf_x=1, note]")

    assert write == Write(
        add_tags=frozenset({"a"}),
        remove_tags=frozenset({"b"}),
        group_id="701",
        assignee_id="9",
        priority=Priority.HIGH,
        status=TicketStatus.OPEN,
        custom_fields={"cf_x": "1"},
        comment=Comment(text="Sorry.", public=False),
    )


def test_what_a_write_does_is_what_its_title_says() -> None:
    write = Write(
        add_tags=frozenset({"a", "b"}),
        remove_tags=frozenset({"c"}),
        priority=Priority.URGENT,
        status=TicketStatus.PENDING,
        custom_fields={"cf_x": "1"},
        comment=Comment(text="Sorry.", public=False),
    )

    assert delta(macros.title_of("Take over", write)) == write


def test_a_write_that_no_title_can_hold_is_refused() -> None:
    with pytest.raises(Refused, match="comma"):
        macros.title_of("Odd", Write(add_tags=frozenset({"a,b"})))


@pytest.mark.parametrize(
    ("title", "said"),
    [
        ("Odd [do: fly]", "'fly' is no action"),
        ("Odd [do: priority=5]", "priority=5"),
        ("Odd [do: group=recovery]", "group=recovery"),
        ("Odd [do: +]", "is no action"),
    ],
)
def test_an_action_that_is_none_is_refused_by_name(title: str, said: str) -> None:
    with pytest.raises(Refused, match="Odd") as caught:
        delta(title)

    assert said in str(caught.value)


def test_placeholders_are_filled_in_from_the_ticket() -> None:
    html = "<p>Dear {{ticket.requester.firstname}} ({{ ticket.requester.email }}), about {{ticket.id}}:</p>"

    write = delta("Hello", html)

    assert write.comment
    assert write.comment.text == "Dear Ada (ada@example.com), about 35:"


@pytest.mark.parametrize("html", ["{{ticket.portal_url}}", "{{ticket.agent.name}}", "{% if x %}y{% endif %}"])
def test_words_that_only_the_helpdesk_can_finish_are_refused(html: str) -> None:
    with pytest.raises(Refused, match="Hello"):
        delta("Hello", html)


def test_a_file_that_would_be_missing_is_a_reason_to_refuse() -> None:
    with pytest.raises(Refused, match="attached"):
        delta("Hello", attachments=[{"id": 1}])


def test_a_response_without_words_says_nothing() -> None:
    assert delta("Tag [do: +a]", "").comment is None
