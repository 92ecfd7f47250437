"""`up` and `down` as a person types them, on an installation of their own."""

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from daftar.config import embedded

ROOT = Path(__file__).resolve().parents[3]
PATIENCE = 60


def free_port():
    """Below the ports that connections take for themselves."""
    for port in range(18000 + os.getpid() % 4000, 32000):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)):
                return port
    raise AssertionError("no port is free")


def command(*words):
    return [sys.executable, "-m", "daftar.config.cli", *map(str, words)]


def environment():
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("DAFTAR_", "DATABASE_"))}
    return {**kept, "PYTHONPATH": str(ROOT)}


def run(*words):
    done = subprocess.run(
        command(*words), env=environment(), capture_output=True, text=True, timeout=PATIENCE, check=False
    )
    return done.returncode, done.stdout + done.stderr


def answers(port):
    """Whether the web server answers and reaches its database."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", "/health/ready")
        return json.loads(connection.getresponse().read())["checks"]["database"] == "ok"
    except OSError:
        return False
    finally:
        connection.close()


@pytest.fixture
def data(tmp_path):
    for folder in (tmp_path, tmp_path.parent, tmp_path.parent.parent):
        folder.chmod(0o711)  # the database's account passes through
    folder = tmp_path / "data"
    yield folder
    run("down", "--data", folder)


@pytest.fixture
def launch(data):
    started = []

    def start(port):
        process = subprocess.Popen(
            command("up", "--no-demo", "--data", data, "--port", port),
            env=environment(), cwd="/", stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
        )  # fmt: skip
        started.append(process)
        said = []
        for line in process.stdout:
            said.append(line)
            if "answers at" in line:
                assert answers(port)
                return process, "".join(said)
        raise AssertionError("".join(said))

    yield start
    for process in started:
        process.kill()
        process.wait()
        process.stdout.close()


@pytest.mark.crash
def test_up_is_one_per_folder_survives_being_killed_and_stops_clean(data, launch):
    port = free_port()
    first, _ = launch(port)
    code, said = run("up", "--data", data, "--port", free_port())
    assert (code, f"http://127.0.0.1:{port}/" in said) == (0, True)

    database = embedded.status(data).pid
    first.kill()
    first.wait()
    second, said = launch(port)
    assert "Ended web, which a killed `up` had left." in said
    assert embedded.status(data).pid == database  # adopted

    second.send_signal(signal.SIGTERM)
    assert second.wait(PATIENCE) == 0
    assert not answers(port)
    assert embedded.status(data) is None


@pytest.mark.crash
def test_down_ends_what_a_killed_up_left(data, launch):
    port = free_port()
    first, _ = launch(port)
    first.kill()
    first.wait()
    assert answers(port)
    code, said = run("down", "--data", data)
    assert (code, sorted(said.removeprefix("Stopped: ").rstrip(".\n").split(", "))) == (
        0,
        ["database", "keeper", "web", "worker"],
    )
    assert not answers(port)
    assert run("down", "--data", data) == (0, f"Nothing of Daftar runs on {data}.\n")


@pytest.mark.crash
def test_a_killed_database_is_back_in_a_moment(data, launch):
    port = free_port()
    launch(port)
    before = embedded.status(data).pid
    os.kill(before, signal.SIGKILL)
    patience = time.monotonic() + PATIENCE
    while embedded.status(data) is None or embedded.status(data).pid == before or not answers(port):
        assert time.monotonic() < patience
        time.sleep(0.1)


def test_a_taken_port_is_named_with_a_free_one(data):
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        code, said = run("up", "--data", data, "--port", port, "--no-demo")
    assert code == 1
    assert f"Port {port} is taken" in said
    assert "python3 manage.py up --port " in said
    assert f"--data {data} --no-demo" in said


@pytest.mark.parametrize("port", ["0", "65536", "http"])
def test_a_port_that_is_none_is_refused(data, port):
    code, said = run("up", "--data", data, "--port", port)
    assert code == 2
    assert "is not a port" in said


def test_a_django_command_may_be_written_with_hyphens_and_needs_no_database_for_its_help(data):
    assert run("make-nothing-of-it", "--help", "--data", data)[0] == 1
    code, said = run("migrate", "--help", "--data", data)
    assert code == 0
    assert said.startswith("usage: manage.py migrate")
    assert not data.exists()


def test_a_django_command_gets_the_database_and_leaves_none_running(data):
    code, said = run("inspectdb", "--database", "owner", "--data", data)
    assert code == 0
    assert "from django.db import models" in said
    assert embedded.status(data) is None
