"""What a balancer and a supervisor are told."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import psycopg
import pytest
from django.db import connection
from django.test import Client

from daftar.config import drill, health
from daftar.config.env import ENV

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def fresh(monkeypatch):
    """Nothing remembered from another test, and a worker that has just been heard."""
    monkeypatch.setattr(health, "_seen", health._Seen())
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO procrastinate_workers DEFAULT VALUES")
    yield
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM procrastinate_workers")


def asked() -> tuple[int, dict]:
    answer = Client().get("/health/ready")
    return answer.status_code, answer.json()


def do(statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)


def test_an_installation_that_works_is_ready():
    status, said = asked()
    assert said["checks"] == dict.fromkeys(health.CHECKS, "ok")
    assert (status, said["ready"]) == (200, True)
    assert Client().get("/health/live").json() == {"live": True}


def test_a_silent_worker_is_not_ready():
    do("UPDATE procrastinate_workers SET last_heartbeat = now() - interval '1 hour'")
    status, said = asked()
    assert (status, said["checks"]["worker"]) == (503, "silent")


def test_tables_of_an_older_version_are_not_ready():
    rename = "SET ROLE NONE; UPDATE django_migrations SET name = {} WHERE app = 'daftar'; SET ROLE daftar_app"
    do(rename.format("'not ' || name"))
    status, said = asked()
    do(rename.format("substr(name, 5)"))
    assert (status, said["checks"]["migrations"]) == (503, "missing")


def test_a_role_above_the_wall_is_not_ready(monkeypatch):
    real = health.connections["default"].get_connection_params

    def as_owner():
        return {name: value for name, value in real().items() if name != "options"}

    monkeypatch.setattr(health.connections["default"], "get_connection_params", as_owner)
    status, said = asked()
    assert (status, said["checks"]["role"]) == (503, "above_row_level_security")


def test_a_database_that_is_away_is_said_at_once(monkeypatch):
    gone = {"host": "127.0.0.1", "port": "1", "dbname": "x", "user": "x"}
    monkeypatch.setattr(health.connections["default"], "get_connection_params", lambda: gone)
    status, said = asked()
    assert (status, said["checks"]["database"]) == (503, "unreachable")
    assert Client().get("/health/live").status_code == 200


def test_asking_a_hundred_times_asks_the_database_once(monkeypatch):
    real, connected = psycopg.connect, []
    monkeypatch.setattr(psycopg, "connect", lambda **how: connected.append(1) or real(**how))
    assert [asked()[0] for _ in range(100)] == [200] * 100
    assert len(connected) == 1


def test_the_tests_own_careless_database_is_warned_of():
    _status, said = asked()
    if connection.settings_dict["HOST"].startswith("/dev/shm"):
        assert {"fsync_off", "full_page_writes_off"} <= set(said["warnings"])
    assert "backup_never_restored" in said["warnings"]
    assert said["last_restore"] is None


@pytest.mark.parametrize(
    ("age", "is_right", "warning"), [(1, True, None), (20, True, "backup_drill_old"), (1, False, "backup_drill_failed")]
)
def test_the_last_restore_is_shown_and_missed(age, is_right, warning):
    at = (datetime.now(UTC) - timedelta(days=age)).isoformat()
    noted = ENV.data / "backups" / drill.NOTED
    noted.parent.mkdir(exist_ok=True)
    noted.write_text(json.dumps({"at": at, "backup": "b", "is_right": is_right, "said": ""}))
    _status, said = asked()
    noted.unlink()
    assert [word for word in said["warnings"] if word.startswith("backup")] == ([warning] if warning else [])
    assert said["last_restore"] == (at if is_right else None)
