"""What was made at a helpdesk is remembered once per key, and forgotten when it is gone."""

from __future__ import annotations

from dataclasses import replace

from app.store import installed
from app.store.database import Database
from app.store.models import InstalledThing
from connectors.installing import Made, Thing
from tests.store.factories import HOUR, NOW, all_rows

VIEW = Made(thing=Thing.VIEW, key="recovery_open", id="71", title="Recovery queue", fingerprint="f1", secret="hidden")


def keep(database: Database, desk_id: int, *things: Made) -> None:
    with database.desk(desk_id) as session:
        for hours, made in enumerate(things):
            installed.keep(session, desk_id, made, NOW + hours * HOUR)


def known(database: Database, desk_id: int) -> list[Made]:
    with database.desk(desk_id, read=True) as session:
        return installed.of(session, desk_id)


def test_a_thing_is_remembered_without_its_secret(database: Database, desk_id: int) -> None:
    keep(database, desk_id, VIEW)

    assert known(database, desk_id) == [replace(VIEW, secret=None)]


def test_a_thing_that_was_mended_stays_one_thing_of_its_age(database: Database, desk_id: int) -> None:
    keep(database, desk_id, VIEW, replace(VIEW, fingerprint="f2"))

    (row,) = all_rows(database, InstalledThing)
    assert (row.fingerprint, row.made_at) == ("f2", NOW)


def test_a_thing_that_was_made_anew_is_as_old_as_that(database: Database, desk_id: int) -> None:
    keep(database, desk_id, VIEW, replace(VIEW, id="72"))

    (row,) = all_rows(database, InstalledThing)
    assert (row.remote_id, row.made_at) == ("72", NOW + HOUR)


def test_things_come_in_the_order_of_their_making(database: Database, desk_id: int) -> None:
    macro = replace(VIEW, thing=Thing.MACRO, key="sorry")
    keep(database, desk_id, VIEW, macro)

    assert [made.thing for made in known(database, desk_id)] == [Thing.VIEW, Thing.MACRO]


def test_only_what_is_gone_is_forgotten(database: Database, desk_id: int) -> None:
    other = replace(VIEW, key="sat_poor_worsening")
    keep(database, desk_id, VIEW, other)

    with database.desk(desk_id) as session:
        installed.forget(session, desk_id, VIEW)

    assert [made.key for made in known(database, desk_id)] == ["sat_poor_worsening"]


def test_a_very_long_title_is_cut(database: Database, desk_id: int) -> None:
    keep(database, desk_id, replace(VIEW, title="x" * 1000))

    assert len(known(database, desk_id)[0].title) == 300
