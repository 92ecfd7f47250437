"""The database as compose.yaml sets it up, on the embedded programs: its roles, tables, archive, and the way back.

What stays unproved is the engine itself: images, volumes, networks.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import time
from pathlib import Path

import psycopg
import pytest
import yaml

from daftar.config import embedded
from tests.crash.installation import Installation, _free_port, _surroundings

pytestmark = [pytest.mark.crash, pytest.mark.skipif(os.name == "nt", reason="a shell is needed")]
ROOT = Path(__file__).resolve().parents[2]
SERVICES = yaml.safe_load((ROOT / "compose.yaml").read_text())["services"]
SERVICE = SERVICES["database"]
DOCKERFILE = (ROOT / "Dockerfile").read_text()
SECRETS = {"OWNER_PASSWORD": "a" * 64, "APP_PASSWORD": "b" * 64}


class Database:
    """A PostgreSQL of somebody's own, whose superuser can connect."""

    def __init__(self, folder: Path) -> None:
        self.cluster, self.folder = embedded.Cluster(folder), folder
        self.port = 5432

    def make(self, options: list[str]) -> None:
        self.cluster.postgres.mkdir()
        self.cluster.give(self.cluster.postgres, 0o700)
        flags = ["-U", "postgres", "-E", "UTF8", "-k", "--auth=trust", "--no-sync"]
        self.cluster.call("initdb", "-D", self.cluster.postgres, *flags, "--locale=C")
        self.start(options)

    def start(self, options: list[str], folder: Path | None = None) -> None:
        words = " ".join(shlex.quote(word) for word in [*options, "-h", "", "-k", str(self.folder / "run")])
        where = folder or self.cluster.postgres
        self.cluster.call("pg_ctl", "-D", where, "-l", self.folder / "run" / "log", "-w", "-o", words, "start")

    def stop(self, folder: Path | None = None, mode: str = "fast") -> None:
        self.cluster.run(self.cluster.programs() / "pg_ctl", "-D", folder or self.cluster.postgres, "-m", mode, "stop")

    def url(self, role: str, name: str = "daftar", password: str = "x") -> str:
        return f"postgresql://{role}:{password}@/{name}?host={self.folder / 'run'}&port={self.port}"


@pytest.fixture
def database():
    installation = Installation()  # for its folder only
    folder = installation.data
    embedded.make_folder(folder)
    made = Database(folder)
    for name in ("run", "archive"):
        (folder / name).mkdir()
        made.cluster.give(folder / name, 0o700)
    yield made
    made.stop(mode="immediate")
    made.stop(folder / "again", mode="immediate")
    shutil.rmtree(installation.folder, ignore_errors=True)


def options(archive: Path) -> list[str]:
    return [word.replace("/archive", str(archive)) for word in SERVICE["command"][1:]]


def run(*words, **env: str) -> str:
    done = subprocess.run(
        [str(word) for word in words], env=_surroundings(**env), cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def test_roles_tables_and_archive_are_as_promised_and_lead_back_to_a_point(database):
    database.make(options(database.folder / "archive"))
    psql = str(database.cluster.programs()) + os.pathsep + os.environ["PATH"]
    run("sh", "deploy/roles.sh", PATH=psql, PGHOST=str(database.folder / "run"), **SECRETS)
    owner, app = database.url("daftar"), database.url("daftar_app")
    data = str(database.folder / "files")
    run(sys.executable, "-m", "daftar.config.prepare", DATABASE_URL=owner, DAFTAR_DATA=data, **settings_module())
    serve = "import django; django.setup(); from daftar.config.walls import refuse_unsafe_role as r; r()"
    run(sys.executable, "-c", serve, DATABASE_APP_URL=app, DAFTAR_DATA=data, **settings_module())
    with psycopg.connect(app) as connection:
        owned = "SELECT count(*) FROM pg_class WHERE relowner = current_user::regrole"
        assert connection.execute(owned).fetchone() == (0,)
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("DROP TABLE daftar_payment")

    plain = {"DATABASE_APP_URL": app, "DAFTAR_SECRET_KEY": "k" * 64, "DAFTAR_HOSTS": "127.0.0.1", **settings_module()}
    web_and_worker_become_healthy(data, plain)

    base = database.folder / "again"
    base.mkdir()
    database.cluster.give(base, 0o700)
    database.cluster.call(
        "pg_basebackup", "-h", database.folder / "run", "-U", "postgres", "-D", base, "--checkpoint=fast"
    )
    with psycopg.connect(database.url("postgres", "postgres"), autocommit=True) as connection:
        connection.execute("CREATE TABLE kept (n int)")
        connection.execute("SELECT pg_create_restore_point('here')")
        connection.execute("DROP TABLE kept")
        segment = connection.execute("SELECT pg_walfile_name(pg_switch_wal())").fetchone()[0]
        end = time.monotonic() + 30
        while not (database.folder / "archive" / segment).exists():
            assert time.monotonic() < end, "the archive command does not work"
            time.sleep(0.1)
    assert not list((database.folder / "archive").glob(".*")), "nothing half-written is left"
    database.stop()

    signal = base / "recovery.signal"
    signal.touch()
    database.cluster.give(signal, 0o600)
    back = [f"--restore_command=cp {database.folder}/archive/%f %p", "--recovery_target_name=here"]
    database.start([*back, "--recovery_target_action=promote"], base)
    with psycopg.connect(database.url("postgres", "postgres")) as connection:
        assert connection.execute("SELECT to_regclass('kept')").fetchone()[0] == "kept"


def web_and_worker_become_healthy(data: str, env: dict[str, str]) -> None:
    """By the very words of the image, but for its folder and its port."""
    port = _free_port()
    serve = json.loads("[" + DOCKERFILE.rpartition("\nCMD [")[2].replace("\\\n", ""))
    serve = [
        word.replace("/app", str(ROOT)).replace("0.0.0.0", "127.0.0.1").replace("8000", str(port)) for word in serve
    ]
    check = json.loads(re.search(r"CMD (\[\"python\", \"-c\".*\])", DOCKERFILE)[1])[2].replace("8000", str(port))
    started = []
    try:
        for words in (serve[1:], SERVICES["worker"]["command"][1:]):
            surroundings = _surroundings(DAFTAR_DATA=data, **env)
            started.append(
                subprocess.Popen([sys.executable, *words], env=surroundings, cwd=ROOT, start_new_session=True)
            )
        end = time.monotonic() + 60
        while subprocess.run([sys.executable, "-c", check], capture_output=True, check=False).returncode:
            assert time.monotonic() < end, "it never becomes healthy"
            time.sleep(0.5)
    finally:
        for process in started:
            process.terminate()
        for process in started:
            process.wait(30)


def settings_module() -> dict[str, str]:
    return {"DJANGO_SETTINGS_MODULE": "daftar.config.settings"}
