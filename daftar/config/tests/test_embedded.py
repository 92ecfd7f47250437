"""The embedded database, the real one: started, adopted, killed, recovered."""

import os
import shutil
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path

import psycopg
import pytest

from daftar.config import embedded

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A data folder with a database that is not running; copied, since making one is the slow part."""
    data = tmp_path_factory.mktemp("made") / "data"
    _open_up(data)
    embedded.start(data).stop()
    return data


@contextmanager
def _copied(made, copy):
    _open_up(copy)
    # With owners and modes: the database belongs to another account than the folder when we are root.
    subprocess.run(["cp", "-a", made, copy], check=True)
    try:
        yield copy
    finally:
        embedded.stop(copy, "immediate")
        shutil.rmtree(copy)


@pytest.fixture
def data(made, tmp_path):
    with _copied(made, tmp_path / "centre's data") as folder:
        yield folder


@pytest.fixture(scope="module")
def running(made, tmp_path_factory):
    """A server for tests that leave it as it was."""
    with _copied(made, tmp_path_factory.mktemp("made") / "running") as folder:
        yield embedded.start(folder)


def _open_up(data):
    """Pytest's folders are closed to the database's account."""
    for folder in data.parents:
        if folder.owner() == Path.home().owner() and folder.name.startswith(("pytest-", "made", "test_")):
            folder.chmod(0o711)


@contextmanager
def connected(server):
    with psycopg.connect(server.url, connect_timeout=10) as connection:
        yield connection


def kill_all_at_once(server):
    """As when the machine's power fails, but for the disk."""
    children = Path(f"/proc/{server.pid}/task/{server.pid}/children").read_text().split()
    os.kill(server.pid, signal.SIGSTOP)
    for pid in (*map(int, children), server.pid):
        os.kill(pid, signal.SIGKILL)
    wait_for_death(server)


def wait_for_death(server):
    """A signal takes a moment, in which the server would still be adopted."""
    while server.alive():
        time.sleep(0.01)


def test_a_started_database_is_durable_and_checked_and_adopted_by_the_next(data):
    server = embedded.start(data)
    assert server.started_here
    with connected(server) as connection:
        shown = [connection.execute(f"SHOW {name}").fetchone()[0] for name in ("fsync", "data_checksums")]
    assert shown == ["on", "on"]

    again = embedded.start(data)
    assert (again.pid, again.url, again.started_here) == (server.pid, server.url, False)
    assert embedded.status(data).pid == server.pid

    again.stop()
    assert not server.alive()
    assert embedded.status(data) is None
    assert not embedded.stop(data)


def test_roles_have_no_more_rights_than_they_need(running):
    rights = "rolsuper, rolbypassrls, rolcreaterole, rolcreatedb, rolcanlogin, rolreplication"
    with connected(running) as connection:
        found = connection.execute(f"SELECT rolname, {rights} FROM pg_roles WHERE rolname LIKE 'daftar%' ORDER BY 1")
        assert found.fetchall() == [
            ("daftar", False, False, False, True, True, False),
            ("daftar_app", False, False, False, False, False, False),
            ("daftar_backup", False, False, False, False, True, True),
        ]
    with psycopg.connect(running.url, options="-c role=daftar_app") as connection:
        assert connection.execute("SELECT current_user").fetchone() == ("daftar_app",)


def test_the_owner_can_have_the_extensions_and_a_test_database(running):
    with psycopg.connect(running.url, autocommit=True) as connection:
        for statement in ("CREATE EXTENSION btree_gist", "CREATE EXTENSION pg_trgm", "CREATE DATABASE test_daftar"):
            connection.execute(statement)


@pytest.mark.parametrize("user", ["postgres", "daftar", "daftar_app"])
def test_nobody_gets_in_without_the_password(running, user):
    password = running.url.split(":")[2].split("@")[0]
    without = running.url.replace(f"daftar:{password}@", f"{user}:wrong@")
    with pytest.raises(psycopg.OperationalError, match=r"authentication failed|not permitted"):
        psycopg.connect(without)
    assert (running.data / "database-password").stat().st_mode & 0o777 == 0o600
    assert (running.data / "run").stat().st_mode & 0o777 == 0o700


