"""A person's own words: quoted history, signatures, disclaimers and auto-replies taken away. No meaning is read.

Everything works line by line or tag by tag, so that no text makes it slow; see docs/decisions/0010-own-reply-parser.md.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

LONGEST = 100_000  #: characters looked at; nobody writes more by hand, and what follows is logs or history
MOST_LINES = 2_000  #: lines looked at, for the same reason
HEADER_SPAN = 400  #: characters within which "On ... wrote:" has to come to its end, over at most three lines

INVISIBLE = dict.fromkeys([0x00AD, 0x200B, 0x200C, 0x200E, 0x200F, 0x2060, 0xFEFF, *range(0x202A, 0x202F)])
SPACES = {0x00A0: " ", 0x2007: " ", 0x202F: " ", 0x2028: "\n", 0x2029: "\n", 0x0000: " "}
INVISIBLE_TABLE = INVISIBLE | SPACES

TAG = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9]*)([^<>]*)>")
LOOKS_LIKE_HTML = re.compile(
    r"<(?:/?(?:p|div|br|span|html|body|table|blockquote|a|b|i|ul|li|strong|em|font)\b[^<>]*)>", re.I
)
BLOCKS = frozenset(
    [
        "p",
        "div",
        "br",
        "li",
        "ul",
        "ol",
        "table",
        "tr",
        "td",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "hr",
        "pre",
        "section",
        "article",
    ]
)
UNSEEN = frozenset(["script", "style", "head", "title", "blockquote"])

QUOTE_OPENERS = (
    "on ", "am ", "el ", "le ", "il ", "em ", "op ", "den ", "dne ", "dnia ", "no dia ", "w dniu ", "på ", "在", "于",
)  # fmt: skip
QUOTE_VERB = re.compile(
    r"(?:\bwrote|\bschrieb\b.{0,120}|\bescribi[óo]|\ba écrit|\bha scritto|\bescreveu|\bschreef\b.{0,120}"
    r"|\bskrev\b.{0,120}|\bnapsal(?:\(a\))?|\bnapisał(?:\(a\))?|写道|寫道)\s?[:：]$",
    re.I,
)
SEPARATOR = re.compile(
    r"^[-_=*\s]{0,40}(?:original message|forwarded message|begin forwarded message|ursprüngliche nachricht"
    r"|weitergeleitete nachricht|mensaje original|mensaje reenviado|message d'origine|message transféré"
    r"|messaggio originale|mensagem original|oorspronkelijk bericht|原始邮件)\b[-_=*:\s]{0,40}$"
    r"|^#{1,4}-? ?(?:please type your reply|please do not write below|bitte geben sie ihre antwort).{0,80}$"
    r"|^_{10,}$",
    re.I,
)
FROM_LINE = re.compile(r"^\*?(?:from|von|de|da|van|expéditeur|发件人)\s?[:：]\*? ?\S", re.I)
MAIL_HEADER = re.compile(
    r"^\*?(?:sent|date|to|subject|cc|gesendet|datum|an|betreff|enviado|fecha|para|asunto|envoyé|à|objet|data|a|oggetto"
    r"|verzonden|aan|onderwerp|发送时间|收件人|主题)\s?[:：]",
    re.I,
)
DEVICE = re.compile(
    r"^(?:sent from (?:my|outlook|yahoo|mail|the)\b|get outlook for\b|von meinem \w+ gesendet|gesendet (?:von|mit)\b"
    r"|enviado desde mi\b|envoyé de(?:puis)? mon\b|inviato da\b|verzonden vanaf\b|发自我的)",
    re.I,
)
SIGN_OFF = re.compile(
    r"^(?:(?:kind|best|warm|many|with kind|with best)? ?regards|(?:yours )?(?:sincerely|faithfully|truly)|best wishes"
    r"|mit freundlichen gr(?:ü|ue)(?:ß|ss)en|(?:viele|beste|freundliche|liebe) gr(?:ü|ue)(?:ß|ss)e|mfg"
    r"|(?:un )?(?:cordial )?saludos?(?: cordiales)?|atentamente|cordialement|bien à vous|cordiali saluti"
    r"|met vriendelijke groet(?:en)?|atenciosamente)[,.! ]{0,3}(?:[^\W\d_][\w.'-]* ?){0,3}$",
    re.I,
)
POLITE_END = re.compile(r"^(?:many thanks|thanks|thank you|thanks in advance|cheers|danke|gracias|merci)[,.]?$", re.I)
NAME_LINE = re.compile(r"^(?!thank)[^\W\d_][\w.'-]*(?: [^\W\d_][\w.'-]*){0,2}$", re.I)
DISCLAIMER = re.compile(
    r"^(?:confidentiality notice|disclaimer\b|this (?:e-?mail|message)\b.{0,80}\b(?:confidential|intended)"
    r"|the information (?:contained )?in this (?:e-?mail|message)|if you are not the intended recipient"
    r"|diese (?:e-?mail|nachricht)\b.{0,60}\bvertraulich|este (?:mensaje|correo)\b.{0,80}\bconfidencial"
    r"|ce (?:message|courriel)\b.{0,80}\bconfidentiel|please consider the environment)",
    re.I,
)
POSTSCRIPT = re.compile(r"^p\.? ?s\.?\b", re.I)
AUTO_REPLY = re.compile(
    r"\A\W{0,10}(?:(?:subject|betreff|asunto|objet): ?)?(?:re: ?)?"
    r"(?:automatic reply|auto(?:matic)?[ -]?(?:reply|response)\b"
    r"|autoreply|out of (?:the )?office\b|automatische antwort|abwesenheits(?:notiz|nachricht|mitteilung)"
    r"|respuesta automática|fuera de la oficina|réponse automatique|absence du bureau|risposta automatica"
    r"|(?:mail )?delivery (?:status notification|(?:has )?failed|failure|system)|undeliver(?:able|ed)\b"
    r"|this is an? (?:automatic|automated|auto-generated)\b|自动回复)"
    r"|\b(?:i am|i'm|i will be) (?:currently )?(?:out of (?:the )?office|on (?:annual|parental|maternity|sick) leave) "
    r"(?:until|till|from|and|with|at|this|between|,|\.)"
    r"|\bich bin (?:derzeit|zurzeit|momentan|bis)\b.{0,60}\bnicht (?:im (?:büro|hause)|erreichbar)"
    r"|\bje suis (?:actuellement )?absente? du bureau|\bestoy fuera de la oficina\b"
    r"|\b(?:do not|don't) reply to this (?:automated|automatic) (?:message|e-?mail)",
    re.I,
)


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
    lines = [line.strip() for line in plain.translate(INVISIBLE_TABLE).splitlines()[:MOST_LINES]]
    kept = [line for line, why in _judged(lines, dropped) if why is None]
    words = "\n".join(kept).strip()
    return Cleaned(
        text=words, is_auto_reply=bool(AUTO_REPLY.search(words[:600])), dropped=tuple(dict.fromkeys(dropped))
    )


def _plain(text: str) -> tuple[str, bool]:
    """Plain text, and whether an HTML quotation was left out."""
    if not LOOKS_LIKE_HTML.search(text):
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
        elif not closing and (name in UNSEEN or "gmail_quote" in attributes):
            hidden, depth = name, 1
            had_quote = had_quote or name not in UNSEEN or name == "blockquote"
        elif name in BLOCKS:
            parts.append("\n")
    if not hidden:
        parts.append(text[position:])
    return html.unescape("".join(parts)), had_quote


def _judged(lines: Sequence[str], dropped: list[str]) -> Iterator[tuple[str, str | None]]:
    """Each line with the reason why it is not the person's own words, or None; notes the reasons in `dropped`."""
    cut = ""
    skip_until = 0
    something = False
    for number, line in enumerate(lines):
        if cut:
            cut = "" if POSTSCRIPT.match(line) and cut == "signature" else cut
        if number < skip_until or cut:
            yield line, cut or "quoted history"
            continue
        why, span, final = _reason(lines, number, something)
        if why:
            dropped.append(why)
            skip_until = number + span
            cut = why if final else ""
        something = something or bool(line and not why)
        yield line, why


