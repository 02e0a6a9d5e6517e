"""Short texts with {{ names }} in them: a closed list of names, filled in once, no code of any kind."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from app.protocols.errors import CannotPlan

MAX_TEXT = 4000  #: characters, of the template and of what comes out

#: Name to what it stands for. All but those of `ALWAYS_KNOWN` may be empty on some ticket.
PLACEHOLDERS: Mapping[str, str] = MappingProxyType(
    {
        "ticket_id": "the ticket's number",
        "ticket_url": "where the ticket opens in a browser",
        "case_url": "where the recovery case opens in a browser",
        "protocol": "the name of the protocol",
        "customer": "the customer's name",
        "score": "the satisfaction score, 0 to 100",
        "state": "the satisfaction state in words",
        "reasons": "the reasons behind the score, a line each",
        "cause": "the cause of the failure in words",
        "stars": "the customer's rating in stars",
        "previous_group": "the group that had the ticket before",
        "vendor": "the vendor whose part it was",
    }
)
ALWAYS_KNOWN = frozenset({"ticket_id", "protocol", "cause"})

_PLACEHOLDER = re.compile(r"\{\{([^{}]*)\}\}")
_CODE = ("{{", "}}", "{%", "%}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Placeholder:
    name: str
    fallback: str | None  #: said when the name has no value; None when the template gives none


def placeholders(text: str) -> tuple[Placeholder, ...]:
    """The placeholders of a template, in order.

    Raises ValueError with one sentence for an unknown name, an unclosed brace, or anything like code.
    """
    found = tuple(_placeholder(match) for match in _PLACEHOLDER.finditer(text))
    rest = _PLACEHOLDER.sub("", text)
    stray = next((mark for mark in _CODE if mark in rest), None)
    if stray:
        raise ValueError(f"must not have a lone {stray}; placeholders look like {{{{ customer | there }}}}")
    return found


def render(text: str, values: Mapping[str, str]) -> str:
    """The template with its values filled in, in a single pass.

    Braces that come out doubled are set apart, so nothing that a customer writes becomes a placeholder, neither
    ours nor the helpdesk's. Raises CannotPlan when a value is missing that has no fallback.
    """

    def fill(match: re.Match[str]) -> str:
        wanted = _placeholder(match)
        said = values.get(wanted.name, "").strip() or wanted.fallback
        if said is None:
            raise CannotPlan(f'the text needs "{wanted.name}", which is not known here, and gives no fallback for it')
        return said

    rendered = _harmless(_PLACEHOLDER.sub(fill, text).strip())
    return rendered if len(rendered) <= MAX_TEXT else f"{rendered[: MAX_TEXT - 1]}…"


def _placeholder(match: re.Match[str]) -> Placeholder:
    name, bar, fallback = (part.strip() for part in match.group(1).partition("|"))
    if name not in PLACEHOLDERS:
        raise ValueError(f'must not use the placeholder "{name[:40]}"; there are {", ".join(PLACEHOLDERS)}')
    return Placeholder(name=name, fallback=fallback if bar and fallback else None)


def _harmless(text: str) -> str:
    for brace in "{}":
        while brace * 2 in text:
            text = text.replace(brace * 2, f"{brace} {brace}")
    return text.replace("{%", "{ %").replace("%}", "% }")
