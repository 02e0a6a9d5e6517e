"""What is known of every desk's allowances, in Redis: one memory for all workers and web processes.

The rule is that of `memory.py`, as one script per grant and one per answer, on the time of Redis. While Redis is away
each process goes by what it remembers itself; a Redis that was emptied is taught again by the next answers.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

from app import log
from app.governor.lanes import ANOTHER, MARGIN, PROBE_WAIT, PROBES, Draw
from app.governor.memory import Calls, LocalMemory, Memory, Standing
from connectors.base import CallLimits

LOG = log.get("governor")

T = TypeVar("T")

SECONDS = 0.5
AWAY = 5.0  #: seconds for which a Redis that did not answer is not asked again
PREFIX = "kintsugi:calls"
KEPT = timedelta(days=2)  #: for an allowance that nobody draws on

_NOW = "local t = redis.call('TIME'); local now = t[1] * 1000 + math.floor(t[2] / 1000)\n"

#: KEYS: an allowance each. ARGV: probes, wait for a probe, kept; of each its window, share, ceiling, calls.
_GRANT = f"""{_NOW}
local longest, states = -1, {{}}
for i, key in ipairs(KEYS) do
  local window, share = tonumber(ARGV[i * 4]), tonumber(ARGV[i * 4 + 1])
  local ceiling, calls = tonumber(ARGV[i * 4 + 2]), tonumber(ARGV[i * 4 + 3])
  local got = redis.call('HMGET', key, 'total', 'left', 'ours', 'flying', 'answered', 'resets')
  local s = {{total = tonumber(got[1]), left = tonumber(got[2]), ours = tonumber(got[3]) or 0,
    flying = tonumber(got[4]) or 0, answered = got[5], resets = tonumber(got[6]) or 0}}
  if s.resets <= now then s.ours, s.flying, s.left, s.resets = 0, 0, s.total, now + window end
  local total = s.total or calls
  local left = s.left or (total - s.ours)
  local mine = math.floor(total * share + 1e-9)
  local cap = math.max(1, math.ceil(mine * ceiling - 1e-9))
  local reserve = math.floor(mine * (1 - ceiling) + 1e-9)
  if not s.answered and s.flying >= tonumber(ARGV[1]) then longest = math.max(longest, tonumber(ARGV[2]))
  elseif s.ours >= cap or left <= reserve then longest = math.max(longest, s.resets - now) end
  states[i] = s
end
if longest >= 0 then return longest end
for i, key in ipairs(KEYS) do
  local s = states[i]
  redis.call('HSET', key, 'ours', s.ours + 1, 'flying', s.flying + 1, 'resets', s.resets)
  if s.left then redis.call('HSET', key, 'left', s.left - 1) end
  redis.call('PEXPIRE', key, ARGV[3])
end
return -1
"""

#: KEYS: an allowance each. ARGV: margin, another, kept; then total, remaining, resets in of each, "" where not told.
_LEARN = f"""{_NOW}
for i, key in ipairs(KEYS) do
  local got = redis.call('HMGET', key, 'left', 'ours', 'flying', 'resets')
  local left, ours, flying = tonumber(got[1]), tonumber(got[2]) or 0, math.max(0, (tonumber(got[3]) or 0) - 1)
  local resets = tonumber(got[4]) or 0
  local total, remaining, told = tonumber(ARGV[i * 3 + 1]), tonumber(ARGV[i * 3 + 2]), tonumber(ARGV[i * 3 + 3])
  if told then
    local new = now + told + tonumber(ARGV[1])
    if new > resets + tonumber(ARGV[2]) then ours, left = flying + 1, nil end
    resets = new
  end
  if remaining then left = left and math.min(left, remaining - flying) or (remaining - flying) end
  redis.call('HSET', key, 'flying', flying, 'ours', ours, 'answered', 1, 'resets', resets)
  if total then redis.call('HSET', key, 'total', total) end
  if left then redis.call('HSET', key, 'left', left) else redis.call('HDEL', key, 'left') end
  redis.call('PEXPIRE', key, ARGV[3])
