"""The schema: migrations lead to the models from wherever a database stands, and desks are locked apart."""

from __future__ import annotations

import multiprocessing
from collections.abc import Iterator

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import inspect, text

from app.settings import new_key
from app.store import schema
from app.store.database import Database, Purpose
from app.store.models import Base, Desk, Slot
from app.vault import Vault
from tests.servers import free_port
from tests.store.factories import NOW, all_rows, together

REVISIONS = [script.revision for script in ScriptDirectory(str(schema.MIGRATIONS)).walk_revisions()]

POLICIES = """
SELECT c.relname, c.relrowsecurity, c.relforcerowsecurity, count(p.oid)
FROM pg_class c LEFT JOIN pg_policy p ON p.polrelid = c.oid
WHERE c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace
GROUP BY 1, 2, 3"""


@pytest.fixture
def empty(empty_url: str, vault: Vault) -> Iterator[Database]:
    database = Database(empty_url, vault=vault)
    yield database
    database.close()


def differences(database: Database) -> list[object]:
    """What the models have and the database has not, or the other way round."""
    with database.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        return list(compare_metadata(context, Base.metadata))


def test_migrations_lead_from_an_empty_database_to_the_models(empty: Database) -> None:
    version = schema.migrate(empty)

    assert version == schema.newest()
    assert differences(empty) == []


@pytest.mark.parametrize("revision", REVISIONS)
def test_every_earlier_version_is_brought_up(empty: Database, revision: str) -> None:
    assert schema.migrate(empty, revision) == revision

    schema.migrate(empty)

    assert schema.behind(empty) is None
    assert differences(empty) == []


def test_migrating_again_changes_nothing(database: Database, desk_id: int) -> None:
    assert schema.migrate(database) == schema.newest()

    assert [desk.id for desk in all_rows(database, Desk)] == [desk_id]


def test_the_history_of_versions_is_one_line() -> None:
    assert len(ScriptDirectory(str(schema.MIGRATIONS)).get_heads()) == 1


def test_an_empty_database_is_told_how_to_become_one_of_ours(empty: Database) -> None:
    assert schema.current(empty) is None
    assert schema.behind(empty) == "the database is empty: run `kintsugi migrate`"


def test_a_database_of_another_version_says_which(database: Database) -> None:
    with database.engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '0000'"))

    assert schema.behind(database) == f"the schema is at 0000, not {schema.newest()}"


def test_a_database_that_is_away_says_so(vault: Vault) -> None:
    away = Database(f"postgresql+psycopg://kintsugi@127.0.0.1:{free_port()}/none", vault=vault)

    assert schema.behind(away) == "the database does not answer"


def test_threads_that_migrate_at_once_do_no_harm(empty: Database) -> None:
    versions = together(3, lambda _: schema.migrate(empty))

    assert versions == [schema.newest()] * 3
    assert differences(empty) == []


def migrate_elsewhere(url: str) -> None:
    database = Database(url, vault=Vault([new_key()]))
    schema.migrate(database)
    database.close()


def test_processes_that_migrate_at_once_do_no_harm(empty: Database) -> None:
    url = empty.url.render_as_string(hide_password=False)
    start = multiprocessing.get_context("spawn")
    processes = [start.Process(target=migrate_elsewhere, args=(url,)) for _ in range(2)]

    for process in processes:
        process.start()
    for process in processes:
        process.join(60)

    assert [process.exitcode for process in processes] == [0, 0]
    assert differences(empty) == []


def test_a_migration_that_fails_leaves_everything_as_it_was(empty: Database) -> None:
    with empty.engine.begin() as connection:
        connection.execute(text("CREATE TABLE step (id integer)"))

    with pytest.raises(Exception, match="already exists"):
        schema.migrate(empty)

    assert inspect(empty.engine).get_table_names() == ["step"]


def test_every_table_of_a_desk_has_a_forced_row_policy(on_postgres: Database) -> None:
    with on_postgres.engine.connect() as connection:
        locked = {name: tuple(lock) for name, *lock in connection.execute(text(POLICIES))}

    of_a_desk = {
        table.name for table in Base.metadata.tables.values() if "desk_id" in table.c and not table.c.desk_id.nullable
    }
    assert of_a_desk
    assert {name for name in of_a_desk if locked[name] != (True, True, 1)} == set()


def test_the_role_of_the_tests_is_bound_by_row_policies(on_postgres: Database) -> None:
    with on_postgres.engine.connect() as connection:
        role = connection.execute(
            text("SELECT rolsuper, rolbypassrls FROM pg_roles WHERE rolname = current_user")
        ).one()

    assert tuple(role) == (False, False)


def test_states_are_stored_as_their_words(database: Database, desk_id: int) -> None:
    with database.system(Purpose.OPERATE) as session:
        session.add(Slot(job="sweep", slot_at=NOW, taken_at=NOW))

    with database.engine.connect() as connection:
        assert connection.execute(text("SELECT state FROM desk")).scalar_one() == "active"
