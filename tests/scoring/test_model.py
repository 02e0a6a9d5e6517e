"""Models: the packaged prior, and documents that cannot be one."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from app.scoring.model import (
    DEFAULT_PRIOR,
    PRIOR,
    Calibration,
    ModelError,
    UnknownSignal,
    load_prior,
    packaged,
    parse_model,
    sigmoid,
)
from app.scoring.signals import REGISTRY, Effect


def document(**changes: Any) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((PRIOR / f"{DEFAULT_PRIOR}.json").read_text(encoding="utf-8"))
    return {**found, **changes}


def test_the_prior_is_packaged_with_a_model_card() -> None:
    assert DEFAULT_PRIOR in packaged()
    assert "2026-11-22" in (PRIOR / "README.md").read_text(encoding="utf-8")
    assert load_prior().name == DEFAULT_PRIOR


def test_every_weight_of_the_prior_has_the_sign_of_its_signal() -> None:
    model = load_prior()

    for name, weights in {**model.overall, **{name: {"now": weight} for name, weight in model.now.items()}}.items():
        sign = 1 if REGISTRY[name].effect is Effect.RAISES else -1
        assert all(weight * sign >= 0 for weight in weights.values())


def test_a_model_is_read_from_a_file(tmp_path: Path) -> None:
    path = tmp_path / "mine.json"
    path.write_text(json.dumps(document(name="mine", calibration={"intercept": 0.5})), encoding="utf-8")

    model = load_prior(path)

    assert (model.name, model.calibration) == ("mine", Calibration(intercept=0.5, slope=1.0))


def test_an_unknown_signal_is_named() -> None:
    with pytest.raises(UnknownSignal, match=r"^now\.tone\.smell: no such signal: 'tone\.smell'$"):
        parse_model(document(now={"tone.smell": -1.0}))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"colour": "red"}, "colour: not a field of a model"),
        (
            {"overall": {"acts.thanks": {"last": -1.0}}},
            "overall.acts.thanks.last: -1.0 has the wrong sign for a signal that raises satisfaction",
        ),
        (
            {"now": {"acts.cancel": 0.5}},
            "now.acts.cancel: 0.5 has the wrong sign for a signal that lowers satisfaction",
        ),
        (
            {"overall": {"acts.cancel": {"total": -1.0}}},
            "overall.acts.cancel.total: no such aggregate of this signal: 'total'",
        ),
        (
            {"overall": {"waiting.silence": {"fast": -1.0}}},
            "overall.waiting.silence.fast: no such aggregate of this signal: 'fast'",
        ),
        ({"now": {"acts.cancel": float("nan")}}, "now.acts.cancel: not a finite number: nan"),
    ],
)
def test_what_is_wrong_with_a_model_is_said(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ModelError) as caught:
        parse_model(document(**changes))

    assert str(caught.value) == message


def test_a_missing_field_is_named() -> None:
    broken = document()
    del broken["threshold"]

    with pytest.raises(ModelError, match=r"^threshold: missing$"):
        parse_model(broken)


def test_an_unknown_prior_is_named_with_those_there_are() -> None:
    with pytest.raises(ModelError, match=r"^no prior 'nobody'; packaged are: .*uss-2"):
        load_prior("nobody")


def test_a_file_that_is_not_json_is_named(tmp_path: Path) -> None:
    (tmp_path / "half.json").write_text("{", encoding="utf-8")

    with pytest.raises(ModelError, match=r"^half\.json: not JSON: "):
        load_prior(tmp_path / "half.json")


def test_the_logistic_function_never_overflows() -> None:
    assert [sigmoid(-1e9), sigmoid(0), sigmoid(1e9)] == pytest.approx([0, 0.5, 1])
