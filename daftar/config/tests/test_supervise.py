"""The supervisor, with real processes."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from daftar.config import supervise

ROOT = Path(__file__).resolve().parents[3]

# A child that starts a child of its own, as a web server does.
FAMILY = "import subprocess, time; subprocess.Popen(['/bin/sleep', '60']); time.sleep(60)"
SUPERVISOR = f"""
import os, sys
from pathlib import Path
from daftar.config import supervise
stop = supervise.StopFlag().catch()
commands = {{"family": [sys.executable, "-c", {FAMILY!r}]}}
def say(text): print(text, flush=True)
supervise.Supervisor(Path(sys.argv[1]), commands, os.environ, say).run(stop, lambda: None)
print("ended", flush=True)
"""


@pytest.fixture
def supervisor(tmp_path):
    command = [sys.executable, "-c", SUPERVISOR, str(tmp_path)]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    yield process
    process.kill()
    supervise.stop_leftovers(tmp_path)  # they hold the pipe
    process.communicate()


def wait_for(found):
    patience = time.monotonic() + 10
    while not (value := found()):
        assert time.monotonic() < patience
        time.sleep(0.02)
    return value


def family(data, size=2):
    """The child's process and its own child's, once both run."""

    def found():
        file = data / "pids" / "family.pid"
        text = file.read_text() if file.exists() else ""
        members = list(supervise._members(int(text), data)) if text else []
        return members if len(members) == size else None

    return wait_for(found)


def runs(pid):
    return supervise._session(Path(f"/proc/{pid}")) != 0


def test_a_killed_child_is_started_again_and_nothing_of_it_stays(supervisor, tmp_path):
    leader, other = sorted(family(tmp_path))
    os.kill(leader, signal.SIGKILL)
    assert "family ended (SIGKILL)" in supervisor.stdout.readline()
    wait_for(lambda: (tmp_path / "pids" / "family.pid").read_text() != str(leader))
    assert leader not in family(tmp_path)
    assert not runs(other)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_supervisor_and_children(supervisor, tmp_path, number):
    members = family(tmp_path)
    supervisor.send_signal(number)
    assert supervisor.communicate(timeout=10)[0] == "ended\n"
    assert not any(map(runs, members))
    assert list((tmp_path / "pids").iterdir()) == []


def test_what_a_killed_supervisor_left_is_found_and_ended(supervisor, tmp_path):
    members = family(tmp_path)
    supervisor.kill()
    assert all(map(runs, members))
    assert supervise.stop_leftovers(tmp_path) == ["family"]
    assert not any(map(runs, members))
    assert supervise.stop_leftovers(tmp_path) == []


@pytest.mark.parametrize("carries", [None, {}], ids=["what we carry", "nothing"])  # nothing: as while it loads
def test_a_number_that_has_gone_to_a_stranger_is_left_alone(tmp_path, carries):
    (tmp_path / "pids").mkdir()
    with subprocess.Popen(["/bin/sleep", "60"], env=carries, start_new_session=True) as stranger:
        (tmp_path / "pids" / "web.pid").write_text(str(stranger.pid))
        assert supervise.stop_leftovers(tmp_path) == []
        assert stranger.poll() is None
        stranger.kill()


def test_a_child_that_cannot_run_is_tried_less_and_less_often(tmp_path):
    said, stop = [], supervise.StopFlag()

    def turn():
        stop.asked = time.monotonic() > until

    until = time.monotonic() + 2
    supervise.Supervisor(tmp_path, {"broken": [sys.executable, "-c", "exit(3)"]}, {}, said.append).run(stop, turn)
    assert set(said) == {"broken ended (exit 3); it is started again."}
    assert 2 <= len(said) <= 4


def test_a_command_before_the_children_can_be_stopped(tmp_path):
    supervisor = supervise.Supervisor(tmp_path, {}, {}, str)
    stop = supervise.StopFlag()
    assert supervisor.once("prepare", [sys.executable, "-c", "exit(4)"], stop) == 4
    stop.asked = True
    assert supervisor.once("prepare", ["/bin/sleep", "60"], stop) == -signal.SIGTERM
