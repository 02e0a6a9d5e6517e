"""Files of rated conversations, sound and unsound."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from app.scoring.training.corpora import CorpusError, read
from tests.scoring.training import small


def test_conversations_are_read_by_set(tmp_path: Path) -> None:
    one = small.write(tmp_path / "one.jsonl", small.rated("letters", 3))
    two = small.write(tmp_path / "two.jsonl", small.rated("calls", 2))

    found = read([one, two])

    assert {name: len(part) for name, part in found.items()} == {"letters": 3, "calls": 2}
    assert all(part.rated for parts in found.values() for part in parts)


def test_a_gzipped_file_is_read_like_a_plain_one(tmp_path: Path) -> None:
    path = tmp_path / "set.jsonl.gz"
    path.write_bytes(gzip.compress(json.dumps(small.rated("letters", 1)[0]).encode()))

    assert len(read([path])["letters"]) == 1


def test_ratings_are_means_of_the_annotators(tmp_path: Path) -> None:
    document = small.rated("letters", 1)[0] | {"overall": [1, 2, 5]}
    document["turns"][0]["satisfaction"] = [2, 3]

    found = read([small.write(tmp_path / "set.jsonl", [document])])["letters"][0]

    assert found.overall == pytest.approx(8 / 3)
    assert found.turns[0].rating == 2.5


def test_a_conversation_without_every_rating_counts_as_unrated(tmp_path: Path) -> None:
    document = small.rated("letters", 1)[0]
    document["turns"][0]["satisfaction"] = None

    assert not read([small.write(tmp_path / "set.jsonl", [document])])["letters"][0].rated


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"turns": []}, r"^set\.jsonl:1: turns: not a list with anything in it$"),
        ({"turns": "hello"}, r"^set\.jsonl:1: turns: not a list"),
        ({"turns": [{"role": "boss", "text": "x"}]}, r"^set\.jsonl:1: turns\[0\]\.role: not customer or agent$"),
        ({"turns": [{"role": "agent", "text": 7}]}, r"^set\.jsonl:1: turns\[0\]\.text: not a string: 7$"),
        ({"overall": [9]}, r"^set\.jsonl:1: overall: not a rating from 1 to 5: 9$"),
        ({"overall": [True]}, r"^set\.jsonl:1: overall: not a rating from 1 to 5: True$"),
        ({"overall": "good"}, r"^set\.jsonl:1: overall: not a list of ratings: 'good'$"),
    ],
)
def test_what_is_wrong_is_named_by_file_line_and_field(tmp_path: Path, changes: dict[str, Any], message: str) -> None:
    path = small.write(tmp_path / "set.jsonl", [small.rated("letters", 1)[0] | changes])

    with pytest.raises(CorpusError, match=message):
        read([path])


@pytest.mark.parametrize(("line", "message"), [("{", "not JSON"), ("[]", "not an object")])
def test_a_line_that_is_no_document_is_named(tmp_path: Path, line: str, message: str) -> None:
    path = tmp_path / "set.jsonl"
    path.write_text(f"\n{line}\n", encoding="utf-8")

    with pytest.raises(CorpusError, match=rf"^set\.jsonl:2: {message}"):
        read([path])


@pytest.mark.parametrize("name", ["broken.jsonl.gz", "broken.jsonl"])
def test_a_file_that_cannot_be_read_is_named(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_bytes(b"\xff\xfe\xfd")

    with pytest.raises(CorpusError, match=rf"^{name}: cannot be read"):
        read([path])


def test_files_without_conversations_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "empty.jsonl"
    path.write_text("\n\n", encoding="utf-8")

    with pytest.raises(CorpusError, match=r"^no conversations in the files given$"):
        read([path])
