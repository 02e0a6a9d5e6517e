"""The small tag dictionary: the tags that are ours, and the writes that set them. Foreign tags are never touched."""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from app.words import SatState
from connectors.ticket import Write

MAX_TAG = 80


@dataclass(frozen=True, slots=True, kw_only=True)
class TagDictionary:
    """Our tags on one desk; the prefixes are the desk's setting."""

    state_prefix: str = "sat_"
    case_prefix: str = "recovery_"

    def __post_init__(self) -> None:
        tags = self.all
        if len(tags) < len(SatState) + 3 or not all(is_tag(tag) for tag in tags):
            raise ValueError(f'tag prefixes "{self.state_prefix}" and "{self.case_prefix}" give no valid tags')

    def state(self, state: SatState) -> str:
        return f"{self.state_prefix}{state}"

    @property
    def states(self) -> frozenset[str]:
        return frozenset(self.state(state) for state in SatState)

    @property
    def open(self) -> str:
        return f"{self.case_prefix}open"

    @property
    def recovered(self) -> str:
        return f"{self.case_prefix}recovered"

    @property
    def lost(self) -> str:
        return f"{self.case_prefix}lost"

    @property
    def cases(self) -> frozenset[str]:
        return frozenset({self.open, self.recovered, self.lost})

    @property
    def all(self) -> frozenset[str]:
        """Every tag that the engine sets by itself; protocols may not."""
        return self.states | self.cases


def is_tag(tag: str) -> bool:
    """Whether every helpdesk takes it as one tag: lower case, no spaces or commas, 1 to 80 characters."""
    plain = all(letter.isalnum() or letter in "_-/.:" for letter in tag)
    return 0 < len(tag) <= MAX_TAG and plain and tag == tag.lower()


def state_write(current: AbstractSet[str], state: SatState, dictionary: TagDictionary) -> Write:
    """What leaves exactly one state tag on the ticket; empty when it is there already."""
    return exchange(current, add={dictionary.state(state)}, among=dictionary.states)


def opened_write(current: AbstractSet[str], dictionary: TagDictionary) -> Write:
    """What marks an open case, in place of an earlier case's outcome."""
    return exchange(current, add={dictionary.open}, among=dictionary.cases)


def recovered_write(current: AbstractSet[str], dictionary: TagDictionary) -> Write:
    """What marks a recovered case."""
    return exchange(current, add={dictionary.recovered}, among=dictionary.cases)


def lost_write(current: AbstractSet[str], dictionary: TagDictionary) -> Write:
    """What marks a lost case."""
    return exchange(current, add={dictionary.lost}, among=dictionary.cases)


def closed_write(current: AbstractSet[str], dictionary: TagDictionary) -> Write:
    """What takes the case tags away, for a case that expired."""
    return exchange(current, add=frozenset(), among=dictionary.cases)


def exchange(current: AbstractSet[str], *, add: AbstractSet[str], among: AbstractSet[str]) -> Write:
    """What leaves exactly `add` of the tags in `among`."""
    return Write(add_tags=frozenset(add - current), remove_tags=frozenset((among - add) & current))
