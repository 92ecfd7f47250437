"""What takes seconds to make, made once: the rows it left are written anew for every test that begins with it."""

from __future__ import annotations

from contextlib import contextmanager
from copy import deepcopy
from dataclasses import dataclass
from time import monotonic
from typing import TYPE_CHECKING, Any, TypeVar

from django.db import connection, transaction

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from psycopg import Cursor

T = TypeVar("T")

FRESH = 120.0
"""Seconds. What was done a moment ago may be taken back for some minutes only: older rows would be too old."""

TABLES = """
SELECT c.relname, string_agg(quote_ident(a.attname), ', ' ORDER BY a.attnum)
FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
WHERE a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''
  AND c.relnamespace = 'public'::regnamespace AND c.relkind = 'r'
  -- Written by triggers when jobs are; and counts of no centre.
  AND c.relname NOT IN ('procrastinate_events', 'daftar_cache')
GROUP BY c.relname
-- Books are closed after what was written into them.
ORDER BY c.relname = 'daftar_books', c.relname
"""


@dataclass(frozen=True)
class _Kept:
    at: float
    made: Any
    rows: dict[str, list[bytes]]


_KEPT: dict[Any, _Kept] = {}


def kept_or_made(key: object, make: Callable[[], T]) -> T:
    """What `make` answers, with the rows it writes: made by it, or the same as a short time ago in this process.

    Rows keep their ids, and what counts them goes on behind them: a test of migrations may have made it anew.
    """
    kept = _KEPT.get(key)
    if kept is not None and monotonic() - kept.at < FRESH:
        with transaction.atomic(), _as_owner() as cursor:
            for table, rows in kept.rows.items():
                with cursor.copy(f"COPY {table} FROM STDIN") as into:
                    into.write(b"".join(rows))
                _go_on(cursor, *table.split(" ", 1))
        return deepcopy(kept.made)
    before = _rows()
    made = make()
    written = {table: [row for row in rows if row not in before[table]] for table, rows in _rows().items()}
    _KEPT[key] = _Kept(monotonic(), deepcopy(made), {table: rows for table, rows in written.items() if rows})
    return made


def _rows() -> dict[str, dict[bytes, None]]:
    """The rows of each table, as the database copies them: a line each."""
    found = {}
    with _as_owner() as cursor:
        for table, columns in cursor.execute(TABLES).fetchall():
            with cursor.copy(f"COPY (SELECT {columns} FROM {table} ORDER BY 1) TO STDOUT") as out:
                found[f"{table} ({columns})"] = dict.fromkeys(b"".join(out).splitlines(keepends=True))
    return found


def _go_on(cursor: Cursor[Any], table: str, columns: str) -> None:
    if columns.startswith("(id,"):
        serial = f"pg_get_serial_sequence('{table}', 'id')"
        cursor.execute(f"SELECT setval({serial}, GREATEST(max(id), nextval({serial}))) FROM {table}")


@contextmanager
def _as_owner() -> Iterator[Cursor[Any]]:
    """A cursor of the tables' owner, who sees the rows of all centres."""
    with connection.cursor() as wrapped:
        cursor = wrapped.cursor
        cursor.execute("SET ROLE NONE")
        yield cursor
        cursor.execute("SET ROLE daftar_app")
