"""A worker as a process of its own on the test's database: it can be waited for, and it can be killed."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit

from django.db import connections

ROOT = Path(__file__).resolve().parents[1]


def a_worker(*options: str) -> subprocess.Popen[bytes]:
    """Started now; with `--one-shot` it does what waits and ends."""
    name = connections["owner"].settings_dict["NAME"]
    address = urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{name}").geturl()
    env = {**os.environ, "DATABASE_URL": address, "DJANGO_SETTINGS_MODULE": "daftar.config.settings"}
    command = [sys.executable, "-m", "django", "procrastinate", "worker", "--concurrency=1", *options]
    return subprocess.Popen(command, env=env, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)


def give_back() -> None:
    """The jobs of a worker that was killed wait again, as `orgs.rescue_stalled` makes them after its silence."""
    with connections["default"].cursor() as cursor:
        cursor.execute(
            "UPDATE procrastinate_jobs SET status = 'todo', attempts = attempts + 1, worker_id = NULL "
            "WHERE status = 'doing'"
        )


def work() -> None:
    """Everything that waits is done."""
    assert a_worker("--one-shot").wait(120) == 0
