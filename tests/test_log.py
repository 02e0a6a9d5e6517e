"""Logs: one JSON line per event, ids only, whatever somebody passes by mistake."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import structlog

from app import log

CANARY = "canary words of a customer"


@pytest.fixture
def stream() -> Iterator[io.StringIO]:
    """What is written, once logs are set up; other tests find them as they were."""
    root = logging.getLogger()
    before = root.handlers[:], root.level, {name: logging.getLogger(name).level for name in log.QUIET}
    written = io.StringIO()
    log.configure("info", written)
    yield written
    structlog.reset_defaults()
    structlog.contextvars.clear_contextvars()
    root.handlers[:], levels = before[0], before[2]
    root.setLevel(before[1])
    for name, level in levels.items():
        logging.getLogger(name).setLevel(level)


def lines(stream: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def only(stream: io.StringIO) -> dict[str, Any]:
    (line,) = lines(stream)
    return line


def test_an_event_is_one_line_with_its_ids(stream: io.StringIO) -> None:
    log.get("recovery").info("step_settled", step_id=7, state="done")

    line = only(stream)
    assert line.pop("timestamp").endswith("Z")
    assert line == {"event": "step_settled", "level": "info", "room": "recovery", "state": "done", "step_id": 7}


@pytest.mark.parametrize("field", sorted(log.FORBIDDEN))
def test_a_field_that_may_hold_words_or_secrets_is_withheld(stream: io.StringIO, field: str) -> None:
    log.get("web").info("event", **{field: CANARY})

    assert only(stream)[field] == "(withheld)"


@pytest.mark.parametrize("field", ["Authorization", "API_KEY", "Text"])
def test_a_forbidden_field_is_known_in_any_case(stream: io.StringIO, field: str) -> None:
    log.get("web").info("event", **{field: CANARY})

    assert only(stream)[field] == "(withheld)"


def test_a_forbidden_field_is_withheld_within_another(stream: io.StringIO) -> None:
    log.get("web").info("event", about={"ticket_id": "7", "person": {"email": CANARY}})

    assert only(stream)["about"] == {"ticket_id": "7", "person": {"email": "(withheld)"}}


def test_an_exception_is_named_by_class_and_place_without_its_text(stream: io.StringIO) -> None:
    try:
        raise KeyError(CANARY)
    except KeyError as error:
        log.get("tasks").error("failed", error=error)

    line = only(stream)
    assert line["error"] == "KeyError"
    assert line["at"].startswith(f"{__name__}:")
    assert CANARY not in stream.getvalue()


def test_an_exception_that_was_never_raised_has_no_place(stream: io.StringIO) -> None:
    log.get("tasks").error("failed", error=ValueError(CANARY))

    assert only(stream)["error"] == "ValueError"
    assert "at" not in only(stream)


def test_the_exception_of_the_moment_is_named_too(stream: io.StringIO) -> None:
    try:
        raise KeyError(CANARY)
    except KeyError:
        log.get("tasks").exception("failed")

    assert (only(stream)["error"], CANARY in stream.getvalue()) == ("KeyError", False)


def test_an_object_is_named_by_its_class(stream: io.StringIO) -> None:
    class Letter:
        def __repr__(self) -> str:
            return CANARY

    log.get("tasks").info("event", letter=Letter(), cause=ValueError(CANARY), file=Path("/tmp/x"))

    line = only(stream)
    assert (line["letter"], line["cause"], line["file"]) == ("(Letter)", "(ValueError)", "/tmp/x")


@pytest.mark.parametrize("nasty", ["a\r\nb", "\x1b[31mred", "\u2028next", '"} {"event": "forged'])
def test_nothing_breaks_out_of_its_line(stream: io.StringIO, nasty: str) -> None:
    log.get("web").info("event", path=nasty)

    assert stream.getvalue().count("\n") == 1
    assert "\x1b" not in stream.getvalue()
    assert "\r" not in stream.getvalue()
    assert only(stream)["path"] == nasty


def test_ids_are_carried_through_until_they_are_let_go(stream: io.StringIO) -> None:
    tokens = log.bind(task_id="t1", desk_id=3)
    log.get("tasks").info("within")
    log.unbind(tokens)
    log.get("tasks").info("after")

    within, after = lines(stream)
    assert (within["task_id"], within["desk_id"]) == ("t1", 3)
    assert "task_id" not in after


def test_what_is_below_the_level_is_not_written(stream: io.StringIO) -> None:
    log.get("tasks").debug("event")
    log.configure("warning", stream)
    log.get("tasks").info("event")

    assert lines(stream) == []


def test_a_librarys_line_carries_no_arguments(stream: io.StringIO) -> None:
    logging.getLogger("somelibrary").warning("could not send %s to %r", CANARY, {"token": CANARY})

    line = only(stream)
    assert line == {
        "event": "library_log",
        "level": "warning",
        "library": "somelibrary",
        "said": "could not send %s to %r",
    }


def test_a_librarys_exception_is_named_by_its_class(stream: io.StringIO) -> None:
    library = logging.getLogger("somelibrary")
    try:
        raise KeyError(CANARY)
    except KeyError as error:
        library.exception(error)

    line = only(stream)
    assert (line["error"], line["said"]) == ("KeyError", "(KeyError)")
    assert CANARY not in stream.getvalue()


@pytest.mark.parametrize("name", log.QUIET)
def test_libraries_that_would_print_payloads_stay_quiet(stream: io.StringIO, name: str) -> None:
    log.configure("debug", stream)

    logging.getLogger(name).debug("body: %s", CANARY)
    logging.getLogger(name).info("body: %s", CANARY)

    assert lines(stream) == []


def test_setting_up_again_replaces_the_first(stream: io.StringIO) -> None:
    second = io.StringIO()

    log.configure("info", second)
    log.get("web").info("event")
    logging.getLogger("somelibrary").warning("said")

    assert (len(lines(stream)), len(lines(second))) == (0, 2)
