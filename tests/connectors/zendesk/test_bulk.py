"""Many tickets at once, over HTTP against the sandbox: read by id, their new messages exported, their tags by a job."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest

from connectors.base import Connector
from connectors.errors import RateLimited, Refused
from connectors.ticket import Author, Comment, Message, Priority, Write
from connectors.zendesk import limits
from connectors.zendesk.bulk import MOST_JOBS, _comments
from tests.connectors.stage import ZendeskStage


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ZendeskStage]:
    stage = ZendeskStage(tmp_path_factory.mktemp("helpdesk"))
    stage.start()
    yield stage
    stage.stop()


@pytest.fixture
def stage(running: ZendeskStage) -> Iterator[ZendeskStage]:
    running.calls.clear()
    yield running
    running.act("limits", unlimited=True, job_seconds=0.0, jobs=30)


@pytest.fixture
def desk(stage: ZendeskStage) -> Iterator[Connector]:
    connector = stage.open()
    yield connector
    connector.close()


def later(stage: ZendeskStage, **span: float) -> None:
    stage._time += timedelta(**span)


def said(stage: ZendeskStage, desk: Connector, since: str | None = None) -> dict[str, tuple[Message, ...]]:
    """All pages of the last hour."""
    found: dict[str, tuple[Message, ...]] = {}
    while True:
        page = desk.read_said(since, stage._time - timedelta(hours=1))
        for ticket_id, messages in page.messages.items():
            found[ticket_id] = found.get(ticket_id, ()) + messages
        since = page.cursor
        if not page.more:
            return found


def test_tickets_are_read_in_one_call_and_those_gone_are_missing(stage: ZendeskStage, desk: Connector) -> None:
    first, second, gone = stage.new_ticket(tags=["lamp"]), stage.new_ticket(), stage.new_ticket()
    stage.act(f"tickets/{gone}/delete")
    stage.say(second, "Sorry.", **{"as": "agent"})

    found = {ticket.id: ticket for ticket in desk.read_tickets([first, second, gone, stage.unknown_id])}

    assert set(found) == {first, second}
    assert found[first].requester.email == "customer@example.org"
    assert (found[first].messages, found[first].ratings) == ((), None)
    assert [found[one].message_count for one in (first, second)] == [1, 2]
    assert len(stage.calls) == 1


def test_a_ticket_read_in_bulk_is_as_one_read_alone(stage: ZendeskStage, desk: Connector) -> None:
    ticket_id = stage.new_ticket("Broken!")
    stage.say(ticket_id, "Sorry.", **{"as": "agent"})
    stage.say(ticket_id, "Careful with this one.", **{"as": "agent", "public": False})
    stage.say(ticket_id, "I am his boss.", author_email="boss@example.org")
    stage.say(ticket_id, "Ticket moved.", **{"as": "bot"})
    alone = desk.read_ticket(ticket_id)
    desk.write(alone, Write(comment=Comment(text="Ours."), markers=("step-1",)))
    alone = desk.read_ticket(ticket_id)
    later(stage, minutes=2)

    (ticket,) = desk.read_tickets([ticket_id])
    messages = said(stage, desk)[ticket_id]

    assert (ticket.stamp, ticket.tags, ticket.status, ticket.requester.id) == (
        alone.stamp,
        alone.tags,
        alone.status,
        alone.requester.id,
    )
    assert messages == alone.messages
    assert ticket.message_count == len(messages)
    assert [message.author for message in messages][-1] is Author.SYSTEM


def test_the_last_minute_is_left_out(stage: ZendeskStage, desk: Connector) -> None:
    ticket_id = stage.new_ticket("old")
    later(stage, minutes=2)
    stage.say(ticket_id, "young")

    (ticket,) = desk.read_tickets([ticket_id])
    messages = said(stage, desk)[ticket_id]

    assert [message.text for message in messages] == ["old"]
    assert ticket.message_count == 2


def test_messages_go_on_where_the_last_page_ended(stage: ZendeskStage, desk: Connector) -> None:
    ticket_id = stage.new_ticket("one")
    later(stage, minutes=2)
    desk.read_tickets([ticket_id])
    page = desk.read_said(None, stage._time - timedelta(minutes=3))
    stage.say(ticket_id, "two")
    later(stage, minutes=2)

    messages = said(stage, desk, page.cursor)[ticket_id]

    assert [message.text for message in messages] == ["two"]


def test_nothing_is_asked_about_the_last_minute(stage: ZendeskStage, desk: Connector) -> None:
    now = str(int(stage._time.timestamp()))

    page = desk.read_said(now, stage._time)

    assert (page.messages, page.cursor, page.more) == ({}, now, False)
    assert stage.calls == []


def test_messages_of_tickets_that_were_not_read_are_left_out(stage: ZendeskStage, desk: Connector) -> None:
    read, other = stage.new_ticket(), stage.new_ticket()
    later(stage, minutes=2)
    desk.read_tickets([read])

    found = said(stage, desk)

    assert read in found
    assert other not in found


def test_very_much_that_was_said_comes_in_pages(
    stage: ZendeskStage, desk: Connector, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("connectors.sandbox.zendesk.exports.PAGE", 3)
    ticket_id = stage.new_ticket("0")
    for number in range(1, 8):
        stage.say(ticket_id, str(number))
    later(stage, minutes=2)
    desk.read_tickets([ticket_id])

    messages = said(stage, desk)[ticket_id]

    assert [message.text for message in messages] == [str(number) for number in range(8)]


def test_tags_are_added_and_removed_by_one_job(stage: ZendeskStage, desk: Connector) -> None:
    first, second = stage.new_ticket(tags=["lamp", "old"]), stage.new_ticket()
    stage.calls.clear()

    desk.write_many(
        {
            first: Write(add_tags=frozenset({"new"}), remove_tags=frozenset({"old"})),
            second: Write(add_tags=frozenset({"other"})),
        }
    )

    assert [set(stage.shown(one)["tags"]) for one in (first, second)] == [{"lamp", "new"}, {"other"}]
    assert [(method, path) for method, path, _ in stage.calls] == [("PUT", "/api/v2/tickets/update_many.json")]


def test_an_agents_tag_of_the_same_moment_stays(stage: ZendeskStage, desk: Connector) -> None:
    ticket_id = stage.new_ticket(tags=["old"])
    desk.read_tickets([ticket_id])
    stage.act(f"tickets/{ticket_id}/update", additional_tags=["agents"])

    desk.write_many({ticket_id: Write(add_tags=frozenset({"new"}), remove_tags=frozenset({"old"}))})

    assert set(stage.shown(ticket_id)["tags"]) == {"agents", "new"}


def test_fields_go_along(stage: ZendeskStage, desk: Connector) -> None:
    ticket_id, field = stage.new_ticket(), stage.field("Order number")

    desk.write_many({ticket_id: Write(custom_fields={field: "late"})})

    assert desk.read_ticket(ticket_id).custom_fields[field] == "late"


@pytest.mark.parametrize("write", [Write(priority=Priority.HIGH), Write(comment=Comment(text="Hello"))])
def test_anything_else_is_refused_before_a_call(stage: ZendeskStage, desk: Connector, write: Write) -> None:
    with pytest.raises(Refused, match="only tags"):
        desk.write_many({"1": write})

    assert stage.calls == []


def test_more_than_a_hundred_are_refused_before_a_call(stage: ZendeskStage, desk: Connector) -> None:
    ids = [str(number) for number in range(1, 102)]

    with pytest.raises(Refused, match="at most 100"):
        desk.read_tickets(ids)
    with pytest.raises(Refused, match="at most 100"):
        desk.write_many(dict.fromkeys(ids, Write(add_tags=frozenset({"x"}))))

    assert stage.calls == []


def test_nothing_to_read_or_to_write_costs_nothing(stage: ZendeskStage, desk: Connector) -> None:
    desk.write_many({})

    assert desk.read_tickets([]) == ()
    assert stage.calls == []


def test_only_a_few_jobs_are_under_way_at_once(stage: ZendeskStage, desk: Connector) -> None:
    ticket_id = stage.new_ticket()
    tag = {ticket_id: Write(add_tags=frozenset({"x"}))}
    stage.act("limits", job_seconds=60.0)
    for _ in range(MOST_JOBS):
        desk.write_many(tag)

    with pytest.raises(RateLimited) as caught:
        desk.write_many(tag)
    stage.act("limits", job_seconds=0.0)

    assert caught.value.retry_after is not None


def test_jobs_that_have_ended_make_room(stage: ZendeskStage, desk: Connector) -> None:
    ticket_id = stage.new_ticket()

    for number in range(MOST_JOBS + 2):
        desk.write_many({ticket_id: Write(add_tags=frozenset({f"tag-{number}"}))})

    assert len(stage.shown(ticket_id)["tags"]) == MOST_JOBS + 2


def test_an_account_with_too_many_jobs_says_so(stage: ZendeskStage, desk: Connector) -> None:
    ticket_id = stage.new_ticket()
    stage.act("limits", unlimited=False, jobs=0)

    with pytest.raises(RateLimited):
        desk.write_many({ticket_id: Write(add_tags=frozenset({"x"}))})


def test_comments_that_make_no_sense_are_left_out() -> None:
    event = {
        "ticket_id": 7,
        "created_at": "2026-03-02T09:00:00Z",
        "child_events": [
            {"id": 1, "event_type": "Comment", "author_id": 5, "body": "one", "public": True, "via": "Web form"},
            {"id": 2, "event_type": "Comment", "author_id": "?", "body": "two"},
            {"id": 3, "event_type": "Change", "status": "open"},
            {"id": 4, "type": "Comment", "author_id": 5, "plain_body": "four", "via": {"channel": "email"}},
        ],
    }

    found = [(ticket_id, one.id, one.text, one.channel) for ticket_id, one in _comments([event])]

    assert found == [(7, "1", "one", "web"), (7, "4", "four", "email")]


@pytest.mark.parametrize(
    ("method", "path", "buckets"),
    [
        ("GET", "/api/v2/tickets/1.json", ["account"]),
        ("PUT", "/api/v2/tickets/1.json", ["account", "tickets-update", "per-ticket-updates"]),
        ("PUT", "/api/v2/tickets/1/tags.json", ["account", "tickets-update", "per-ticket-updates"]),
        ("PUT", "/api/v2/tickets/update_many.json", ["account", "tickets-update"]),
        ("GET", "/api/v2/incremental/ticket_events.json", ["account", "incremental-exports"]),
        ("POST", "/api/v2/webhooks", ["account", "webhooks"]),
        ("GET", "/api/v2/users/me.json", ["account"]),
        ("GET", "/", ["account"]),
    ],
)
def test_what_a_call_draws_on(method: str, path: str, buckets: list[str]) -> None:
    assert [one.bucket for one in limits.allowances(method, path)] == buckets


def test_a_tickets_own_allowance_is_counted_by_its_id() -> None:
    first, second = (limits.allowances("PUT", f"/api/v2/tickets/{number}.json")[-1] for number in (1, 2))

    assert (first.key, second.key, first.ours) == ("1", "2", True)
