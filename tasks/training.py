"""A training from start to end: gather, learn, store, put in force. Only the learning process loads this module, since
it needs numpy and scipy; when a desk is due is `tasks.learning`'s."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy.orm import Session

from app import log
from app.clock import real_now
from app.scoring.learning import ladder
from app.scoring.learning.examples import WORDED, Columns, Example, gather, is_satisfied
from app.scoring.learning.ladder import Learned
from app.scoring.learning.response import response_weights
from app.scoring.learning.rungs import Rung
from app.scoring.model import as_document, parse_model
from app.store import examples, labels, learned_models, trainings
from app.store.models import LearnedModel, ModelState
from tasks.examples import own_messages
from tasks.parts import Parts

LOG = log.get("learning")

SEED = 20_261_122  #: of every training, so that equal ratings give equal models
SIGN_OF_LIFE = 5_000  #: examples between two notes of progress
GATHERED = 0.2  #: share of the work that gathering is taken to be


class Busy(Exception):
    """The desk is being trained by somebody else."""


class NothingToLearn(Exception):
    """The desk has no rating yet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of a training."""

    version: int
    rung: str
    ratings: int
    state: ModelState
    reason: str


@dataclass(slots=True)
class _Place:
    """The desk's place for training while this process has it."""

    parts: Parts
    desk_id: int
    fence: int

    def note(self, share: float, step: str) -> None:
        with self.parts.database.desk(self.desk_id) as session:
            if not trainings.progress(session, self.fence, real_now(), share, step):
                raise Busy

    def leave(self, ratings: int, error: str | None = None) -> None:
        with self.parts.database.desk(self.desk_id) as session:
            trainings.finish(session, self.fence, real_now(), ratings=ratings, error=error)


def train(parts: Parts, desk_id: int) -> Outcome:
    """Learn the desk's model anew. Raises Busy, and NothingToLearn where there is no rating."""
    with parts.database.desk(desk_id) as session:
        fence = trainings.begin(session, desk_id, real_now())
    if fence is None:
        raise Busy
    place = _Place(parts, desk_id, fence)
    try:
        outcome = _train(place)
    except NothingToLearn:
        place.leave(0)
        raise
    except Exception as error:
        # Whatever went wrong is shown beside the model, and the place is given back for another try.
        LOG.error("training_failed", error=error, desk_id=desk_id)
        place.leave(0, error=type(error).__name__)
        raise
    place.leave(outcome.ratings)
    LOG.info("model_learned", desk_id=desk_id, version=outcome.version, rung=outcome.rung, state=outcome.state)
    return outcome


def _train(place: _Place) -> Outcome:
    prior = place.parts.models.prior
    columns = _gathered(place)
    with place.parts.database.desk(place.desk_id, read=True) as session:
        row = learned_models.champion(session)
        champion = parse_model(learned_models.document_of(session, row)) if row else None
        version = learned_models.next_version(session)
    if not len(columns) or columns.label.all():
        raise NothingToLearn
    learned = ladder.learn(
        columns,
        prior,
        name=f"{prior.name}/{place.desk_id}.{version}",
        seed=SEED,
        champion=ladder.Champion(model=champion, rung=Rung(row.rung), ratings=row.ratings)
        if row and champion
        else None,
        progress=lambda share, step: place.note(GATHERED + share * (1 - GATHERED), step),
    )
    return _stored(place, learned)


def _gathered(place: _Place) -> Columns:
    with place.parts.database.desk(place.desk_id, read=True) as session:
        total = examples.count(session) + labels.count(session)
        return gather(_examples(place, session, total), place.parts.models.prior, total)


def _examples(place: _Place, session: Session, total: int) -> Iterator[Example]:
    """Stored examples as the ladder wants them; only the newest are worth the reading of their words."""
    weights = response_weights(examples.rated_by_score(session), examples.solved_by_score(session))
    for position, stored in enumerate(examples.oldest_first(session)):
        if position % SIGN_OF_LIFE == 0:
            place.note(GATHERED * position / total, "gathering rated conversations")
        worded = not stored.label and position >= total - WORDED
        bucket = min((stored.score or 0) // 10, len(weights) - 1)
        yield Example(
            at=stored.at,
            satisfied=is_satisfied(stored.value),
            inputs=stored.inputs,
            words=tuple(own_messages(examples.words(session, stored.tracked_id, stored.at))) if worded else (),
            weight=1.0 if stored.score is None else weights[bucket],
            label=stored.label,
        )


def _stored(place: _Place, learned: Learned) -> Outcome:
    """Store the model; it comes into force by itself unless it was refused, or a person has chosen another one."""
    new = learned_models.NewModel(
        rung=learned.rung,
        prior=place.parts.models.prior.name,
        document=as_document(learned.model),
        ratings=learned.ratings,
        report=learned.report.to_json(),
        reason=learned.reason,
    )
    with place.parts.database.desk(place.desk_id) as session:
        now = real_now()
        if not trainings.progress(session, place.fence, now, 0.99, "storing"):
            raise Busy
        state = ModelState.CHALLENGER if learned.accepted else ModelState.REFUSED
        row = learned_models.add(session, place.desk_id, new, state, now)
        if learned.accepted and not trainings.of_desk(session, place.desk_id).held:
            learned_models.promote(session, row, now, by=None)
        return _outcome(row)


def _outcome(row: LearnedModel) -> Outcome:
    return Outcome(version=row.version, rung=row.rung, ratings=row.ratings, state=row.state, reason=row.reason)
