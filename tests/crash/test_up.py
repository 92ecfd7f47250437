"""`up` and the database, killed or asked to end at the moment at which something else is coming back."""

from __future__ import annotations

import random
import threading
import time
from contextlib import suppress
from functools import partial
from pathlib import Path

import psycopg
import pytest

from daftar.config import embedded
from tests.crash.installation import Installation
from tests.crash.killing import Killer

pytestmark = [
    pytest.mark.crash,
    pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="processes are found in /proc"),
]
# Ending, preparing, starting; less than what a process that does not listen is given before it is killed.
AT_ONCE = 9.0
RECOVERS_FOR = 4.0


@pytest.fixture(scope="module")
def running():
    with Installation() as installation:
        yield installation


@pytest.mark.parametrize("kind", ["web", "worker", "database"])
def test_up_that_is_killed_right_after_something_else_is_back_at_once(running, kind):
    """Its first act is to end what was left, and some of that may just be starting."""
    for pause in (0.3, 0.8):
        kill(running, kind)
        time.sleep(pause)
        began = time.monotonic()
        running.kill_and_start_again()
        assert time.monotonic() - began < AT_ONCE


def test_up_waits_for_a_database_that_recovers(running):
    with held_recovery(running):
        running.kill()
        running.start()
        time.sleep(RECOVERS_FOR)
    running.wait_for_answer()


def test_up_asked_to_end_while_its_web_server_is_loading_ends_at_once():
    with Installation() as installation:
        kill(installation, "web")
        time.sleep(0.6)
        began = time.monotonic()
        assert installation.stop() == 0
        assert time.monotonic() - began < AT_ONCE


def test_a_database_asked_to_stop_while_it_recovers_is_stopped_and_comes_back(monkeypatch, tmp_path):
    monkeypatch.setattr(embedded, "LONGEST_STOP", 2, raising=False)
    for folder in (tmp_path, tmp_path.parent, tmp_path.parent.parent):
        folder.chmod(0o711)  # the database's account passes through
    data = tmp_path / "data"
    url, killer, recovery = embedded.start(data).url, Killer(data, random.Random(1)), None
    while recovery is None:  # it may be over before it is seen
        with suppress(psycopg.OperationalError), psycopg.connect(url):
            killer.kill("backend")
            recovery = killer.hold_recovery()
    threading.Timer(1, recovery.close).start()  # it goes on with its recovery after it was asked to end
    assert embedded.stop(data)
    assert embedded.status(data) is None
    with psycopg.connect(embedded.start(data).url) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)
    embedded.stop(data, "immediate")


def kill(installation, kind: str) -> None:
    killer = Killer(installation.data, random.Random(1))
    installation.wait_until(partial(killer.kill, kind), f"no {kind} to kill")


def held_recovery(installation):
    """Of a database that has just lost a process; it may be over before it is seen."""
    while True:
        kill(installation, "backend")
        recovery = Killer(installation.data, random.Random(1)).hold_recovery()
        if recovery is not None:
            return recovery
