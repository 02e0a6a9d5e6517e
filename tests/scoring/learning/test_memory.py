"""A training of a very large desk stays within its memory."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from tests.architecture.source import ROOT

#: Learns in a process of its own, whose peak is then its own. Words of the newest are as many as a training keeps.
CODE = """
import json, pathlib, re, sys
import numpy as np
from app.scoring.learning import ladder
from app.scoring.learning.examples import Columns, Names, WORDED, prior_logits
from app.scoring.model import load_prior

count, worded, pieces = int(sys.argv[1]), min(int(sys.argv[1]) // 2, WORDED), 1500
random, prior = np.random.default_rng(1), load_prior()
names = Names.of(prior)
inputs = random.random((count, len(names.names)), dtype=np.float32)
inputs *= inputs > 0.7
logits = prior_logits(inputs, names)
happy = (random.random(count) < 1 / (1 + np.exp(-logits - inputs[:, 0] * 2))).astype(float)
words = {
    at: (random.integers(0, 2**15, pieces, dtype=np.int32), np.full(pieces, 0.02, dtype=np.float32))
    for at in range(count - worded, count)
}
columns = Columns(
    names=names, inputs=inputs, prior=logits, satisfied=happy, weights=np.ones(count),
    label=np.zeros(count, dtype=bool), words=words,
)
found = ladder.learn(columns, prior, name="large", seed=1)
# The kernel's own count for this program; ru_maxrss would begin with the size of whoever started it.
peak = int(re.search(r"VmHWM:\\s+(\\d+) kB", pathlib.Path("/proc/self/status").read_text())[1]) / 2**20
print(json.dumps({"rung": found.rung, "ratings": found.ratings, "gib": peak, "inputs": len(names.names)}))
"""


def learn(count: int) -> dict[str, float]:
    ended = subprocess.run(
        [sys.executable, "-c", CODE, str(count)], cwd=ROOT, capture_output=True, text=True, check=True
    )
    found: dict[str, float] = json.loads(ended.stdout)
    return found


def test_some_thousand_ratings_stay_small() -> None:
    found = learn(4_000)

    assert found["ratings"] == 4_000
    assert found["gib"] < 0.6


@pytest.mark.long
def test_a_million_ratings_stay_under_two_gib() -> None:
    found = learn(1_000_000)

    assert found["ratings"] == 1_000_000
    assert found["gib"] < 2
