"""Two who publish the same version at once: the second decides on what the first has left, whoever saw what before."""

from __future__ import annotations

import pytest

from app import protocol_setup
from app.clock import real_now
from app.protocol_setup import Publication, find_version
from app.protocols.yaml_text import write_yaml
from app.publishing import import_documents
from app.store import protocols
from app.store.models import ProtocolVersion, VersionState
from tests.tasks.stage import NOTE, PRIORITY, Stage, protocol


def on_trial(stage: Stage) -> None:
    """A version in force, and a second one on a tenth of the tickets."""
    stage.publish(protocol("Rescue", PRIORITY, cause="unknown"))
    text = write_yaml(protocol("Rescue", NOTE, cause="unknown"))
    with stage.parts.database.desk(stage.desk_id) as session:
        import_documents(session, stage.desk_id, [text])
    publish(stage, share=0.1)


def publish(stage: Stage, *, share: float | None = None) -> protocol_setup.Stored:
    said = Publication(by="lena@example.com", reach=protocols.Reach(share=share))
    return protocol_setup.publish(stage.parts, stage.desk_id, "Rescue", said, number=2)


def another_publishes_meanwhile(stage: Stage, patch: pytest.MonkeyPatch) -> None:
    """Somebody else puts the version in force on all tickets after we have looked it up, and before we change it."""

    def find_then_wait(*args, **more) -> ProtocolVersion:
        version = find_version(*args, **more)
        with stage.parts.database.desk(stage.desk_id) as session:
            theirs = protocols.version(session, version.id)
            protocols.publish(session, theirs, by="otto@example.com", reason="it is good", now=real_now())
        return version

    patch.setattr(protocol_setup, "find_version", find_then_wait)


def versions(stage: Stage) -> list[ProtocolVersion]:
    """Both, the first of them first."""
    with stage.parts.database.desk(stage.desk_id, read=True) as session:
        return list(reversed(protocols.versions_of(session, find_version(session, "Rescue").protocol_id)))


def test_a_share_is_not_set_on_what_came_into_force_whole_meanwhile(
    postgres_stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    on_trial(postgres_stage)
    another_publishes_meanwhile(postgres_stage, monkeypatch)

    with pytest.raises(ValueError, match="is in force on all tickets already"):
        publish(postgres_stage, share=0.2)

    states = [(row.state, row.share) for row in versions(postgres_stage)]
    assert states == [(VersionState.RETIRED, None), (VersionState.PUBLISHED, None)]


def test_what_came_into_force_meanwhile_is_not_published_again(
    postgres_stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    on_trial(postgres_stage)
    another_publishes_meanwhile(postgres_stage, monkeypatch)

    assert not publish(postgres_stage).new
    assert versions(postgres_stage)[1].published_by == "otto@example.com"
