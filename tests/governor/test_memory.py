"""How calls are granted and allowances learned, by both memories: a process's own, and the one in Redis."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import pytest

from app.governor.lanes import PROBE_WAIT, PROBES, Lane, draw
from app.governor.memory import LocalMemory, Memory
from app.governor.shared import SharedMemory
from connectors.base import Allowance, CallLimits
from tests.servers import RedisServer

DESK = 7
ACCOUNT = Allowance(bucket="account", calls=100, window=timedelta(minutes=1))
TICKET = Allowance(bucket="per-ticket", key="5", calls=3, window=timedelta(minutes=10), ours=True)


@pytest.fixture(params=["local", "shared"])
def memory(request: pytest.FixtureRequest) -> Iterator[Memory]:
    if request.param == "local":
        yield LocalMemory()
        return
    server: RedisServer = request.getfixturevalue("redis_server")
    shared = SharedMemory(server.url)
    shared._redis.flushdb()
    yield shared
    shared._redis.close()


def told(total: int | None, remaining: int | None, resets: float | None = 30) -> CallLimits:
    resets_in = None if resets is None else timedelta(seconds=resets)
    return CallLimits(bucket="account", total=total, remaining=remaining, resets_in=resets_in)


def ask(memory: Memory, lane: Lane = Lane.SIDEBAR, *, share: float = 0.6, of: Allowance = ACCOUNT) -> timedelta | None:
    return memory.grant(DESK, [draw(of, lane, share)])


def answer(memory: Memory, limits: CallLimits | None = None, name: str = "account") -> None:
    memory.learn(DESK, [name], {} if limits is None else {name: limits})


def spend(memory: Memory, lane: Lane, *, share: float = 0.6) -> int:
    """Ask until the answer is to wait; how often a call was granted."""
    granted = 0
    while ask(memory, lane, share=share) is None:
        granted += 1
        answer(memory)
        assert granted < 1000
    return granted


def test_few_calls_are_under_way_until_the_first_answer(memory: Memory) -> None:
    waits = [ask(memory) for _ in range(PROBES + 1)]

    assert waits == [None] * PROBES + [PROBE_WAIT]


def test_little_is_believed_of_a_helpdesk_that_tells_nothing(memory: Memory) -> None:
    ask(memory)
    answer(memory)

    assert 1 + spend(memory, Lane.SIDEBAR) == 60


def test_what_is_told_takes_the_place_of_what_was_believed(memory: Memory) -> None:
    ask(memory)
    answer(memory, told(700, 699))

    assert 1 + spend(memory, Lane.SIDEBAR) == 420


def test_no_more_than_our_share_is_spent_in_a_window(memory: Memory) -> None:
    ask(memory)
    answer(memory, told(200, 199))

    granted = 1 + spend(memory, Lane.SIDEBAR, share=0.25)
    wait = ask(memory, Lane.SIDEBAR, share=0.25)

    assert granted == 50
    assert wait is not None
    assert timedelta(seconds=25) < wait <= timedelta(seconds=31)


def test_each_lane_leaves_a_reserve_to_those_before_it(memory: Memory) -> None:
    ask(memory)
    answer(memory, told(200, 199))

    spent = [spend(memory, lane) for lane in reversed(Lane)]

    assert spent == [35, 18, 24, 30, 6, 6]
    assert 1 + sum(spent) == 120


def test_a_lower_lane_gets_nothing_where_higher_ones_were_busy(memory: Memory) -> None:
    ask(memory)
    answer(memory, told(200, 199))
    spend(memory, Lane.LIVE)

    assert ask(memory, Lane.RESCORING) is not None
    assert ask(memory, Lane.SIDEBAR) is None


def test_what_other_integrations_spend_is_seen(memory: Memory) -> None:
    ask(memory)
    answer(memory, told(200, 3))

    assert spend(memory, Lane.SIDEBAR) == 3


def test_a_lower_lane_leaves_what_is_left_to_others(memory: Memory) -> None:
    ask(memory)
    answer(memory, told(200, 60))

    assert ask(memory, Lane.BACKFILL) is not None
    assert ask(memory, Lane.LIVE) is None


def test_calls_under_way_count_as_spent_at_the_helpdesk(memory: Memory) -> None:
    for _ in range(3):
        ask(memory)
    answer(memory, told(200, 12))

    (standing,) = memory.standings(DESK)

    assert (standing.left, standing.flying, standing.ours) == (10, 2, 3)


def test_a_window_that_is_over_begins_anew(memory: Memory) -> None:
    ask(memory)
    answer(memory, told(200, 0, resets=-2))

    wait = ask(memory)
    (standing,) = memory.standings(DESK)

    assert wait is None
    assert (standing.left, standing.ours) == (199, 1)


def test_a_window_that_began_earlier_there_than_here_is_taken_for_new(memory: Memory) -> None:
    ask(memory)
    answer(memory, told(200, 1, resets=2))
    ask(memory)

    answer(memory, told(200, 199, resets=60))

    (standing,) = memory.standings(DESK)
    assert (standing.left, standing.ours) == (199, 1)
    assert standing.resets_at > datetime.now(UTC) + timedelta(seconds=50)


def test_nothing_is_spent_of_any_allowance_where_one_is_empty(memory: Memory) -> None:
    draws = [draw(ACCOUNT, Lane.SIDEBAR, 0.6), draw(TICKET, Lane.SIDEBAR, 0.6)]
    for _ in range(3):
        assert memory.grant(DESK, draws) is None
        memory.learn(DESK, [one.name for one in draws], {})

    wait = memory.grant(DESK, draws)

    (standing,) = memory.standings(DESK)
    assert wait is not None
    assert wait > timedelta(minutes=9)
    assert standing.ours == 3


def test_a_tickets_allowance_is_its_own(memory: Memory) -> None:
    other = Allowance(bucket="per-ticket", key="6", calls=3, window=timedelta(minutes=10), ours=True)
    for _ in range(3):
        ask(memory, of=TICKET)
        answer(memory, name="per-ticket/5")

    assert ask(memory, of=TICKET) is not None
    assert ask(memory, of=other) is None


def test_desks_do_not_share(memory: Memory) -> None:
    ask(memory)
    answer(memory, told(200, 0))

    other = memory.grant(8, [draw(ACCOUNT, Lane.SIDEBAR, 0.6)])
    memory.learn(8, ["account"], {"account": told(100, 99)})

    assert ask(memory) is not None
    assert other is None
    assert list(memory.desks()) == [7, 8]
    assert [[one.total for one in memory.standings(desk)] for desk in (7, 8)] == [[200], [100]]


def test_allowances_are_shown_and_those_of_single_tickets_are_not(memory: Memory) -> None:
    memory.learn(DESK, ["per-ticket/5"], {"account": told(200, 100), "odd": told(5, None, None)})

    assert [(one.name, one.total, one.left) for one in memory.standings(DESK)] == [
        ("account", 200, 100),
        ("odd", 5, None),
    ]


def test_calls_are_counted_by_desk_direction_and_status(memory: Memory) -> None:
    for desk, direction, status in ((1, "read", 200), (1, "read", 200), (1, "write", 0), (2, "read", 429)):
        memory.count(desk, direction, status)

    assert dict(memory.calls()) == {(1, "read", 200): 2, (1, "write", 0): 1, (2, "read", 429): 1}


@pytest.fixture
def two(redis_server: RedisServer) -> Iterator[Callable[[], SharedMemory]]:
    """Makes memories of several processes on one Redis, empty at first."""
    made: list[SharedMemory] = []

    def make() -> SharedMemory:
        made.append(SharedMemory(redis_server.url))
        return made[-1]

    make()._redis.flushdb()
    yield make
    for one in made:
        one._redis.close()


def test_processes_share_one_budget(two: Callable[[], SharedMemory]) -> None:
    one, other = two(), two()
    ask(one)
    answer(one, told(200, 199))
    spend(one, Lane.LIVE)

    assert ask(other, Lane.LIVE) is not None
    assert spend(other, Lane.SIDEBAR) == 12


def test_without_redis_a_process_goes_by_its_own_memory() -> None:
    memory = SharedMemory("redis://127.0.0.1:1/0")
    ask(memory)
    answer(memory, told(20, 19))
    memory.count(DESK, "read", 200)

    granted = 1 + spend(memory, Lane.SIDEBAR)

    assert granted == 12
    assert dict(memory.calls()) == {(DESK, "read", 200): 1}
    assert list(memory.desks()) == [DESK]
    assert [one.total for one in memory.standings(DESK)] == [20]


def test_an_emptied_redis_is_taught_again(two: Callable[[], SharedMemory]) -> None:
    memory = two()
    ask(memory)
    answer(memory, told(200, 0))

    memory._redis.flushdb()
    memory._redis.script_flush()
    waits = [ask(memory) for _ in range(PROBES + 1)]

    assert waits == [None] * PROBES + [PROBE_WAIT]
