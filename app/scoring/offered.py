"""What a reply of ours offers the customer: money back, a credit, a discount, a replacement, something for free.

A light reading of English words, for people who want to know what was on the table. A refusal offers nothing, and
whether an offer was made good is not known here.
"""

from __future__ import annotations

import re

from app.scoring.lexicon import AGENT
from app.scoring.phrases import Phrases

LONGEST = 200  #: characters of one offer as it is told

_SENTENCE = re.compile(r"[^.?!\n]+(?:\.\d+[^.?!\n]*)*[.?!]*")
_OFFERS = Phrases(r"""
    (refund|credit|reimburse|compensate|replace|waive|discount)(ed|d|ing)? ; refund ; (store )?credit ; discount ;
    voucher ; gift card ; coupon ; free of charge ; for free ; on us ; (a )?replacement ; (month|week|day)s? free ;
    (i|we)('d| would)? (like to |can |could |gladly )*offer ; goodwill
""")
_OURS = re.compile(r"\b(?:i|we|our|us|you(?:['’]ll| will| receive| get))\b|['’]ve\b", re.I)
#: Words that take an offer back, or only speak of one. Stock sentences about refunds as such begin with "if" or "to".
_NONE = Phrases(
    AGENT["refusal"] + "; " + AGENT["policy_wall"] + "; (no|without a) refunds? ; if you (want|would like|wish)"
)

_NO = (
    r"(?:(?:not|never|neither|nor|unable|won['’]?t|\w+n['’]t)\b(?! (?:only|just|hesitate|worry)\b)"
    r"|(?:declin|reject|refus(?:e|al|ing)|den[iy])\w*|no\b(?! (?:problem|worries|doubt)\b))"
)
_OFFERED = (
    r"(?:refund|credit|reimburs|compensat|replac|waiv|discount|voucher|gift card|coupon|free of charge|for free"
    r"|offer|goodwill)\w*"
)
#: A word between the two; where another clause begins, the no is not about the offer any more.
_BETWEEN = r"\s(?!(?:but|instead|however|although|so|and|because|that|which|who|we|i)\b)[\w'’%€$.-]+"
_AUXILIARY = r"(?:was|were|is|are|has|have|had|been|be|will|can|could)"
#: "We will not give you a refund", and "a refund was declined"; but not "we refunded the parcel you have not received".
_NEGATED = re.compile(
    rf"\b{_NO}(?:{_BETWEEN}){{0,6}}?\s{_OFFERED}"
    rf"|\b{_OFFERED}(?:(?!\syou\b){_BETWEEN}){{0,4}}?\s(?:{_AUXILIARY}\s{_NO}|\w+n['’]t\b)",
    re.I,
)


def offers(reply: str) -> tuple[str, ...]:
    """The sentences of a reply that offer something, in their order, each cut to `LONGEST`; questions count too."""
    sentences = [" ".join(sentence.split()) for sentence in _SENTENCE.findall(reply)]
    return tuple(sentence[:LONGEST] for sentence in sentences if _offers(sentence))


def _offers(sentence: str) -> bool:
    speaks_of_one = _OFFERS.search(sentence) is not None and _OURS.search(sentence) is not None
    return speaks_of_one and _NONE.search(sentence) is None and _NEGATED.search(sentence) is None
