"""Which satisfaction model a desk is scored with: its own champion, else the prior. Known per process, by version."""

from __future__ import annotations

from dataclasses import replace

from sqlalchemy.orm import Session

from app import log
from app.scoring.model import Model, ModelError, parse_model
from app.store import desks, learned_models

LOG = log.get("models")

MOST = 64  #: desks whose models are kept in memory; learned words weigh 130 KB


class Models:
    """The models of a process. Asking costs a small query or two; a document is read when its version is new here."""

    def __init__(self, prior: Model) -> None:
        self.prior = prior
        self._known: dict[int, tuple[int, Model]] = {}

    def of(self, session: Session, desk_id: int) -> Model:
        """The model in force on the session's desk, with the desk's own edge between poor and good where it has set
        one. A model that cannot be read any more gives way to the prior."""
        model = self._of(session, desk_id)
        good_from = desks.get(session, desk_id).settings.get("good_from")
        return model if good_from is None else replace(model, threshold=good_from / 100)

    def _of(self, session: Session, desk_id: int) -> Model:
        version = learned_models.champion_version(session)
        if version is None:
            return self.prior
        known = self._known.get(desk_id)
        if known is None or known[0] != version:
            known = version, self._read(session, desk_id, version)
            if len(self._known) >= MOST:
                self._known.clear()
            self._known[desk_id] = known
        return known[1]

    def _read(self, session: Session, desk_id: int, version: int) -> Model:
        row = learned_models.get(session, version)
        try:
            return parse_model(learned_models.document_of(session, row))
        except ModelError as error:
            # An upgrade may have renamed a signal; the next training mends it.
            LOG.error("model_unreadable", error=error, desk_id=desk_id, version=version)
            return self.prior
