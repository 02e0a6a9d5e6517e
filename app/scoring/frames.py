"""Lines that frame a message and are nobody's own words: quote headers, signatures, disclaimers, ticket footers.

Patterns are anchored to a line's beginning and bounded, so that no text makes them slow. Lines come stripped.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

HEADER_SPAN = 400  #: characters within which "On ... wrote:" has to come to its end, over at most three lines

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
    r"|^_{10,}$",
    re.I,
)
REPLY_LINE = re.compile(
    r"^[-#=_*~ ]{0,20}(?:please )?(?:(?:do not |don't )?(?:type|write|reply|respond|enter|add)\b.{0,40}"
    r"(?:above|below|beneath|under) (?:this|the) (?:line|dotted line)"
    r"|bitte .{0,40}(?:über|oberhalb|unter|unterhalb) diese[rs]? (?:linie|zeile)"
    r"|(?:por favor,? )?.{0,20}responda? (?:por )?encima de esta línea"
    r"|(?:merci de |veuillez )?(?:répondre|saisir votre réponse) au-dessus de cette ligne).{0,40}$",
    re.I,
)
BANNER = re.compile(
    r"^(?:\[external\]|(?:caution|warning|external)[:!]? ?(?:external )?(?:this )?(?:e-?mail|message|sender)\b)", re.I
)
FOOTER = re.compile(
    r"^(?:this e-?mail is a service from\b"
    r"|(?:delivered|powered) by (?:zendesk|freshdesk|freshworks|intercom|help ?scout)"
    r"|(?:you(?:'re| are) receiving this (?:e-?mail|message|notification)) because"
    r"|(?:to )?unsubscribe(?: from (?:this list|these e-?mails))?[.:]?$|to unsubscribe\b"
    r"|view (?:this e-?mail )?in (?:your )?browser|manage (?:your )?(?:notification|e-?mail) (?:preferences|settings)"
    r"|to (?:add|view) (?:additional )?comments?, reply to"
    r"|(?:your )?(?:request|ticket) \(?#?\d{1,12}\)? has been (?:received|updated|solved|closed)"
    r"|ref:_?\w{5,60}|\[?[0-9A-Z]{6}-[0-9A-Z]{4,6}\]?$|all rights reserved|(?:©|\(c\)|copyright) ?(?:\d{4}|by)\b)",
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
#: one of these is in the small letters of every automatic reply
AUTO_HINTS = (
    "auto", "office", "leave", "deliver", "abwesen", "nicht", "oficina", "absence", "absent", "do not reply",
    "don't reply", "自动",
)  # fmt: skip
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


def is_auto_reply(text: str) -> bool:
    """True for words that a machine sent in a person's place."""
    lower = text.lower()
    return any([hint in lower for hint in AUTO_HINTS]) and bool(AUTO_REPLY.search(text))


def reason(lines: Sequence[str], number: int, something: bool) -> tuple[str | None, int, bool]:
    """Why the line is dropped (None: it stays), how many lines that takes, and whether all that follows goes too."""
    line = lines[number]
    if line.startswith(">"):
        return "quoted history", 1, False
    if span := _quote_header(lines, number):
        below = next((later for later in lines[number + span : number + span + 4] if later), "")
        return "quoted history", span, not below.startswith(">")
    if SEPARATOR.match(line) or REPLY_LINE.match(line) or (FROM_LINE.match(line) and _mail_headers(lines, number)):
        return "quoted history", 1, True
    if line in {"--", "—"} or DEVICE.match(line) or (something and _signs_off(lines, number)):
        return "signature", 1, True
    if DISCLAIMER.match(line):
        return "disclaimer", 1, True
    if BANNER.match(line) or (something and FOOTER.match(line)):
        return "boilerplate", 1, False
    return None, 1, False


def _quote_header(lines: Sequence[str], number: int) -> int:
    """How many lines "On ... wrote:" takes from here; 0 when there is none."""
    if not lines[number].lower().startswith(QUOTE_OPENERS):
        return 0
    joined = ""
    for span, line in enumerate(lines[number : number + 3], start=1):
        joined += " " + line
        if not line or len(joined) > HEADER_SPAN:
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
