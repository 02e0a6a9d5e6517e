"""The same conversations at a Zendesk and at a Freshdesk account, through the whole product."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.outcome import CONVERSATIONS, read_outcome
from tests.e2e.playing import report_of, start_replay, stop_replay, words_of

KINDS = {"zendesk": "replay", "freshdesk": "replay-freshdesk"}
PLAYED = ("late-rating", "thanks-size")
#: What the vendors themselves tell otherwise: their own ids, their words for a rating, a priority nobody set.
_THEIRS = frozenset({"group_id", "recovery_group_id", "original", "scale", "priority"})


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data directory in which both kinds were replayed, side by side."""
    folder = tmp_path_factory.mktemp("kinds")
    lines = CONVERSATIONS.read_text(encoding="utf-8").splitlines()
    few = folder / "few.jsonl"
    few.write_text("\n".join(line for line in lines if line.startswith(tuple(f'{{"id": "{name}"' for name in PLAYED))))
    running = {kind: start_replay(few, folder / kind, kind=kind) for kind in KINDS}
    try:
        codes = {kind: process.wait(200) for kind, process in running.items()}
    finally:
        for process in running.values():
            stop_replay(process)
    assert set(codes.values()) == {0}, [words_of(folder / kind)[-1500:] for kind in KINDS]
    return folder


def test_the_counts_are_the_same(folder: Path):
    ours = ("conversations", "rescored", "states", "cases", "steps", "surveys")

    zendesk, freshdesk = ({name: report_of(folder / kind)[name] for name in ours} for kind in KINDS)

    assert zendesk == freshdesk
    assert (zendesk["conversations"], zendesk["cases"], set(zendesk["steps"])) == (len(PLAYED), 1, {"done"})


def test_every_score_case_and_step_is_the_same(folder: Path):
    zendesk, freshdesk = (read_outcome(folder / kind, replay=name)["tickets"] for kind, name in KINDS.items())

    assert _without_theirs(zendesk) == _without_theirs(freshdesk)


def test_the_customers_get_the_same_mails(folder: Path):
    zendesk, freshdesk = (
        [mail for mail in read_outcome(folder / kind, replay=name)["mails"] if mail[0].endswith("@example.com")]
        for kind, name in KINDS.items()
    )

    assert zendesk == freshdesk != []


def _without_theirs(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _without_theirs(inner) for name, inner in value.items() if name not in _THEIRS}
    return [_without_theirs(inner) for inner in value] if isinstance(value, list) else value
