"""The store's schema: one append-only table of records, views that read like tables, and migrations.

Nothing is ever updated or deleted. So a crash can only cut the end off, a damaged file can be recovered record by
record, and the state of a search is what its records say, in order. The views `trials`, `attempts`, `epochs`,
`measurements` and `calls` are for people, pandas and SQL.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Sequence

from keras_nas.errors import StoreError

APPLICATION_ID = 0x4B4E4153
"""Marks an SQLite file as a search of keras_nas ("KNAS")."""
PAGE_SIZE = 4096
COLUMNS = ("position", "time", "kind", "trial", "attempt", "body", "checksum")

_FIRST = """
CREATE TABLE records (
    position INTEGER PRIMARY KEY,
    time REAL NOT NULL,
    kind TEXT NOT NULL,
    trial INTEGER,
    attempt TEXT,
    body TEXT NOT NULL,
    checksum TEXT NOT NULL
);
CREATE INDEX records_of_trial ON records (trial, kind);
CREATE TABLE migrations (version INTEGER PRIMARY KEY, applied REAL NOT NULL);
CREATE VIEW calls AS
    SELECT position AS call, time AS started,
        json_extract(body, '$.arguments') AS arguments, json_extract(body, '$.versions') AS versions
    FROM records WHERE kind = 'call';
CREATE VIEW trials AS
    SELECT p.trial AS number,
        json_extract(p.body, '$.architecture') AS architecture, json_extract(p.body, '$.fidelity') AS fidelity,
        json_extract(p.body, '$.parent') AS parent, json_extract(p.body, '$.source') AS source,
        json_extract(p.body, '$.note') AS note,
        CASE WHEN o.position IS NULL THEN 'pending'
            WHEN json_extract(o.body, '$.failure') IS NULL THEN 'finished' ELSE 'failed' END AS state,
        json_extract(o.body, '$.scores') AS scores, json_extract(o.body, '$.measurements') AS measurements,
        json_extract(o.body, '$.artefacts') AS artefacts,
        json_extract(o.body, '$.failure.kind') AS failure_kind,
        json_extract(o.body, '$.failure.message') AS failure_message,
        json_extract(o.body, '$.failure.traceback') AS failure_traceback,
        o.attempt AS attempt, p.time AS proposed, o.time AS ended
    FROM records AS p LEFT JOIN records AS o ON o.trial = p.trial AND o.kind = 'observe'
    WHERE p.kind = 'propose' ORDER BY p.trial;
CREATE VIEW attempts AS
    SELECT s.attempt AS attempt, s.trial AS trial, json_extract(e.body, '$.worker') AS worker,
        json_extract(s.body, '$.changes') AS changes, s.time AS started, e.time AS ended,
        coalesce(json_extract(e.body, '$.state'), 'running') AS state, json_extract(e.body, '$.seconds') AS seconds,
        json_extract(e.body, '$.failure.kind') AS failure_kind,
        json_extract(e.body, '$.failure.message') AS failure_message
    FROM records AS s LEFT JOIN records AS e ON e.trial = s.trial AND e.kind = 'end' AND e.attempt = s.attempt
    WHERE s.kind = 'start' ORDER BY s.position;
CREATE VIEW epochs AS
    SELECT trial, attempt, json_extract(body, '$.epoch') AS epoch, json_extract(body, '$.metrics') AS metrics, time
    FROM records WHERE kind = 'epoch' ORDER BY position;
CREATE VIEW measurements AS
    SELECT records.trial AS trial, records.attempt AS attempt, entry.key AS name, entry.value AS value
    FROM records, json_each(records.body, '$.measurements') AS entry WHERE records.kind = 'observe';
"""

MIGRATIONS: tuple[str, ...] = (_FIRST,)
"""Entry n brings a store from version n to n + 1."""


def migrate(connection: sqlite3.Connection, migrations: Sequence[str] = MIGRATIONS) -> None:
    """Brings a store, also an empty one, to the newest schema, in one transaction for each step.

    Args:
        connection: An open store in autocommit mode.
        migrations: The steps, oldest first.

    Raises:
        StoreError: When the store was written by a newer keras_nas.
        ValueError: When the file is no sound store.
    """
    version = _version(connection)
    if version > len(migrations):
        raise StoreError(
            f"The search was recorded by a newer keras_nas (schema {version}, this one knows {len(migrations)}): "
            f"upgrade keras_nas to read it."
        )
    for number, step in enumerate(migrations[version:], start=version + 1):
        applied = f"INSERT INTO migrations VALUES ({number}, {time.time()!r})"  # noqa: S608
        marks = f"PRAGMA user_version = {number}; PRAGMA application_id = {APPLICATION_ID}"
        connection.executescript(f"BEGIN IMMEDIATE; {step}; {applied}; {marks}; COMMIT;")


def _version(connection: sqlite3.Connection) -> int:
    """The schema's version, 0 for an empty file; the list of migrations must agree with it."""
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    (tables,) = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    (mark,) = connection.execute("PRAGMA application_id").fetchone()
    if not tables and not version:
        return 0
    (applied,) = connection.execute("SELECT max(version) FROM migrations").fetchone()
    if applied != version or mark != APPLICATION_ID:
        raise ValueError(f"schema version {version}, application {mark:#x}, but {applied} migrations")
    return int(version)
