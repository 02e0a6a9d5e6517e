"""Turns of phrase that the linter knows, in English, German, French and Spanish. Lists alone; no judgement.

They are our own, and short on purpose: a phrase that is missed costs a warning, one that is seen wrongly costs trust.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

_SENTENCE = re.compile(r"[^.!?\n]+")
_END = re.compile(r"[.!?\n]")


def _any(*patterns: str) -> re.Pattern[str]:
    return re.compile("|".join(f"(?:{pattern})" for pattern in patterns), re.IGNORECASE)


def _of(verbs: str, things: str) -> str:
    """A thing within four words after one of the verbs."""
    return rf"\b(?:{verbs})\W+(?:\w+\W+){{0,4}}?(?:{things})"


#: Says that something went wrong, or whose fault it was.
APOLOGY = _any(
    r"\bsorry\b|\bapolog(?:y|ies|i[sz]e)",
    r"entschuldig|verzeihung|tut (?:uns|mir) (?:\w+ ){0,2}leid",
    r"désolé|\bexcus|navré",
    r"lo (?:siento|sentimos)|lamentamos|disculp|perdón",
)
ACKNOWLEDGED = _any(
    APOLOGY.pattern,
    r"our (?:mistake|fault|error)|we (?:made|have made) a mistake|we (?:were|are) wrong|we failed|let you down",
    r"should(?: not|n['’]t| never) have happened|you(?:['’]re| are) right|\bfrustrating|\bannoying|disappoint",
    r"(?:understand|can see) (?:how|why|that)|went wrong|inconvenience",
    r"unser fehler|unsere schuld|bedauer|hätte nicht passieren|ärgerlich|verstehen?,? (?:dass|wie|warum)",
    r"notre (?:faute|erreur)|regrett|n['’]aurait pas dû|comprenons",
    r"nuestr[oa] (?:error|culpa)|no debería haber|entendemos",
)

_WORTH_MONEY = _any(
    r"\brefund|\breimburs|\bvouchers?\b|\bdiscounts?\b|\bcoupons?\b|gift card|store credit|\bcompensat|money back",
    r"\bfree (?:month|shipping|delivery|item|gift)",
    r"erstatt|gutschein|gutschrift|rabatt|entschädig|geld zurück",
    r"rembours|bon d['’]achat|\bremise\b|réduction|dédommag",
    r"reembols|descuento|\bcupón|vale de compra|compensación",
)
#: Something worth money, given to the customer.
OFFER = _any(_WORTH_MONEY.pattern, r"\b\d+ ?%|[€$£] ?\d|\d ?[€£]")
#: Something put right.
SOLUTION = _any(
    _WORTH_MONEY.pattern,
    r"\breplace|\bre-?sen[dt]|\brepair|\bresolved\b|\bfixed\b|on its way|free of charge|new (?:one|parcel|order|item)",
    r"\bersatz|behoben|repariert|neue (?:lieferung|sendung)|kostenlos|gelöst",
    r"remplac|résolu|\brépar|renvoy|gratuit",
    r"reemplaz|resuelto|\brepar|reenvi|gratis",
)

#: Asks for a public word about us, or for another one than was given.
REVIEW = _any(
    _of(
        r"leav(?:e|ing)|writ(?:e|ing)|post(?:ing)?|giv(?:e|ing)|chang(?:e|ing)|updat(?:e|ing)|remov(?:e|ing|al)"
        r"|delet(?:e|ing)|edit(?:ing)?|revis(?:e|ing)|improv(?:e|ing)|rais(?:e|ing)|withdraw(?:ing)?|tak(?:e|ing) down",
        r"reviews?\b|ratings?\b|stars?\b|testimonial",
    ),
    r"\brate us\b|(?:positive|good|better|negative|bad|five[- ]star|5[- ]star) (?:reviews?|ratings?)\b",
    r"(?:bewertung|rezension|sterne)\w*\W+(?:\w+\W+){0,5}?\w*(?:änder|lösch|entfern|abgeb|hinterlass|schreib|zurückzieh)",
    r"(?:gute|bessere|positive|schlechte|negative)n? (?:bewertung|rezension)|bewerten sie uns",
    _of(r"modifi\w+|supprim\w+|retir\w+|laiss\w+|donn\w+|écri\w+|chang\w+", r"avis\b|évaluation|étoiles?\b"),
    _of(
        r"cambi\w+|elimin\w+|borr\w+|retir\w+|dej\w+|escrib\w+|modifi\w+",
        r"reseña|valoración|calificación|estrellas?\b",
    ),
)

#: Says that it will be better from now on.
PROMISE = _any(
    r"(?:will|['’]ll) do better|(?:won['’]t|will not|will never) happen again",
    r"wird nicht (?:wieder|mehr|noch einmal) (?:vorkommen|passieren)|werden wir besser machen",
    r"ne se reproduira",
    r"no volverá a (?:ocurrir|pasar|suceder)",
)

#: Tells not to do it.
NEGATED = _any(
    r"\b(?:not|never|no)\b|n['’]t\b|\b(?:nicht|nie|niemals|keine?n?)\b|\b(?:pas|jamais)\b|\bnunca\b",
)

#: Placeholders as other systems write them; here they would be sent as they are.
FOREIGN = re.compile(
    r"(?<!\{)\{\w+\}(?!\})|\$\{[^}]*\}|\[(?:[\w ]*\bname|customer|order[\w ]*|date)\]|<(?:\w* ?name|customer)>|%\w+%",
    re.IGNORECASE,
)


def sentences(text: str) -> Iterator[str]:
    """The text's sentences, roughly: whatever stands between full stops, question marks and line ends."""
    yield from (match.group() for match in _SENTENCE.finditer(text))


def told(pattern: re.Pattern[str], text: str) -> re.Match[str] | None:
    """Where the phrase is first said, and not asked."""
    ends = (_END.search(text, match.end()) for match in pattern.finditer(text))
    said = (match for match, end in zip(pattern.finditer(text), ends, strict=True) if not (end and end[0] == "?"))
    return next(said, None)


def whole(match: re.Match[str]) -> str:
    """What was found, with the rest of its last word."""
    rest = re.match(r"\w*", match.string[match.end() :])
    return match.group() + (rest.group() if rest else "")


def tells(pattern: re.Pattern[str], text: str) -> bool:
    """Whether some sentence has the phrase and does not forbid it."""
    return any(pattern.search(one) and not NEGATED.search(one) for one in sentences(text))