def _reason(lines: Sequence[str], number: int, something: bool) -> tuple[str | None, int, bool]:
    """Why the line is dropped (None: it stays), how many lines that takes, and whether all that follows goes too."""
    line = lines[number]
    if line.startswith(">"):
        return "quoted history", 1, False
    if span := _quote_header(lines, number):
        below = next((later for later in lines[number + span : number + span + 4] if later), "")
        return "quoted history", span, not below.startswith(">")
    if SEPARATOR.match(line) or (FROM_LINE.match(line) and _mail_headers(lines, number)):
        return "quoted history", 1, True
    if line in {"--", "—"} or DEVICE.match(line) or (something and _signs_off(lines, number)):
        return "signature", 1, True
    if DISCLAIMER.match(line):
        return "disclaimer", 1, True
    return None, 1, False


def _quote_header(lines: Sequence[str], number: int) -> int:
    """How many lines "On ... wrote:" takes from here; 0 when there is none."""
    if not lines[number].lower().startswith(QUOTE_OPENERS):
        return 0
    joined = ""
    for span, line in enumerate(lines[number : number + 3], start=1):
        joined += " " + line
        if len(joined) > HEADER_SPAN:
            return 0
        if QUOTE_VERB.search(joined):
            return span
    return 0


def _mail_headers(lines: Sequence[str], number: int) -> bool:
    """True when at least two more header lines of a quoted mail follow a From line."""
    return sum(bool(MAIL_HEADER.match(line)) for line in lines[number + 1 : number + 7]) >= 2


def _signs_off(lines: Sequence[str], number: int) -> bool:
    """True for a line that ends a letter: a sign-off, or bare thanks with nothing but a name below."""
    line = lines[number]
    if len(line) > 80:
        return False
    if SIGN_OFF.match(line):
        return True
    if not POLITE_END.match(line):
        return False
    rest = [later for later in lines[number + 1 : number + 12] if later]
    return 1 <= len(rest) <= 2 and all(NAME_LINE.match(later) for later in rest)
