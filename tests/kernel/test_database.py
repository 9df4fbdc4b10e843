"""Forward migrations: what a newer Owari wrote is not touched."""

from __future__ import annotations

from pathlib import Path
from sqlite3 import OperationalError

import pytest

from owari.store.database import NewerSchemaError, connect, migrate

ONE = "CREATE TABLE toy (id BIGINT PRIMARY KEY)"
TWO = "ALTER TABLE toy ADD COLUMN name TEXT"


def migrated(path: Path, **services: tuple[str, ...]) -> None:
    connection = connect(path, writer=True)
    try:
        migrate(connection, services)
    finally:
        connection.close()


def test_steps_are_applied_once_and_in_order(tmp_path: Path) -> None:
    path = tmp_path / "owari.db"
    migrated(path, toy=(ONE,))
    migrated(path, toy=(ONE, TWO))
    migrated(path, toy=(ONE, TWO))
    connection = connect(path, writer=False)
    names = [row["name"] for row in connection.execute("PRAGMA table_info(toy)")]
    connection.close()
    assert names == ["id", "name"]


def test_a_newer_schema_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "owari.db"
    migrated(path, toy=(ONE, TWO))
    with pytest.raises(NewerSchemaError, match="version 2, this Owari knows 1"):
        migrated(path, toy=(ONE,))


def test_a_service_that_is_not_known_is_refused(tmp_path: Path) -> None:
    """Its messages would wait in the outbox for nobody."""
    path = tmp_path / "owari.db"
    migrated(path, toy=(ONE,))
    with pytest.raises(NewerSchemaError, match="tables of toy"):
        migrated(path)


def test_a_step_that_fails_takes_all_the_others_back(tmp_path: Path) -> None:
    path = tmp_path / "owari.db"
    with pytest.raises(OperationalError, match="no such table"):
        migrated(path, toy=(ONE,), train=("ALTER TABLE train ADD COLUMN name TEXT",))
    migrated(path, train=("CREATE TABLE toy (id BIGINT) -- its own",))
