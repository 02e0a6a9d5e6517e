"""Retries, order and reach of deliveries."""

from __future__ import annotations

import json
import socket
import time
from typing import Any

import pytest

from connectors.sandbox import Sandbox
from connectors.sandbox.deliverer import is_loopback
from connectors.sandbox.patience import Patience, Verdict
from connectors.sandbox.zendesk.vendor import ZENDESK
from tests.connectors.sandbox.parts import Api, Play, Receiver, wait_until

VENDORS = Patience()


@pytest.mark.parametrize(
    ("number", "status", "retry_after", "verdict"),
    [
        (1, 200, None, Verdict(status="success", delivered=True)),
        (1, 202, None, Verdict(status="success", delivered=True)),
        (1, 409, None, Verdict(status="failed", wait=1.0)),
        (3, 409, None, Verdict(status="failed", wait=4.0)),
        (4, 409, None, Verdict(status="failed")),
        (1, 429, "5", Verdict(status="throttled", wait=5.0)),
        (1, 503, "60", Verdict(status="throttled", wait=60.0)),
        (6, 503, "5", Verdict(status="throttled")),
        (1, 503, "61", Verdict(status="terminated")),
        (1, 503, None, Verdict(status="terminated")),
        (1, 429, "Mon, 05 Jan 2026 12:00:00 GMT", Verdict(status="terminated")),
        (1, None, None, Verdict(status="timeout", wait=1.0)),
        (6, None, None, Verdict(status="timeout")),
        (1, 500, "5", Verdict(status="terminated")),
        (1, 403, None, Verdict(status="terminated")),
        (1, 302, None, Verdict(status="terminated")),
    ],
)
def test_the_vendors_rules(number: int, status: int | None, retry_after: str | None, verdict: Verdict) -> None:
    assert ZENDESK.judged(VENDORS, number=number, status=status, retry_after=retry_after) == verdict


def outbox(play: Play) -> Any:
    wait_until(lambda: play.read("outbox")["pending"] == 0)
    return play.read("outbox")


def test_a_conflict_is_tried_four_times_in_all(play: Play, hooked: Receiver) -> None:
    hooked.answers = [(409, {})] * 9

    play.ticket()

    assert (outbox(play)["failed"], len(hooked.requests)) == (1, 4)


def test_every_attempt_is_the_same_event_signed_anew(play: Play, hooked: Receiver) -> None:
    hooked.answers = [(409, {})]

    play.ticket()

    first, second = hooked.wait_for(2)
    invocations = {item.headers["X-Zendesk-Webhook-Invocation-Id"] for item in (first, second)}
    assert (first.body, len(invocations)) == (second.body, 1)


def test_an_error_of_the_receiver_is_final(play: Play, hooked: Receiver) -> None:
    hooked.answers = [(500, {})]

    play.ticket()

    assert (outbox(play)["failed"], len(hooked.requests)) == (1, 1)


def test_a_busy_receiver_is_asked_again_when_it_said_so(play: Play, hooked: Receiver) -> None:
    hooked.answers = [(503, {"Retry-After": "0"}), (429, {"Retry-After": "0"})]

    play.ticket()

    assert (outbox(play)["delivered"], len(hooked.requests)) == (1, 3)


def test_an_answer_that_comes_too_late_counts_as_none(play: Play, hooked: Receiver) -> None:
    hooked.answers = [0.5]

    play.ticket()

    assert outbox(play)["delivered"] == 1
    assert len(hooked.requests) == 2


def test_a_receiver_that_is_not_there_yet_gets_it_later(play: Play, sandbox: Sandbox, receiver: Receiver) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        sandbox.connect(endpoint=f"http://127.0.0.1:{taken.getsockname()[1]}/hooks/x")
    play.ticket()
    wait_until(lambda: play.read("outbox")["pending"] == 1)

    sandbox.connect(endpoint=receiver.url)

    assert len(receiver.wait_for(1)) == 1


def test_deliveries_of_one_ticket_keep_their_order_through_retries(play: Play, hooked: Receiver) -> None:
    hooked.answers = [(409, {}), (409, {})]
    ticket_id = play.ticket()
    for number in range(5):
        play(f"tickets/{ticket_id}/comments", text=f"{number}")

    assert outbox(play)["delivered"] == 6

    heard = [json.loads(item.body)["event"].get("comment", {}).get("body") for item in hooked.requests]
    assert heard == [None, None, None, "0", "1", "2", "3", "4"]


def test_a_slow_ticket_does_not_hold_up_another(play: Play, hooked: Receiver) -> None:
    hooked.answers = [0.25]
    slow, quick = play.ticket(), play.ticket()

    first, second = (json.loads(item.body)["detail"]["id"] for item in hooked.wait_for(2))

    assert (first, second) == (str(slow), str(quick))
    assert hooked.requests[1].at - hooked.requests[0].at < 0.2


@pytest.mark.parametrize(
    ("address", "near"),
    [
        ("http://127.0.0.1:8000/x", True),
        ("http://localhost/x", True),
        ("http://[::1]:1/", True),
        ("https://127.8.8.8/", True),
        ("http://10.0.0.1/", False),
        ("https://example.com/", False),
        ("http://127.0.0.1.example.com/", False),
    ],
)
def test_loopback(address: str, near: bool) -> None:
    assert is_loopback(address) is near


def test_nothing_is_ever_sent_off_this_machine(api: Api, play: Play, sandbox: Sandbox) -> None:
    sandbox.connect(endpoint="https://example.com/hooks/x")
    webhook_id = api.read("webhooks")["webhooks"][0]["id"]

    play.ticket()

    assert outbox(play)["failed"] == 1
    invocation = api.read(f"webhooks/{webhook_id}/invocations")["invocations"][0]["id"]
    attempt = api.read(f"webhooks/{webhook_id}/invocations/{invocation}/attempts")["attempts"][0]
    assert (attempt["status"], attempt["response"]["payload"]) == (
        "terminated",
        "the sandbox calls loopback addresses only",
    )


def test_stopping_does_not_wait_for_a_slow_receiver(play: Play, hooked: Receiver, sandbox: Sandbox) -> None:
    hooked.answers = [0.3]
    play.ticket()
    hooked.wait_for(1)
    start = time.monotonic()

    sandbox.stop()

    assert time.monotonic() - start < 2
