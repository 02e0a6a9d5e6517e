"""What a desk's own text model made of the customer's messages so far: a running mean, moved on in constant time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from app.scoring.context import TextModel

SIGNAL = "learned.words"  #: the one contribution that comes from a desk's own text model


@dataclass(frozen=True, slots=True, kw_only=True)
class TextSum:
    """The sum of messages' logits under one text model. Under another model it says nothing."""

    model: str | None = None
    total: float = 0.0
    messages: int = 0  #: that had words
    evidence: str = ""  #: the weightiest pieces of the latest message; quotes the customer

    def heard(self, words: str, model: TextModel | None) -> TextSum:
        """The sum after one more message; begun anew where the model is another one. Without a model it is empty."""
        if model is None:
            return TextSum()
        before = self if self.model == model.name else TextSum(model=model.name)
        logit, evidence = model.read(words)
        if not logit and not evidence:
            return before
        return replace(before, total=before.total + logit, messages=before.messages + 1, evidence=evidence)

    def mean(self, model: TextModel | None) -> float:
        """What the words so far add to the logit of the whole under this model; 0 for a sum made with another one."""
        if model is None or self.model != model.name or not self.messages:
            return 0.0
        return self.total / self.messages

    def without_words(self) -> TextSum:
        """The same numbers without anything the customer wrote."""
        return replace(self, evidence="")

    def to_json(self) -> dict[str, Any]:
        """As plain JSON."""
        return asdict(self)

    @classmethod
    def from_json(cls, document: Mapping[str, Any] | None) -> TextSum:
        """The value that `to_json` wrote; empty for what was stored before there were learned words."""
        return cls(**document) if document else cls()
