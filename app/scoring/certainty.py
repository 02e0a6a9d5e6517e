"""How sure a score is of its level, as one number."""

from __future__ import annotations

from app.words import Level, Score

#: What is left of it where part of the newest message could not be read, or where the level is all there is: judgement.
UNREAD = 0.8
TOO_EARLY = 0.9


def confidence(score: Score) -> float:
    """In [0, 1]: the chance that the level is right by the model's own figure, less where something could not be read
    and where there is too little to tell a direction."""
    right = score.p_satisfied if score.level is Level.GOOD else 1.0 - score.p_satisfied
    if score.abstained:
        right *= UNREAD
    return round(right * TOO_EARLY if score.provisional else right, 3)
