"""The tone of the customer's newest message as one number, for conditions of protocols. The score does not use it."""

from __future__ import annotations

from app.scoring.conversation import Running

_LISTS = ("vader", "textblob")


def sentiment(running: Running) -> float | None:
    """In [-1, 1], below 0 unfriendly: the mean of the word lists; None where they could not read the message.

    They know English only, so a message in another language, or without words, has no tone.
    """
    if running.worded_turns == 0 or any(reason.startswith("tone:") for reason in running.abstained):
        return None
    last = running.seen.last
    tones = [last.get(f"tone.{name}_positive", 0.0) - last.get(f"tone.{name}_negative", 0.0) for name in _LISTS]
    return round(max(-1.0, min(1.0, sum(tones) / len(tones))), 3)
