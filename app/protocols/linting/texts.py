"""What a protocol's texts say: placeholders, acknowledgement before solution, offers, reviews, apologies, promises.

Phrases are looked up in `phrases.py`. A macro's own text is at the desk; of it, only the title is known here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from app.protocols import contact, possible
from app.protocols.linting import phrases
from app.protocols.linting.finding import Said, actions_of, error, texts_of, warning
from app.protocols.protocol import Action, Condition, Criteria, RecoveryProtocol
from app.protocols.template import ALWAYS_KNOWN, placeholders

REPLY = "reply"  #: the action that writes to the customer by itself
TO_CUSTOMER = (REPLY, "draft")  #: the actions whose text is meant for the customer
REVIEWS = frozenset({"review", "reviews"})  #: channels that are public reviews

_GOOD_RATING = Criteria(all=(Condition(field="rating_stars", operator="at_least", value=4),))


def check_placeholders(protocol: RecoveryProtocol) -> Iterator[Said]:
    """A text whose placeholder turns out empty is not sent at all, so each needs a fallback."""
    for path, action, text in texts_of(protocol):
        say = error if action.do in TO_CUSTOMER else warning
        for one in placeholders(text):
            if one.fallback is None and one.name not in ALWAYS_KNOWN:
                instead = "there" if one.name == "customer" else "not known"
                yield say(path, f'"{one.name}" may be empty; give a fallback, {{{{ {one.name} | {instead} }}}}')
        foreign = phrases.FOREIGN.search(text)
        if foreign:
            yield say(
                path,
                f"{foreign.group()} is no placeholder here and would stay as it is; write {{{{ customer | there }}}}",
            )


def check_order(protocol: RecoveryProtocol) -> Iterator[Said]:
    """The customer hears that we know what went wrong before hearing what we do about it, over all texts in order."""
    acknowledged = False
    for path, _, text in texts_of(protocol, *TO_CUSTOMER):
        fix = phrases.told(phrases.SOLUTION, text)
        sorry = phrases.ACKNOWLEDGED.search(text)
        early = sorry is not None and (fix is None or sorry.start() < fix.start())
        if fix is not None and not acknowledged and not early:
            message = "comes before" if sorry else "comes without"
            yield error(path, f'the solution ("{phrases.whole(fix)}") {message} an acknowledgement of what went wrong')
        acknowledged = acknowledged or sorry is not None


def check_apologies(protocol: RecoveryProtocol) -> Iterator[Said]:
    """Apologies wear out, so whoever lets one be said says how many a customer may get."""
    if protocol.guardrails.max_apologies is not None:
        return
    said = [path for path, _, text in texts_of(protocol, *TO_CUSTOMER) if _apologises(text)]
    said += [f"{path}.macro" for path, action in actions_of(protocol, "macro") if _title_has(action, phrases.APOLOGY)]
    if said:
        speaks = any(action.do == REPLY for _, action in actions_of(protocol))
        say = error if speaks else warning
        yield say("guardrails.max_apologies", f"is missing; {said[0]} apologises, and repeated apologies do harm")


def check_contact(protocol: RecoveryProtocol) -> Iterator[Said]:
    """Replies that would be withheld every time, and promises for which only a person can vouch."""
    before: set[contact.Said] = set()
    for path, action, text in texts_of(protocol, *TO_CUSTOMER):
        reason = contact.withheld(text, protocol.guardrails, before, 0) if action.do == REPLY else None
        found = phrases.PROMISE.search(text)
        if reason is not None:
            yield error(path, f"would never be sent: {reason.removeprefix('withheld: ')}")
        elif found and "://" not in text:
            yield warning(path, f'promises better ("{phrases.whole(found)}") without a link to what was changed')
        if action.do == REPLY:
            before |= contact.kinds(text)


def check_offers(protocol: RecoveryProtocol) -> Iterator[Said]:
    """No offer hangs on a rating or a review: not in one text, not by the criteria."""
    texts = list(texts_of(protocol))
    for path, action, text in texts:
        parts = [text] if action.do in TO_CUSTOMER else list(phrases.sentences(text))
        if any(phrases.tells(phrases.OFFER, part) and phrases.tells(phrases.REVIEW, part) for part in parts):
            yield error(path, "ties an offer to a rating or a review; keep the two apart")
    offering = [path for path, _, text in texts if phrases.tells(phrases.OFFER, text)]
    offering += [f"{path}.macro" for path, action in actions_of(protocol, "macro") if _title_has(action, phrases.OFFER)]
    offering += [path for path, _ in actions_of(protocol, "offer")]
    if offering:
        yield from _tied_by_criteria(protocol, offering[0])


def _tied_by_criteria(protocol: RecoveryProtocol, offering: str) -> Iterator[Said]:
    criteria = protocol.criteria
    if not possible.impossible(criteria) and possible.implies(criteria, _GOOD_RATING):
        yield error("criteria", f"give the offer of {offering} for a good rating alone; an offer must not reward one")
    for group in ("all", "any"):
        for index, condition in enumerate(getattr(criteria, group)):
            words = condition.value if isinstance(condition.value, tuple) else (condition.value,)
            wanted = condition.operator in ("is", "one_of") and condition.field == "channel"
            if wanted and not REVIEWS.isdisjoint(str(word).casefold() for word in words):
                yield error(f"criteria.{group}[{index}]", f"ties the offer of {offering} to a public review")


def _apologises(text: str) -> bool:
    """By the linter's phrases, or by those that count what a customer was told."""
    return bool(phrases.APOLOGY.search(text)) or contact.Said.APOLOGY in contact.kinds(text)


def _title_has(action: Action, pattern: re.Pattern[str]) -> bool:
    return bool(pattern.search(action.params.macro))
