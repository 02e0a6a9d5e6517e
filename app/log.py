"""Structured logs: one JSON line per event on stderr. Ids only; never customer text, names, addresses or secrets."""

from __future__ import annotations

import logging
import sys
from collections.abc import Mapping, MutableMapping
from datetime import datetime
from pathlib import Path
from typing import Any, TextIO, cast
from uuid import UUID

import structlog
from structlog.typing import FilteringBoundLogger

#: Fields that must never be logged, whatever somebody passes by mistake.
FORBIDDEN = frozenset(
    {
        "text", "body", "subject", "comment", "evidence", "name", "email", "password", "secret", "token", "credentials",
        "authorization", "cookie", "api_key", "api_token", "signature",
    }
)  # fmt: skip

#: Libraries whose DEBUG lines hold whole payloads, private comments among them.
QUIET = ("zenpy", "urllib3", "requests", "mail.log", "kombu", "amqp", "waitress", "celery", "sqlalchemy", "alembic")


def configure(level: str = "info", stream: TextIO | None = None) -> None:
    """Set up logging for this process; calling it again replaces the earlier set-up."""
    number = logging.getLevelNamesMapping()[level.upper()]
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _drop_forbidden,
            _error_place,
            structlog.processors.JSONRenderer(sort_keys=True, default=_class_of),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=structlog.WriteLoggerFactory(file=stream or sys.stderr),
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(_LibraryLines())
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    for name in QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)


def get(room: str) -> FilteringBoundLogger:
    """A logger whose lines carry the room (module family) they come from."""
    return cast(FilteringBoundLogger, structlog.get_logger(room=room))


def bind(**ids: str | int | None) -> Mapping[str, Any]:
    """Carry ids through everything that is logged in this context; returns tokens for `unbind`."""
    return structlog.contextvars.bind_contextvars(**ids)


def unbind(tokens: Mapping[str, Any]) -> None:
    structlog.contextvars.reset_contextvars(**tokens)


def _drop_forbidden(_logger: object, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    for key in event:
        event[key] = _withheld(key, event[key])
    return event


def _withheld(key: str, value: Any) -> Any:
    if key.lower() in FORBIDDEN:
        return "(withheld)"
    if isinstance(value, Mapping):
        return {str(inner): _withheld(str(inner), item) for inner, item in value.items()}
    return value


def _error_place(_logger: object, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """An exception is named by its class and place: its text may quote a customer or a credential."""
    given = event.pop("exc_info", None)
    if given:
        event.setdefault("error", given if isinstance(given, BaseException) else sys.exc_info()[1])
    error = event.get("error")
    if isinstance(error, BaseException):
        event["error"] = type(error).__name__
        event.update(_place(error))
    return event


def _place(error: BaseException) -> dict[str, str]:
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return {"at": f"{trace.tb_frame.f_globals.get('__name__', '?')}:{trace.tb_lineno}"} if trace is not None else {}


def _class_of(value: object) -> str:
    """What is no JSON is named by its class: its text may quote anything."""
    return str(value) if isinstance(value, datetime | UUID | Path) else f"({type(value).__name__})"


class _LibraryLines(logging.Formatter):
    """A library's warning as one JSON line of the same form, without its message's arguments."""

    def format(self, record: logging.LogRecord) -> str:
        event = {
            "event": "library_log",
            "library": record.name,
            "level": record.levelname.lower(),
            # Some libraries log an exception as it is, and its text is an argument like any other.
            "said": record.msg[:200] if isinstance(record.msg, str) else _class_of(record.msg),
        }
        if record.exc_info and record.exc_info[0] is not None:
            event["error"] = record.exc_info[0].__name__
        return str(structlog.processors.JSONRenderer(sort_keys=True)(None, "", event))
