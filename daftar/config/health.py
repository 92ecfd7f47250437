"""Whether this process answers, and whether it can do its work: for supervisors, balancers and monitoring.

Machine words only. What is found is kept for a second, by one asker at a time, so that asking often costs nothing.
"""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg
from django.db import connections
from django.db.migrations.loader import MigrationLoader
from django.http import JsonResponse

from daftar.config import drill
from daftar.config.env import ENV
from daftar.config.walls import role_above_the_wall
from daftar.office.page import public_page

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from django.http import HttpRequest, HttpResponse

KEPT_SECONDS = 1.0
# Of the one question that goes to the database; longer than that is no answer.
PATIENCE = 2
CONNECTION = ("host", "port", "user", "password", "dbname", "options")
WORKER_SILENT = 40
DRILL_IS_OLD = 14 * 86400.0
CHECKS = ("database", "migrations", "role", "worker")


@public_page("asked by a supervisor: this process answers")
def live(request: HttpRequest) -> HttpResponse:
    """200, always."""
    return JsonResponse({"live": True})


@public_page("asked by a balancer: this installation can work")
def ready(request: HttpRequest) -> HttpResponse:
    """200 with what was checked, 503 when something is not `ok`; warnings do not change that."""
    found = _seen.look()
    response = JsonResponse(found, status=200 if found["ready"] else 503)
    response["Cache-Control"] = "no-store"
    return response


@dataclass
class _Seen:
    """What was found last, and when."""

    found: dict[str, Any] = field(default_factory=dict)
    until: float = 0.0
    asking: threading.Lock = field(default_factory=threading.Lock)

    def look(self) -> dict[str, Any]:
        """As it was within the last second; who comes while another asks gets what is known, or waits for the first."""
        if time.monotonic() < self.until:
            return self.found
        if self.asking.acquire(blocking=not self.found):
            try:
                if time.monotonic() >= self.until:
                    self.found = look()
                    self.until = time.monotonic() + KEPT_SECONDS
            finally:
                self.asking.release()
        return self.found


_seen = _Seen()


def look() -> dict[str, Any]:
    """What is checked and what is only warned of, as it is now."""
    checks = dict.fromkeys(CHECKS, "unknown")
    warnings: list[str] = []
    try:
        # A connection of its own: that all of the pool's are busy says nothing about the database.
        parts = connections["default"].get_connection_params()
        known = {name: parts[name] for name in CONNECTION if parts.get(name)}
        with psycopg.connect(**known, connect_timeout=PATIENCE, autocommit=True) as connection:
            connection.execute(b"SELECT set_config('statement_timeout', '%d', false)" % (PATIENCE * 1000))

            def ask(statement: str) -> Sequence[Any]:
                return connection.execute(statement.encode()).fetchall()

            checks = {"database": "ok", "migrations": _migrations(ask), "role": _role(ask), "worker": _worker(ask)}
            warnings += _durability(ask)
    except psycopg.Error:
        checks["database"] = "unreachable" if checks["database"] == "unknown" else "failing"
    last = drill.last(Path(ENV.backups) if ENV.backups else ENV.data / "backups")
    warnings += _drill_warnings(last)
    return {
        "ready": all(word == "ok" for word in checks.values()),
        "checks": checks,
        "warnings": warnings,
        "last_restore": last.at if last and last.is_right else None,
    }


def _migrations(ask: Callable[[str], Sequence[Any]]) -> str:
    done = {tuple(row) for row in ask("SELECT app, name FROM django_migrations")}
    return "ok" if _wanted() <= done else "missing"


@cache
def _wanted() -> frozenset[tuple[str, str]]:
    return frozenset(MigrationLoader(None).disk_migrations)


def _role(ask: Callable[[str], Sequence[Any]]) -> str:
    return "above_row_level_security" if role_above_the_wall(ask) else "ok"


def _worker(ask: Callable[[str], Sequence[Any]]) -> str:
    statement = f"SELECT max(last_heartbeat) > now() - interval '{WORKER_SILENT} s' FROM procrastinate_workers"  # noqa: S608 - a number of ours
    return "ok" if ask(statement)[0][0] else "silent"


def _durability(ask: Callable[[str], Sequence[Any]]) -> list[str]:
    """What a PostgreSQL that was set up carelessly may lose."""
    off = {"fsync": "fsync_off", "full_page_writes": "full_page_writes_off", "data_checksums": "no_checksums"}
    rows = ask(f"SELECT name FROM pg_settings WHERE setting = 'off' AND name IN {tuple(off)}")  # noqa: S608 - names of ours
    found = sorted(off[row[0]] for row in rows)
    behind = ask("SELECT 1 FROM pg_replication_slots WHERE slot_name = 'daftar_archive' AND wal_status <> 'reserved'")
    return found + (["archive_behind"] if behind else [])


def _drill_warnings(last: drill.Outcome | None) -> list[str]:
    if last is None:
        return ["backup_never_restored"]
    if not last.is_right:
        return ["backup_drill_failed"]
    age = (datetime.now(UTC) - datetime.fromisoformat(last.at)).total_seconds()
    return ["backup_drill_old"] if age > DRILL_IS_OLD else []
