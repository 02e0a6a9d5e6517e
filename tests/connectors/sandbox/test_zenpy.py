"""zenpy runs against the sandbox unchanged, through an adapter that only redirects the connection."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import requests
from zenpy import Zenpy
from zenpy.lib.api_objects import Comment, Macro, Ticket, User, Webhook
from zenpy.lib.exception import APIException, RecordNotFoundException

from connectors.sandbox import Sandbox
from tests.connectors.sandbox.parts import NOON, VENDOR, Clock, Play, ToLoopback


@pytest.fixture
def zenpy(sandbox: Sandbox) -> Iterator[Any]:
    account = sandbox.account
    with requests.Session() as session:
        session.trust_env = False
        session.mount(VENDOR, ToLoopback(sandbox.url))
        yield Zenpy(
            subdomain="sandbox", email=account.email, token=account.api_token, session=session, disable_cache=True
        )


def test_me_is_the_integration_user(zenpy: Any, sandbox: Sandbox) -> None:
    me = zenpy.users.me()

    assert (me.id, me.role, me.email) == (sandbox.account.integration_id, "admin", "integration@example.com")


def test_a_ticket_is_read(zenpy: Any, play: Play) -> None:
    ticket_id = play.ticket("It broke.", tags=["vip"])

    ticket = zenpy.tickets(id=ticket_id)

    assert (ticket.description, ticket.status, ticket.tags) == ("It broke.", "new", ["vip"])


def test_tickets_are_listed_over_several_pages(zenpy: Any, play: Play) -> None:
    ids = [play.ticket() for _ in range(3)]

    found = [ticket.id for ticket in zenpy.tickets(cursor_pagination=2)]

    assert found == ids


def test_a_ticket_is_created_for_a_new_requester(zenpy: Any, play: Play) -> None:
    wanted = Ticket(subject="Hello", description="First words", requester=User(name="New", email="new@example.com"))

    created = zenpy.tickets.create(wanted)

    state = play.state(created.ticket.id)
    assert state["requester"]["email"] == "new@example.com"
    assert [(comment["text"], comment["role"]) for comment in state["comments"]] == [("First words", "customer")]


def test_an_update_returns_ticket_and_audit(zenpy: Any, play: Play) -> None:
    ticket_id = play.ticket()
    wanted = Ticket(id=ticket_id, priority="high", comment=Comment(body="A note", public=False))

    answer = zenpy.tickets.update(wanted)

    assert answer.ticket.priority == "high"
    assert [event["type"] for event in answer.audit.events] == ["Comment", "Change"]


def test_a_stale_safe_update_is_a_conflict(zenpy: Any, play: Play, clock: Clock) -> None:
    seen = zenpy.tickets(id=play.ticket())
    clock.step(seconds=1)
    play(f"tickets/{seen.id}/comments", text="More words")

    with pytest.raises(APIException) as conflict:
        zenpy.tickets.update(Ticket(id=seen.id, priority="low", safe_update=True, updated_stamp=seen.updated_at))

    assert conflict.value.response.status_code == 409


def test_tags_are_added_and_removed(zenpy: Any, play: Play) -> None:
    ticket_id = play.ticket(tags=["kept", "gone"])

    zenpy.tickets.add_tags(ticket_id, ["new"])
    zenpy.tickets.delete_tags(ticket_id, ["gone"])

    assert play.state(ticket_id)["tags"] == ["kept", "new"]


def test_an_unknown_ticket_is_not_found(zenpy: Any) -> None:
    with pytest.raises(RecordNotFoundException):
        zenpy.tickets(id=404)


def test_comments_audits_and_metrics_are_read(zenpy: Any, play: Play) -> None:
    ticket_id = play.ticket("One")
    play(f"tickets/{ticket_id}/comments", **{"as": "agent", "text": "Two"})

    comments = [comment.body for comment in zenpy.tickets.comments(ticket_id)]
    audits = list(zenpy.tickets.audits(ticket_id))
    metrics = zenpy.tickets.metrics(ticket_id)

    assert (comments, len(audits), metrics.replies) == (["One", "Two"], 2, 1)


def test_groups_and_their_people(zenpy: Any, sandbox: Sandbox) -> None:
    groups = {group.name: group.id for group in zenpy.groups()}

    members = [user.name for user in zenpy.groups.users(groups["Recovery"])]
    memberships = list(zenpy.groups.memberships(groups["Recovery"]))

    assert groups == sandbox.account.group_ids
    assert members == ["Agent One", "Agent Two"]
    assert [membership.user_id for membership in memberships] == list(sandbox.account.agent_ids[:2])


def test_several_users_at_once(zenpy: Any, sandbox: Sandbox) -> None:
    found = [user.id for user in zenpy.users(ids=sandbox.account.agent_ids)]

    assert found == list(sandbox.account.agent_ids)


def test_a_macro_says_what_it_would_do_and_does_nothing(zenpy: Any, play: Play, sandbox: Sandbox) -> None:
    ticket_id = play.ticket()
    macro_id = sandbox.account.macro_ids["Recovery: acknowledge and take over"]

    effect = zenpy.tickets.show_macro_effect(Ticket(id=ticket_id), Macro(id=macro_id)).ticket

    assert (effect.priority, effect.tags, effect.comment.public) == ("high", ["recovery_acknowledged"], True)
    assert (play.state(ticket_id)["tags"], len(play.state(ticket_id)["comments"])) == ([], 1)


def test_a_webhook_is_made_and_shows_its_secret(zenpy: Any) -> None:
    wanted = Webhook(
        name="Ours",
        endpoint="http://127.0.0.1:9/hooks/x",
        http_method="POST",
        request_format="json",
        status="active",
        subscriptions=["zen:event-type:ticket.created"],
    )

    made = zenpy.webhooks.create(wanted)

    assert [webhook.name for webhook in zenpy.webhooks.list()] == ["Ours"]
    assert len(zenpy.webhooks.show_secret(made.id).secret) > 20


def test_the_export_goes_on_where_its_cursor_stood(zenpy: Any, play: Play, clock: Clock) -> None:
    first, second = play.ticket(), play.ticket()
    export = zenpy.tickets.incremental(start_time=NOON - timedelta(days=1))
    before = [ticket.id for ticket in export]
    clock.step(minutes=1)
    play(f"tickets/{first}/comments", text="Again")

    after = [ticket.id for ticket in zenpy.tickets.incremental(cursor=export.after_cursor)]

    assert (before, after) == ([first, second], [first])


def test_search_and_its_count(zenpy: Any, play: Play, sandbox: Sandbox) -> None:
    agent = sandbox.account.agent_ids[0]
    mine, done = play.ticket(), play.ticket()
    for ticket_id in (mine, done):
        play(f"tickets/{ticket_id}/update", assignee_id=agent)
    play(f"tickets/{done}/update", status="solved")

    query = {"type": "ticket", "status_less_than": "solved", "assignee": agent}

    assert [ticket.id for ticket in zenpy.search(**query)] == [mine]
    assert zenpy.search.count(**query) == 1


def test_many_updates_are_a_job_with_a_result_each(zenpy: Any, play: Play) -> None:
    ticket_id = play.ticket()

    job = zenpy.tickets.update([Ticket(id=ticket_id, priority="urgent"), Ticket(id=404, priority="urgent")])

    results = zenpy.job_status(id=job.id).results
    assert [getattr(result, "error", None) for result in results] == [None, "RecordNotFound"]
    assert play.state(ticket_id)["priority"] == "urgent"
