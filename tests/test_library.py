"""Protocol documents on disk, before there is a desk for them."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from app.library import Library


@pytest.fixture
def library(tmp_path: Path) -> Library:
    return Library(tmp_path / "library")


def test_an_empty_library_has_nothing(library: Library):
    assert library.all() == []
    assert library.find("Late") is None


def test_names_that_look_alike_on_disk_are_kept_apart(library: Library):
    library.keep("Late!", "a")
    library.keep("late", "b")

    assert [(kept.name, kept.text) for kept in library.all()] == [("Late!", "a"), ("late", "b")]


@pytest.mark.parametrize("name", ["../../etc/passwd", "Zu spät / 遅い", "x" * 80])
def test_any_name_stays_in_the_folder(name: str, library: Library, tmp_path: Path):
    library.keep(name, "text")

    found = library.find(name)
    assert found is not None
    assert found.text == "text"
    assert [file.parent.parent for file in tmp_path.rglob("1.yaml")] == [tmp_path / "library"]


def test_line_ends_come_back_as_they_were(library: Library):
    library.keep("Late", "a\r\nb\n")

    assert library.keep("Late", "a\r\nb\n")[1] is False


def test_writers_at_the_same_time_lose_nothing(library: Library):
    with ThreadPoolExecutor(8) as pool:
        kept = list(pool.map(lambda n: library.keep("Late", f"text {n}")[0], range(8)))

    assert sorted(one.number for one in kept) == list(range(1, 9))
