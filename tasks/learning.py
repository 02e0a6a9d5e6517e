"""When a desk's model is learned anew: its level right after a rating, all else every so many ratings and every night.

The row of the desk's training is the truth. The level is a sum and done here; what needs numpy runs as a process of its
own, so that no worker grows by it and no ticket waits for it.
"""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum

from celery import shared_task
from sqlalchemy.orm import Session

from app import log
from app.clock import real_now
from app.scoring.learning.intercept import shrunken_intercept
from app.scoring.model import Calibration, Model, as_document
from app.settings import CHECKOUT, Settings
from app.store import desks, examples, learned_models, trainings
from app.store.database import Purpose
from app.store.models import ModelState, Training
from tasks.parts import Parts, current

LOG = log.get("learning")

LEVEL_ALONE = 30  #: ratings below which the level is all that is learned
EVERY = 10  #: new ratings that are worth a training,
SHARE = 0.1  #: or so many in proportion to those that there were
NIGHT = timedelta(days=1)  #: with any new rating at all
AFTER_ERROR = timedelta(hours=1)  #: before a training that failed is tried again
LONGEST = timedelta(hours=4)  #: a training takes, or it is ended


_turn = threading.Lock()  # a process learns for one desk at a time, however many hints come meanwhile


class Due(StrEnum):
    """What there is to do for a desk."""

    NOTHING = "nothing"
    LEVEL = "level"
    TRAINING = "training"


@shared_task(name="learning.look")
def look() -> None:
    """Learn whatever is due, one desk after another."""
    parts = current()
    if not _turn.acquire(blocking=False):
        return
    try:
        _look(parts)
    finally:
        _turn.release()


def _look(parts: Parts) -> None:
    with parts.database.system(Purpose.OPERATE, read=True) as session:
        desk_ids = [desk.id for desk in desks.all_of(session)]
    for desk_id in desk_ids:
        with parts.database.desk(desk_id, read=True) as session:
            training, ratings = trainings.find(session), examples.count(session)
        asked = training is not None and training.asked_at is not None
        if not parts.settings.learning and not asked:
            continue
        what = due(training, ratings, real_now())
        if what is Due.LEVEL:
            learn_level(parts, desk_id)
        elif what is Due.TRAINING:
            _train_apart(parts.settings, desk_id)


def due(training: Training | None, ratings: int, now: datetime) -> Due:
    """What a desk with so many ratings needs now; nothing while it is being trained."""
    if training is None:
        return _work(ratings) if ratings else Due.NOTHING
    if training.lease_until is not None and training.lease_until > now:
        return Due.NOTHING
    if training.asked_at is not None:
        return Due.TRAINING if ratings else Due.NOTHING
    since = now - training.finished_at if training.finished_at else NIGHT
    if _failed_lately(training, now):
        return Due.NOTHING
    new = ratings - training.ratings
    enough = 1 if ratings < LEVEL_ALONE else max(EVERY, SHARE * training.ratings)
    return _work(ratings) if new >= enough or (new > 0 and since >= NIGHT) else Due.NOTHING


def _failed_lately(training: Training, now: datetime) -> bool:
    """Whether the last training ended in an error, or without a word, not long ago."""
    wordless = training.lease_until is not None  # a training that ends gives its lease back
    began = training.started_at
    return (training.error is not None or wordless) and began is not None and now - began < AFTER_ERROR


def _work(ratings: int) -> Due:
    return Due.LEVEL if ratings < LEVEL_ALONE else Due.TRAINING


def learn_level(parts: Parts, desk_id: int) -> None:
    """Move the prior's level by the first ratings of a desk: a shrunken intercept, from the very first one."""
    prior = parts.models.prior
    with parts.database.desk(desk_id) as session:
        fence = trainings.begin(session, desk_id, real_now())
        if fence is None:
            return
        stored = [one for one in examples.oldest_first(session) if not one.label]
        logits = [_logit(prior, one.inputs) for one in stored]
        shift = shrunken_intercept(logits, [float(one.value >= 0.5) for one in stored])
        _store_level(session, desk_id, prior, shift, len(stored))
        trainings.finish(session, fence, real_now(), ratings=len(stored))
    LOG.info("level_learned", desk_id=desk_id, ratings=len(stored))


def _logit(prior: Model, inputs: Mapping[str, float]) -> float:
    parts = (name.partition("/") for name in inputs)
    return prior.base_logit + sum(
        prior.overall.get(signal, {}).get(aggregate, 0.0) * inputs[f"{signal}/{aggregate}"]
        for signal, _, aggregate in parts
    )


def _store_level(session: Session, desk_id: int, prior: Model, shift: float, ratings: int) -> None:
    version = learned_models.next_version(session)
    name = f"{prior.name}/{desk_id}.{version}"
    calibration = Calibration(intercept=round(shift, 6))
    document = as_document(prior) | {"name": name, "calibration": {"intercept": calibration.intercept, "slope": 1.0}}
    new = learned_models.NewModel(
        rung="intercept",
        prior=prior.name,
        document=document,
        ratings=ratings,
        report={},
        reason=f"{ratings} rating{'s' * (ratings != 1)}: stays on the prior's weights, the level moved, because "
        f"anything more needs {LEVEL_ALONE} ratings.",
    )
    row = learned_models.add(session, desk_id, new, ModelState.CHALLENGER, real_now())
    if not trainings.of_desk(session, desk_id).held:
        learned_models.promote(session, row, real_now(), by=None)


def _train_apart(settings: Settings, desk_id: int) -> None:
    """Train in a process of its own and wait for it; what it found is in the database."""
    command = [sys.executable, "-m", "app.cli", "model", "learn", "--background", "--desk", str(desk_id)]
    try:
        ended = subprocess.run(
            command,
            cwd=CHECKOUT,
            env=_environment(settings),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            timeout=LONGEST.total_seconds(),
            check=False,
        )
    except subprocess.TimeoutExpired:
        LOG.error("training_too_long", desk_id=desk_id)
        return
    if ended.returncode:
        LOG.error("training_process_failed", desk_id=desk_id, code=ended.returncode)


def _environment(settings: Settings) -> dict[str, str]:
    """This process's own settings, however it came by them. Threads of numeric libraries are few and predictable."""
    given = {
        "KINTSUGI_DATA_DIR": str(settings.data_dir),
        "KINTSUGI_PRIOR": settings.prior,
        "KINTSUGI_LOG_LEVEL": settings.log_level,
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
    }
    if settings.clock_file is not None:
        given["KINTSUGI_CLOCK_FILE"] = str(settings.clock_file)
    if not settings.embedded:
        given |= {
            "KINTSUGI_DATABASE_URL": settings.database_url,
            "KINTSUGI_BROKER_URL": settings.broker_url,
            "KINTSUGI_SECRET_KEYS": ",".join(settings.secret_keys),
        }
    return {**os.environ, **given}
