"""Evidence quotes what the customer wrote, word for word, also beside what was taken out for counting."""

from __future__ import annotations

from datetime import UTC, datetime

from app.scoring.conversation import Running, Utterance
from app.scoring.engine import observe

SAID = "I want to speak to your manager, or I will cancel and call my lawyer."


def test_evidence_is_found_word_for_word_in_the_message() -> None:
    at = datetime(2026, 3, 2, tzinfo=UTC)

    _, readings = observe(Running.start(), Utterance(id="1", role="customer", public=True, text=SAID, at=at))

    quoted = [
        reading.evidence.split("“")[1].split("”")[0] for reading in readings if reading.signal.startswith("acts.")
    ]
    assert len(quoted) >= 3
    assert all(words in SAID for words in quoted)
