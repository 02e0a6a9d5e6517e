"""A person's own words: quoted history, signatures, disclaimers, logs and redactions taken away. No meaning is read.

What the lines around and between own words look like is in frames.py and pasted.py. Everything works line by line or
tag by tag, so that no text makes it slow; see docs/decisions/0010-own-reply-parser.md.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from app.scoring.frames import POSTSCRIPT, is_auto_reply, reason
from app.scoring.lexicon import words as word_set
from app.scoring.pasted import machine_lines, without_tokens

LONGEST = 100_000  #: characters looked at; nobody writes more by hand, and what follows is logs or history
MOST_LINES = 2_000  #: lines looked at, for the same reason

AUTO_HEAD = 600  #: characters in which an auto-reply says that it is one

# Soft hyphens, zero-width and direction marks, variation selectors, tags: people do not see them, patterns stumble.
INVISIBLE = dict.fromkeys(
    [
        *[0x00AD, 0x034F, 0x061C, 0x180E, 0xFEFF, *range(0x200B, 0x2010), *range(0x202A, 0x202F)],
        *[*range(0x2060, 0x2070), *range(0xFE00, 0xFE10), *range(0xE0000, 0xE0080)],
    ]
)
SPACES = {0x00A0: " ", 0x2007: " ", 0x202F: " ", 0x2028: "\n", 0x2029: "\n", 0x0000: " "}
BROKEN = dict.fromkeys(range(0xD800, 0xE000), " ")  # halves of characters; a program's slip, not to be written as UTF-8
UNSEEN_TABLE = INVISIBLE | SPACES | BROKEN

REDACTION = re.compile(
    r"[\u2580-\u259f]+|[\u25a0\u25ae\u25fc\u2b1b]{2,}|\bX{4,}\b|(?<![\w*])\*{4,}"
    r"|[\[<(] ?(?i:redacted|removed)[^\]>)\n]{0,30}[\]>)]"
)
REDACTED_HINTS = ("XXXX", "****", "edacted", "EDACTED", "emoved", "EMOVED")

TAG = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9]*)([^<>]*)>")
LOOKS_LIKE_HTML = re.compile(
    r"<(?:/?(?:p|div|br|span|html|body|table|blockquote|a|b|i|ul|li|strong|em|font)\b[^<>]*)>", re.I
)
BLOCKS = word_set("p div br li ul ol table tr td h1 h2 h3 h4 h5 h6 hr pre section article")
UNSEEN = frozenset(["script", "style", "head", "title", "blockquote"])
QUOTE_BOXES = re.compile(r"gmail_quote|yahoo_quoted|protonmail_quote|tutanota_quote|moz-cite-prefix", re.I)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cleaned:
    """What one person wrote in one message."""

    text: str  #: plain text, blank when nothing but quotes or signatures was there
    is_auto_reply: bool = False  #: a machine answered for the person: nobody's mood is in it
    dropped: tuple[str, ...] = ()  #: kinds of what was taken away, such as "quoted history"


def clean(text: str) -> Cleaned:
    """The customer's own words in a message as the helpdesk gives it, plain or HTML. Linear time, never raises."""
    dropped: list[str] = []
    if len(text) > LONGEST:
        dropped.append("the rest of a very long message")
    plain, had_quote = _plain(text[:LONGEST])
    if had_quote:
        dropped.append("quoted history")
    if not plain.isascii() or "\0" in plain:
        plain = plain.translate(UNSEEN_TABLE)
    lines = [line.strip() for line in plain.splitlines()[:MOST_LINES]]
    words = "\n".join(_own(lines, dropped)).strip()
    if not words.isascii() or any([hint in words for hint in REDACTED_HINTS]):
        words, count = REDACTION.subn(" ", words)
        dropped += ["redacted words"] * bool(count)
    return Cleaned(
        text=words.strip(),
        is_auto_reply=is_auto_reply(words[:AUTO_HEAD]),
        dropped=tuple(dict.fromkeys(dropped)),
    )


def _plain(text: str) -> tuple[str, bool]:
    """Plain text, and whether an HTML quotation was left out."""
    if "<" not in text or not LOOKS_LIKE_HTML.search(text):
        return (html.unescape(text) if "&" in text else text), False
    parts: list[str] = []
    position, hidden, depth, had_quote = 0, "", 0, False
    for tag in TAG.finditer(text):
        if not hidden:
            parts.append(text[position : tag.start()])
        position = tag.end()
        closing, name, attributes = tag[1], tag[2].lower(), tag[3]
        if hidden:
            depth += (-1 if closing else 1) if name == hidden else 0
            hidden = hidden if depth > 0 else ""
        elif not closing and (name in UNSEEN or QUOTE_BOXES.search(attributes)):
            hidden, depth = name, 1
            had_quote = had_quote or name not in UNSEEN or name == "blockquote"
        elif name in BLOCKS:
            parts.append("\n")
    if not hidden:
        parts.append(text[position:])
    return html.unescape("".join(parts)), had_quote


def _own(lines: Sequence[str], dropped: list[str]) -> Iterator[str]:
    """The lines that are the person's own words; notes in `dropped` why others are not."""
    pasted = machine_lines(lines)
    if pasted:
        dropped.append("machine output")
    cut = ""
    skip_until = 0
    something = False
    for number, line in enumerate(lines):
        if cut == "signature" and POSTSCRIPT.match(line):
            cut = ""
        if cut or number < skip_until or number in pasted:
            continue
        why, span, final = reason(lines, number, something)
        if why:
            dropped.append(why)
            skip_until = number + span
            cut = why if final else ""
            continue
        something = something or bool(line)
        yield without_tokens(line)