end
"""


class SharedMemory(Memory):
    """In Redis. Never raises for a Redis that is away, and never keeps a worker waiting for one."""

    def __init__(self, url: str) -> None:
        self._redis: Redis = Redis.from_url(
            url,
            socket_timeout=SECONDS,
            socket_connect_timeout=SECONDS,
            retry=Retry(NoBackoff(), 0),
            decode_responses=True,
        )
        self._grant, self._learn = self._redis.register_script(_GRANT), self._redis.register_script(_LEARN)
        self._own = LocalMemory()
        self._away_until = 0.0

    def grant(self, desk_id: int, draws: Sequence[Draw]) -> timedelta | None:
        given: list[Any] = [PROBES, _ms(PROBE_WAIT), _ms(KEPT)]
        for draw in draws:
            given += [_ms(draw.allowance.window), draw.share, draw.ceiling, draw.allowance.calls]
        keys = [_key(desk_id, draw.name) for draw in draws]
        wait = self._asked(lambda: int(self._grant(keys=keys, args=given)))
        if wait is None:
            return self._own.grant(desk_id, draws)
        return None if wait < 0 else timedelta(milliseconds=wait)

    def learn(self, desk_id: int, names: Sequence[str], told: Mapping[str, CallLimits]) -> None:
        # Remembered here as well, for the time when Redis is away.
        self._own.learn(desk_id, names, told)
        wanted = sorted({*names, *told})
        given: list[Any] = [_ms(MARGIN), _ms(ANOTHER), _ms(KEPT)]
        for name in wanted:
            given += _told(told.get(name))
        keys = [_key(desk_id, name) for name in wanted]
        plain = [name for name in wanted if "/" not in name]

        def tell() -> bool:
            self._learn(keys=keys, args=given)
            if plain:
                self._redis.sadd(_key(desk_id, "", of="names"), *plain)
            return True

        self._asked(tell)

    def count(self, desk_id: int, direction: str, status: int) -> None:
        self._own.count(desk_id, direction, status)
        self._asked(lambda: self._redis.hincrby(f"{PREFIX}:made", f"{desk_id}:{direction}:{status}", 1))

    def calls(self) -> Calls:
        made = self._asked(lambda: dict(self._redis.hgetall(f"{PREFIX}:made")))
        if made is None:
            return self._own.calls()
        return {_made(str(name)): int(number) for name, number in made.items()}

    def standings(self, desk_id: int) -> Sequence[Standing]:
        def read() -> list[Standing]:
            names = sorted(map(str, self._redis.smembers(_key(desk_id, "", of="names"))))
            return [_standing(name, _texts(self._redis.hgetall(_key(desk_id, name)))) for name in names]

        found = self._asked(read)
        return self._own.standings(desk_id) if found is None else found

    def desks(self) -> Sequence[int]:
        found = self._asked(lambda: list(self._redis.scan_iter(match=f"{PREFIX}:names:*", count=500)))
        return self._own.desks() if found is None else sorted(int(str(key).split(":")[3]) for key in found)

    def _asked(self, ask: Callable[[], T]) -> T | None:
        """What Redis says; None while it is away."""
        if time.monotonic() < self._away_until:
            return None
        try:
            return ask()
        except (RedisError, OSError) as error:
            self._away_until = time.monotonic() + AWAY
            LOG.warning("call_budget_alone", error=error)
            return None


def _ms(span: timedelta) -> int:
    return round(span.total_seconds() * 1000)


def _key(desk_id: int, name: str, *, of: str = "of") -> str:
    return f"{PREFIX}:{of}:{desk_id}:{name}"


def _made(name: str) -> tuple[int, str, int]:
    desk, direction, status = name.split(":")
    return int(desk), direction, int(status)


def _texts(kept: Mapping[Any, Any]) -> dict[str, str]:
    return {str(name): str(value) for name, value in kept.items()}


def _told(limits: CallLimits | None) -> list[Any]:
    if limits is None:
        return ["", "", ""]
    resets = "" if limits.resets_in is None else _ms(limits.resets_in)
    return [*("" if one is None else one for one in (limits.total, limits.remaining)), resets]


def _standing(name: str, kept: Mapping[str, str]) -> Standing:
    def number(field: str) -> int | None:
        return int(float(kept[field])) if field in kept else None

    return Standing(
        name=name,
        total=number("total"),
        left=number("left"),
        ours=number("ours") or 0,
        flying=number("flying") or 0,
        answered="answered" in kept,
        resets_at=datetime.fromtimestamp((number("resets") or 0) / 1000, UTC),
    )
