"""Webhooks are lost, doubled, shuffled and delayed by hours: after reconciling, all is as if nothing had happened."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.outcome import differences, read_outcome, said_twice
from tests.faults import lossy
from tests.faults.lossy import Shares

NOTHING = Shares(dropped=0, doubled=0, delayed=0, seed=0)
FULL = Shares(dropped=0.05, doubled=0.05, delayed=0.02, seed=20260105)
#: Some conversations alone have few webhooks, so that the short form spoils a larger share of them.
SHORT = Shares(dropped=0.3, doubled=0.1, delayed=0.1, seed=20260105)
COPIES = 10
#: When a ticket was last looked at, which a late webhook changes, and nothing else.
LOOKS = {"scored_at": None}


@pytest.mark.capability("TEA-09")
def test_a_replay_with_lost_webhooks_ends_like_an_undisturbed_one(tmp_path: Path, conversations: Path, long: bool):
    played = tmp_path / "played.jsonl"
    played.write_text("\n".join(some_of(conversations, long)), encoding="utf-8")

    for kind in ("zendesk", "freshdesk") if long else ("zendesk",):
        compare(played, tmp_path / kind, kind, long)


def compare(played: Path, folder: Path, kind: str, long: bool) -> None:
    """Play it calmly and with trouble, side by side; the ends have to be the same."""
    folders, shares = (folder / "calm", folder / "disturbed"), (NOTHING, FULL if long else SHORT)
    within = 14_400 if long else 300
    with ThreadPoolExecutor(2) as both:
        runs = [
            both.submit(lossy.run, played, *how, within=within, kind=kind) for how in zip(folders, shares, strict=True)
        ]
        calm, disturbed = (run.result() for run in runs)

    fates = disturbed["fates"]
    assert min(fates.get(fate, 0) for fate in ("dropped", "doubled", "delayed")) > 0, fates
    assert (calm["found"], disturbed["found"] > 0) == (0, True)
    assert said_twice(folders[1]) == []
    for name in ("states", "cases", "steps", "surveys", "rescored"):
        assert disturbed["report"][name] == calm["report"][name], name
    ends = [comparable(read_outcome(one)) for one in folders]
    assert differences(ends[1], ends[0]) == []


def comparable(outcome: dict[str, Any]) -> dict[str, Any]:
    """The end of a replay without what late looks leave behind."""
    return {**outcome, "tickets": {name: {**ticket, **LOOKS} for name, ticket in outcome["tickets"].items()}}


def some_of(conversations: Path, long: bool) -> list[str]:
    """Every third conversation; in full all of them, several times over, so that a few in a hundred are some."""
    lines = [json.loads(line) for line in conversations.read_text(encoding="utf-8").splitlines()]
    chosen = lines[::3] if not long else [{**one, "id": f"{one['id']}-{n}"} for n in range(COPIES) for one in lines]
    return [json.dumps(one) for one in chosen]
