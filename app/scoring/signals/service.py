"""Our side's replies as quality of resolution: refused, apologised, confirmed, put off. Never as anyone's mood."""

from __future__ import annotations

from app.scoring.conversation import Running
from app.scoring.lexicon import AGENT, phrases
from app.scoring.signals.base import Effect, Family, Reading, Scope, Signal, clip, quote
from app.scoring.signals.effort import hashed_words, overlap

PATTERNS = {f"service.{name}": phrases(listed) for name, listed in AGENT.items()}


def _signal(
    name: str, effect: Effect, describe: str, unit: str = "smoothed over replies, the newest weighs one half"
) -> Signal:
    source = "own lexicon; refusals and apologies carry most of the later part of a conversation in the prior's data"
    return Signal(
        name=f"service.{name}",
        family="service",
        describe=describe,
        unit=unit,
        effect=effect,
        scope=Scope.SERVICE,
        source=source,
    )


SIGNALS = (
    _signal("refusal", Effect.LOWERS, "our reply says that something is not possible or not there"),
    _signal("apology", Effect.LOWERS, "our reply apologises: something went wrong"),
    _signal("confirmation", Effect.RAISES, "our reply says that something has been done"),
    _signal("deferral", Effect.LOWERS, "our reply sends the customer elsewhere or makes them wait"),
    _signal("repeats", Effect.LOWERS, "our reply says nearly the same as an earlier one"),
)


def read(running: Running, text: str) -> list[Reading]:
    """One reply of ours against those before it. `text` is the reply without quoted history."""
    readings = [_found(name, text) for name in PATTERNS]
    words = hashed_words(text)
    repeats = max((overlap(words, earlier) for earlier in running.replied), default=0.0)
    return [*readings, Reading(signal="service.repeats", value=repeats, evidence="much the same reply as before")]


def _found(name: str, text: str) -> Reading:
    match = PATTERNS[name].search(text)
    if match is None:
        return Reading(signal=name, value=0.0)
    return Reading(signal=name, value=1.0, evidence=clip(f"our reply: {quote(text, *match.span())}"))


FAMILY = Family(name="service", signals=SIGNALS, read_service=read)
