"""Which versions count on a ticket: canaries by a stable share, shadows apart."""

from __future__ import annotations

from typing import Any

import pytest

from app.protocols.rollout import Candidate, in_canary, on_ticket, share_of
from tests.protocols.make import protocol, published

TICKETS = [str(number) for number in range(2000)]


def candidate(version_id: int, *, protocol_id: int = 1, **values: Any) -> Candidate:
    return Candidate(protocol_id=protocol_id, version_id=version_id, protocol=protocol(), **values)


def acting(candidates: list[Candidate], ticket_id: str) -> list[int]:
    return [one.version_id for one in on_ticket(candidates, ticket_id).acting]


def test_a_ticket_stands_at_the_same_place_whenever_it_is_asked() -> None:
    # The figure itself is promised too: another one would move tickets between versions on an upgrade.
    assert share_of(1, "4711") == share_of(1, "4711") == pytest.approx(0.0158356603)


def test_tickets_stand_evenly_between_none_and_all() -> None:
    shares = [share_of(1, ticket) for ticket in TICKETS]

    assert 0 <= min(shares) < max(shares) < 1
    assert sum(shares) / len(shares) == pytest.approx(0.5, abs=0.03)


@pytest.mark.parametrize("share", [0.05, 0.3, 0.9])
def test_a_canary_takes_its_share_of_tickets(share: float) -> None:
    taken = sum(in_canary(7, ticket, share) for ticket in TICKETS)

    assert taken / len(TICKETS) == pytest.approx(share, abs=0.03)


def test_a_greater_share_keeps_the_tickets_of_the_smaller_one() -> None:
    few = {ticket for ticket in TICKETS if in_canary(7, ticket, 0.1)}
    more = {ticket for ticket in TICKETS if in_canary(7, ticket, 0.4)}

    assert few < more


def test_another_protocols_canary_draws_anew() -> None:
    first = {ticket for ticket in TICKETS if in_canary(1, ticket, 0.5)}
    second = {ticket for ticket in TICKETS if in_canary(2, ticket, 0.5)}

    assert 0.4 < len(first & second) / len(first) < 0.6


@pytest.mark.parametrize("turned", [False, True])
def test_the_canary_acts_on_its_tickets_and_the_published_version_on_all_others(turned: bool) -> None:
    both = [candidate(1), candidate(2, share=0.5)]
    both = both[::-1] if turned else both

    found = {ticket: acting(both, ticket) for ticket in TICKETS[:50]}

    assert found == {ticket: [2] if in_canary(1, ticket, 0.5) else [1] for ticket in TICKETS[:50]}


def test_a_canary_of_a_protocol_that_is_not_published_acts_on_its_share_alone() -> None:
    found = [acting([candidate(2, share=0.5)], ticket) for ticket in TICKETS[:50]]

    assert [] in found
    assert [2] in found


def test_a_shadow_never_acts() -> None:
    found = on_ticket([candidate(1), candidate(2, shadow=True)], "4711")

    assert [one.version_id for one in found.acting] == [1]
    assert [one.version_id for one in found.watching] == [2]
    assert [one.version_id for one in found.all] == [1, 2]


def test_a_shadow_decides_in_the_place_of_its_own_protocols_version() -> None:
    shadow = published(3, name="Example")
    found = on_ticket([candidate(1), Candidate(protocol_id=9, version_id=2, protocol=protocol(name="Other"))], "4711")

    assert [one.version_id for one in found.beside(shadow)] == [2, 3]
