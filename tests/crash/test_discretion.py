"""The logs of a whole installation, with its own web server, worker and database, hold no canary (S16)."""

from __future__ import annotations

import json
import os
import signal
import time
from pathlib import Path

import psycopg
import pytest

from daftar.config import embedded
from daftar.office.urls import urlpatterns
from tests.crash.clients import Browser
from tests.crash.installation import Installation
from tests.test_sweep import address

pytestmark = [
    pytest.mark.crash,
    pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="processes are found in /proc"),
]
# Made by somebody who owns the tables, so that things go wrong which no check of ours foresees.
PLANTED = (
    "ALTER TABLE daftar_student ADD CONSTRAINT planted CHECK (full_name NOT LIKE '%lim') NOT VALID",
    "ALTER TABLE daftar_import ADD CONSTRAINT planted CHECK (state <> 'done') NOT VALID",
    "ALTER TABLE daftar_room RENAME TO daftar_room_away",
)
JOB_FAILED = "SELECT count(*) FROM procrastinate_jobs WHERE task_name = 'transfer.run_import' AND attempts > 0"


def test_pages_errors_and_failing_jobs_leave_nobodys_name_in_any_log():
    with Installation() as installation:
        centre = installation.centre("probe")
        browser, slug = Browser(installation.port), centre["slug"]
        browser.get("/login/")
        browser.post("/login/", [("login", centre["canary"] + "@lingua.example"), ("password", centre["canary"])])
        browser.post("/login/", [("login", centre["login"]), ("password", centre["password"])])
        do(installation, *PLANTED)
        for route in urlpatterns:
            browser.get(address(route, slug, centre["ids"]) + f"?q={centre['canary']}&phone=%2B998901234567")
        fields = [("full_name", centre["canary"] + " Olim"), ("branch_id", centre["ids"]["branch_id"])]
        assert browser.post(f"/{slug}/students/new/", fields).status == 500
        assert browser.get(f"/{slug}/rooms/").status == 500
        assert browser.post(f"/{slug}/imports/{centre['ids']['import_id']}/check/", []).status == 302
        installation.wait_until(lambda: count(installation, JOB_FAILED) > 0, "no job failed")
        installation.wait_until(lambda: "job_error_retry" in installation.log.read_text(), "nobody told of the job")

        said, server = installation.log.read_text(), installation.data / "postgres" / "server.log"
        canaries = [centre["canary"], "901234567", "@lingua.example", centre["password"], *browser.cookies.values()]
        assert [word for word in canaries if word in said] == []
        assert [word for word in canaries if word in server.read_text()] == []
        lines = [json.loads(line) for line in said.splitlines() if line.startswith("{")]
        assert {line["event"] for line in lines} >= {"request", "job_error_retry"}
        assert [line for line in lines if line.get("status") == 500 and line["org"] and line["request_id"]]
        assert [line for line in lines if line.get("exception") and line["exception"][-1].get("sqlstate") == "23514"]
        strangers = [line for line in said.splitlines() if not line.startswith("{")]
        assert not [line for line in strangers if "Traceback" in line or "Error" in line], strangers

        plant_a_talkative_database(installation)
        assert browser.post(f"/{slug}/students/new/", fields).status == 500
        assert centre["canary"] in server.read_text(), "the search would find a name in the database's log"


def do(installation, *statements: str) -> None:
    with psycopg.connect(installation.url(), autocommit=True) as connection:
        for statement in statements:
            connection.execute(statement)


def count(installation, statement: str) -> int:
    with psycopg.connect(installation.url()) as connection:
        return connection.execute(statement).fetchone()[0]


def plant_a_talkative_database(installation) -> None:
    with (installation.data / "postgres" / "daftar.conf").open("a") as conf:
        conf.write("log_min_messages = 'error'\nlog_min_error_statement = 'error'\n")
    os.kill(embedded.status(installation.data).pid, signal.SIGHUP)
    time.sleep(1)
