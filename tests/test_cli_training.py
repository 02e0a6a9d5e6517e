"""`kintsugi train` and `kintsugi evaluate` on small made-up sets."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from app.cli import main
from tests.scoring.training import small


def run(*words: object) -> Result:
    return CliRunner().invoke(main, [str(word) for word in words])


def sets(folder: Path) -> list[object]:
    """Options that name two rated sets and a labelled one."""
    files = [small.write(folder / f"{name}.jsonl", small.rated(name, 40)) for name in ("letters", "calls")]
    files.append(small.write(folder / "feelings.jsonl", small.labelled(30)))
    return [word for file in files for word in ("--input", file)]


@pytest.fixture(scope="module")
def measured(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    words = sets(tmp_path_factory.mktemp("sets"))

    result = run("evaluate", *words, "--leave-one-out", "--learning-curve", "--json")

    assert result.exit_code == 0, result.output
    found: dict[str, Any] = json.loads(result.stdout)
    return found


def test_evaluation_reports_sets_means_aims_tone_and_curves(measured: dict[str, Any]) -> None:
    assert measured["model"] == "leave-one-out"
    assert set(measured["sets"]) == {"letters", "calls"} == set(measured["learning_curve"]["sets"])
    assert set(measured["aims"]) == {"turn", "end", "direction"}
    assert set(measured["tone"]["feelings"]["auroc"]) == {"kintsugi", "textblob", "vader"}
    assert measured["quoted"]["minilm"]["end"] == 0.675


def test_a_learning_curve_starts_with_the_bare_prior(measured: dict[str, Any]) -> None:
    points = measured["learning_curve"]["sets"]["letters"]

    assert [point["ratings"] for point in points] == [0, 10]
    assert points[0]["brier"] == points[0]["brier_intercept"]
    assert all(0 <= point["ece"] <= 1 for point in points)
    together = measured["learning_curve"]["all"]
    assert [point["sets"] for point in together][:3] == [2, 2, 0]
    assert together[2]["ece"] is None


def test_people_get_tables(tmp_path: Path) -> None:
    result = run("evaluate", *sets(tmp_path), "--learning-curve")

    assert result.exit_code == 0, result.output
    for said in (
        "mean over sets",
        "without textblob",
        "letters as a new desk",
        "all sets together",
        "AUROC of negative",
    ):
        assert said in result.stdout


def test_evaluation_without_leaving_out_measures_the_prior_in_force(tmp_path: Path) -> None:
    file = small.write(tmp_path / "letters.jsonl", small.rated("letters", 30))

    result = run("evaluate", "--input", file)

    assert result.exit_code == 0, result.output
    assert "model: uss-2" in result.stdout
    assert "letters: 30 conversations" in result.stdout
    assert "aim turn:" in result.stdout


def test_one_set_cannot_be_left_out(tmp_path: Path) -> None:
    file = small.write(tmp_path / "letters.jsonl", small.rated("letters", 10))

    result = run("evaluate", "--input", file, "--leave-one-out")

    assert result.exit_code == 1
    assert "leaving one set out needs at least two rated sets, got letters" in result.stderr


def test_a_broken_set_is_named(tmp_path: Path) -> None:
    file = tmp_path / "broken.jsonl"
    file.write_text("{\n", encoding="utf-8")

    result = run("evaluate", "--input", file)

    assert result.exit_code == 1
    assert "broken.jsonl:1: not JSON (column" in result.stderr


def test_an_unknown_prior_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KINTSUGI_PRIOR", "nobody")

    result = run("evaluate", "--input", small.write(tmp_path / "letters.jsonl", small.rated("letters", 3)))

    assert result.exit_code != 0
    assert "KINTSUGI_PRIOR: no prior 'nobody'" in result.stderr


def test_training_writes_priors_and_lists(tmp_path: Path) -> None:
    small.write(tmp_path / "data" / "uss" / "letters.train.jsonl", small.rated("letters", 40))
    small.write(tmp_path / "data" / "goemotions" / "goemotions.train.jsonl", small.labelled())

    result = run("train", "--data", tmp_path / "data", "--out", tmp_path / "out", "--json")

    assert result.exit_code == 0, result.output
    made = json.loads(result.stdout)["files"]
    assert all((tmp_path / "out" / name).stat().st_size == size for name, size in made.items())
    assert {"uss-2.json", "open-1.json"} <= set(made)


def test_training_says_which_data_are_missing(tmp_path: Path) -> None:
    result = run("train", "--data", tmp_path, "--out", tmp_path / "out")

    assert result.exit_code == 1
    assert "goemotions: holds no *.train.jsonl" in result.stderr
