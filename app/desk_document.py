"""A desk's settings as one document of plain values: read with every slip named at its path. Stored by `desk_setup`."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from app.protocols.errors import DocumentError
from app.protocols.tags import TagDictionary
from app.protocols.yaml_text import read_yaml
from app.scoring.calendars import CalendarError, read_calendar, write_calendar
from app.scoring.language import NAMES
from app.scoring.listening import KEYS as LISTENING
from app.scoring.listening import read_listening
from app.scoring.taxonomy import TaxonomyError
from app.settings import is_loopback
from app.store.accounts import normal_email

#: What a custom field of a helpdesk may say.
FIELDS = ("vendor", "order_vendor", "cause", "tier", "hold_minutes")
#: What the helpdesk's fields may say of a customer, and whose fields those are.
OF_CUSTOMERS = ("tier", "value")
OWNERS = ("user", "organization", "ticket")
FIELD_ID = re.compile(r"[0-9]{1,19}|cf_\w{1,100}")
FIELD_KEY = re.compile(r"[\w-]{1,100}")
WEBHOOK_NAME = re.compile(r"[\w.-]{1,60}")
LONGEST_URL = 2_000
MOST_ENTRIES = 50
MOST_COOLDOWN_DAYS = 365
LEAST_SHARE = 0.01
#: Scores between which a desk may set where good begins: beyond them one of the two would never be seen.
GOOD_FROM = (20, 90)
USUAL_TAGS = TagDictionary()

#: Every setting that the document sets.
SETTINGS = (
    "lead_emails", "webhooks", "automation_may_speak", "survey_cooldown_days", "survey_id", "calendar", "fields",
    "customer", "call_share", "text_days", "tags", "good_from", "languages", *LISTENING,
)  # fmt: skip

Slips = list[str]


class SettingsSlips(ValueError):
    """Settings that cannot be kept; a line `path: message` for every slip."""


def read_desk_document(given: Mapping[str, Any], *, most_days: int) -> dict[str, Any]:
    """The settings that a document sets; None takes one away, so that the document is the whole truth.

    Its `webhooks` are those to add, and None for each to take away. `most_days` is how long words are kept at most.
    Raises SettingsSlips.
    """
    slips: Slips = []
    settings = {
        "lead_emails": _addresses(given.get("leads", ()), slips),
        "webhooks": {**dict.fromkeys(given.get("without", ())), **_webhooks(given.get("webhooks", ()), slips)},
        "automation_may_speak": given.get("automation_may_speak") is True,
        "survey_cooldown_days": _whole(given, "survey_cooldown_days", (0, MOST_COOLDOWN_DAYS), slips),
        "survey_id": _survey(given.get("survey_id"), slips),
        "calendar": _calendar(given.get("calendar"), slips),
        "fields": _mapped(given, "fields", FIELDS, _is_field, slips),
        "customer": _mapped(given, "customer", OF_CUSTOMERS, _is_source, slips),
        "call_share": _share(given.get("call_share"), slips),
        "text_days": _whole(given, "text_days", (1, most_days), slips),
        "tags": _tags(given.get("tags", {}), slips),
        "good_from": _whole(given, "good_from", GOOD_FROM, slips),
        "languages": _languages(given.get("languages", ()), slips),
        **_listening(given.get("listening", ""), slips),
    }
    if slips:
        raise SettingsSlips("\n".join(slips))
    return settings


def _addresses(given: Sequence[str], slips: Slips) -> list[str] | None:
    found = []
    for at, one in enumerate(given):
        try:
            found.append(normal_email(one))
        except ValueError as error:
            slips.append(f"leads[{at}]: {error}")
    if len(given) > MOST_ENTRIES:
        slips.append(f"leads: at most {MOST_ENTRIES}")
    return list(dict.fromkeys(found)) or None


def _webhooks(given: Sequence[str], slips: Slips) -> dict[str, str]:
    """`name=https://...` lines. A slip says the name alone; an address may hold a password."""
    found = {}
    for at, line in enumerate(given):
        name, _, url = (part.strip() for part in line.partition("="))
        known = url.startswith("https://") or is_loopback(url)
        if not WEBHOOK_NAME.fullmatch(name) or not known or len(url) > LONGEST_URL or not url.isprintable():
            slips.append(f"webhooks[{at}]: must be name=https://... (got one called {name[:60]!r})")
        found[name] = url
    if len(given) > MOST_ENTRIES:
        slips.append(f"webhooks: at most {MOST_ENTRIES}")
    return found


def _whole(given: Mapping[str, Any], name: str, span: tuple[int, int], slips: Slips) -> int | None:
    value, (least, most) = given.get(name), span
    if value is None or (isinstance(value, int) and not isinstance(value, bool) and least <= value <= most):
        return value
    slips.append(f"{name}: must be a whole number from {least} to {most} (got {str(value)[:60]!r})")
    return None


def _share(value: Any, slips: Slips) -> float | None:
    if value is None or (isinstance(value, int | float) and LEAST_SHARE <= value <= 1):
        return value
    slips.append(f"call_share: must be a number from {LEAST_SHARE} to 1 (got {str(value)[:60]!r})")
    return None


def read_languages(given: Sequence[str]) -> list[str]:
    """Codes of ISO 639-1, each once. Raises ValueError that names the first that we do not tell apart."""
    codes = [code.strip().lower() for code in given if code.strip()]
    for code in codes:
        if code not in NAMES:
            raise ValueError(f"must be two-letter codes such as en, de (got {code[:60]!r})")
    return list(dict.fromkeys(codes))


def _languages(given: Sequence[str], slips: Slips) -> list[str] | None:
    try:
        return read_languages(given) or None
    except ValueError as error:
        slips.append(f"languages: {error}")
        return None


def _survey(value: Any, slips: Slips) -> str | None:
    text = str(value or "").strip()
    if len(text) > 100 or not text.isprintable():
        slips.append(f"survey_id: must be the id of a survey, of at most 100 characters (got {text[:60]!r})")
    return text or None


def _calendar(value: Any, slips: Slips) -> dict[str, Any] | None:
    try:
        return None if value is None else write_calendar(read_calendar(value))
    except CalendarError as error:
        slips += str(error).splitlines()
        return None


def _mapped(
    given: Mapping[str, Any], key: str, names: Sequence[str], fits: Callable[[str], bool], slips: Slips
) -> dict[str, str] | None:
    found = {name: text for name in names if (text := str(given.get(key, {}).get(name) or "").strip())}
    wanted = "the field's number, at Freshdesk its name" if key == "fields" else f"OWNER.FIELD, OWNER one of {OWNERS}"
    slips += [f"{key}.{name}: must be {wanted} (got {text[:60]!r})" for name, text in found.items() if not fits(text)]
    return found or None


def _is_field(text: str) -> bool:
    return FIELD_ID.fullmatch(text) is not None


def _is_source(text: str) -> bool:
    owner, _, key = text.partition(".")
    return owner in OWNERS and FIELD_KEY.fullmatch(key) is not None


def _tags(given: Mapping[str, Any], slips: Slips) -> dict[str, str] | None:
    wanted = {
        name: str(given.get(name) or getattr(USUAL_TAGS, name)).strip() for name in ("state_prefix", "case_prefix")
    }
    try:
        chosen = TagDictionary(**wanted)
    except ValueError as error:
        slips.append(f"tags.state_prefix: {error}")
        return None
    return None if chosen == USUAL_TAGS else wanted


def _listening(text: str, slips: Slips) -> dict[str, Any]:
    """Causes, vendors and tiers, as YAML; nothing where nothing is said."""
    if not text.strip():
        return dict.fromkeys(LISTENING)
    try:
        return read_listening(read_yaml(text))
    except (DocumentError, TaxonomyError) as error:
        slips += [f"listening: {line}" for line in str(error).splitlines()]
        return {}
