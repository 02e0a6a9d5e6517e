"""The broker's health, as an operator should know it. Asks Redis a few questions, quickly, and changes nothing."""

from __future__ import annotations

from collections.abc import Sequence

from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

from connectors.ticket import Finding

SECONDS = 1.0
OLDEST = (6, 2)


def check_broker(url: str) -> Sequence[Finding]:
    """Whether Redis is reachable, new enough, and never throws our messages away. Never raises, never names the URL."""
    if url.startswith("memory:"):
        return [Finding(name="broker", ok=True, detail="in this process")]
    try:
        # A hung server must not hang its doctor: the client's own retries are off.
        client = Redis.from_url(
            url,
            socket_connect_timeout=SECONDS,
            socket_timeout=SECONDS,
            retry=Retry(NoBackoff(), 0),
            decode_responses=True,
        )
    except ValueError:
        return [_unreachable("its URL cannot be read")]
    try:
        with client:
            return [*_about(client.info("server")), _policy(client)]
    except (RedisError, OSError) as error:
        return [_unreachable(type(error).__name__)]


def _unreachable(detail: str) -> Finding:
    return Finding(
        name="broker",
        ok=False,
        detail=f"not reachable: {detail}",
        remedy="start Redis, or correct KINTSUGI_BROKER_URL; nothing is lost meanwhile",
    )


def _about(info: dict[str, object]) -> Sequence[Finding]:
    version = str(info.get("redis_version", "?"))
    numbers = tuple(int(part) for part in version.split(".")[:2] if part.isdecimal())
    new_enough = numbers >= OLDEST
    return [
        Finding(name="broker", ok=True, detail="reachable"),
        Finding(
            name="broker version",
            ok=new_enough,
            detail=f"Redis {version}",
            remedy="" if new_enough else f"use Redis {'.'.join(map(str, OLDEST))} or newer",
        ),
    ]


def _policy(client: Redis) -> Finding:
    """Any other policy deletes whole queues of messages when memory is short; the rows bring them back, but late."""
    name, remedy = "broker eviction", "set maxmemory-policy to noeviction, in a Redis of our own"
    try:
        answer: dict[str | None, str | None] = client.config_get("maxmemory-policy")
    except RedisError:
        answer = {}
    policy = answer.get("maxmemory-policy")
    if policy is None:  # managed servers do not tell
        return Finding(name=name, ok=False, detail="the server does not tell its maxmemory-policy", remedy=remedy)
    good = policy == "noeviction"
    return Finding(name=name, ok=good, detail=f"maxmemory-policy is {policy}", remedy="" if good else remedy)
