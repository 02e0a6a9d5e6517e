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


def offers(reply: str) -> tuple[str, ...]:
    """The sentences of a reply that offer something, in their order, each cut to `LONGEST`; questions count too."""
    sentences = [" ".join(sentence.split()) for sentence in _SENTENCE.findall(reply)]
    return tuple(sentence[:LONGEST] for sentence in sentences if _offers(sentence))


def _offers(sentence: str) -> bool:
    return (
        _OFFERS.search(sentence) is not None and _OURS.search(sentence) is not None and _NONE.search(sentence) is None
    )