def test_a_lost_password_is_replaced(data):
    (data / "database-password").unlink()
    with connected(embedded.start(data)) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)


@pytest.mark.skipif(sys.platform != "linux", reason="finds the children in /proc")
def test_a_killed_database_keeps_what_it_confirmed(data):
    server = embedded.start(data)
    with connected(server) as connection:
        connection.execute("CREATE TABLE kept (id int)")
        connection.execute("INSERT INTO kept SELECT generate_series(1, 1000)")
        connection.commit()
        kill_all_at_once(server)
    recovered = embedded.start(data)
    assert recovered.started_here
    assert recovered.pid != server.pid
    with connected(recovered) as connection:
        assert connection.execute("SELECT count(*) FROM kept").fetchone() == (1000,)


def test_a_database_killed_alone_starts_again_while_its_children_linger(data):
    server = embedded.start(data)
    busy = "SELECT count(*) FROM generate_series(1, 3000000) a JOIN generate_series(1, 3000000) b ON a = b"
    with ThreadPoolExecutor(1) as pool, suppress(psycopg.OperationalError), connected(server) as connection:
        answer = pool.submit(connection.execute, busy)
        time.sleep(0.2)
        os.kill(server.pid, signal.SIGKILL)
        wait_for_death(server)
        assert embedded.start(data).started_here
        answer.result()


def test_a_number_that_has_gone_to_another_process_is_no_running_database(data):
    server = embedded.start(data)
    pid_file = data / "postgres" / "postmaster.pid"
    left = pid_file.read_text()
    server.stop()
    # A process of the database's own account, which PostgreSQL itself would take for a running server.
    account = embedded._account()
    with subprocess.Popen(["/bin/sleep", "60"], cwd="/", **account) as stranger:
        try:
            pid_file.write_text(left.replace(str(server.pid), str(stranger.pid), 1))
            assert embedded.status(data) is None
            assert embedded.start(data).started_here
        finally:
            stranger.kill()


def test_starts_at_the_same_time_agree_on_one_database(data):
    code = (
        "import sys; from pathlib import Path; from daftar.config import embedded\n"
        "server = embedded.start(Path(sys.argv[1])); print(server.started_here, server.pid)"
    )

    def start():
        command = [sys.executable, "-c", code, str(data)]
        return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.split()

    with ThreadPoolExecutor(4) as pool:
        found = [future.result() for future in [pool.submit(start) for _ in range(4)]]
    assert sorted(started for started, _ in found) == ["False", "False", "False", "True"]
    assert len({pid for _, pid in found}) == 1


def test_a_deep_folder_gets_a_short_socket(made, tmp_path):
    deep = tmp_path / ("d" * 60) / ("e" * 60)
    deep.parent.mkdir(mode=0o711)
    _open_up(deep)
    subprocess.run(["cp", "-a", made, deep], check=True)
    server = embedded.start(deep)
    try:
        with connected(server) as connection:
            folder = Path(connection.info.host)
        assert folder.exists()
        assert not folder.is_relative_to(deep)
    finally:
        server.stop()
    assert not folder.exists()


def test_an_unreachable_folder_is_said_in_a_sentence(tmp_path):
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700 if embedded._account() else 0o500)
    with pytest.raises(embedded.EmbeddedError, match="--data"):
        embedded.start(closed / "data")


def test_a_failed_start_says_why(data):
    with pytest.raises(embedded.EmbeddedError, match="shared_buffers"):
        embedded.start(data, settings={"shared_buffers": "lots"})


def test_a_lock_ends_with_its_process(tmp_path):
    file = tmp_path / "lock"
    code = f"from daftar.config import embedded\nwith embedded.locked({str(file)!r}): print(1, flush=True); input()"
    holder = subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    with holder:
        holder.stdout.readline()
        with embedded.locked(file, wait=False) as mine:
            assert not mine
        holder.kill()
    began = time.monotonic()
    with embedded.locked(file) as mine:
        assert mine
    assert time.monotonic() - began < 1
