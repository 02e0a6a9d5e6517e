"""Making what ships: word lists and both priors, from the train parts of public sets. Same data, same files."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from app.scoring.training import corpora, lists, open_prior
from app.scoring.training.corpora import Conversation
from app.scoring.training.prior import document, fit_prior
from app.scoring.training.tables import joined, table

RATED, LABELLED = "uss", "goemotions"
USS = "Fitted on the USS train parts and drawn to open-1; rare acts, waits, ticket facts are judgement. See README.md."
OPEN = "Fitted on GoEmotions (Apache-2.0) and expert weights alone. See README.md."


def make(data: Path, out: Path, say: Callable[[str], None]) -> dict[str, int]:
    """Fit everything from `data`, write it below `out`, and tell the size of each file in bytes. Raises CorpusError."""
    texts, labels = lists.labelled(_conversations(data / LABELLED, say))
    say(f"fitting the lists of feelings on {len(texts)} messages")
    pleased, displeased = lists.emotion_lists(texts, labels)
    sets = [_rated(found, name, say) for name, found in _sets(data / RATED, say).items()]
    rated = joined([table(found) for found in sets])
    say(f"fitting the lists of wording on {len(rated.index)} turns")
    customer, reply = lists.rated_lists(rated)
    say("fitting the open prior")
    opened = open_prior.fit_open(texts, labels)
    say("fitting the prior on rated conversations")
    fitted = fit_prior(lists.read_unseen(rated, pleased, displeased), opened)
    made: dict[str, Mapping[str, Any]] = {
        "uss-2.json": document(fitted, "uss-2", USS),
        "open-1.json": document(opened, "open-1", OPEN),
    }
    made |= {f"words/{one.name}.json": one.to_json() for one in (pleased, displeased, customer, reply)}
    return {name: _write(out / name, content) for name, content in made.items()}


def _conversations(folder: Path, say: Callable[[str], None]) -> list[Conversation]:
    return [one for found in _sets(folder, say).values() for one in found]


def _sets(folder: Path, say: Callable[[str], None]) -> dict[str, list[Conversation]]:
    files = sorted(folder.glob("*.train.jsonl*"))
    if not files:
        raise corpora.CorpusError(f"{folder.name}: holds no *.train.jsonl or *.train.jsonl.gz")
    say(f"reading {', '.join(file.name for file in files)}")
    return corpora.read(files)


def _rated(found: Sequence[Conversation], name: str, say: Callable[[str], None]) -> list[Conversation]:
    rated = [one for one in found if one.rated]
    if not rated:
        raise corpora.CorpusError(f"{name}: no conversation is rated at every turn and as a whole")
    say(f"{name}: {len(rated)} conversations")
    return rated


def _write(path: Path, content: Mapping[str, Any]) -> int:
    path.parent.mkdir(parents=True, exist_ok=True)
    text = json.dumps(content, indent=1) + "\n"
    path.write_text(text, encoding="utf-8")
    return len(text)
