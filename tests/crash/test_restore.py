"""A backup is one only if it was restored: to a named point, exactly, with files and key; and damage is noticed."""

from __future__ import annotations

import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import pytest

from daftar.config import archive, backup, drill, embedded, keeper, restore
from daftar.config.archive import BackupError
from tests.crash.clients import Browser
from tests.crash.installation import ROOT, Installation, _surroundings
from tests.crash.killing import Killer

pytestmark = [
    pytest.mark.crash,
    pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="processes are found in /proc"),
]
KILLS = 8
PAYMENTS = "SELECT number, amount, idempotency_key FROM daftar_payment ORDER BY id"
FORTY_MEGABYTES = "CREATE TABLE ballast AS SELECT n, repeat(md5(n::text), 8) AS text FROM generate_series(1, 150000) n"
MOST_LOST = 3
# Nothing here has to outlive the power.
QUICK = restore.FORGETFUL


class Cashier:
    """Takes payments through the web server of an installation."""

    def __init__(self, installation, centre) -> None:
        self.browser, self.centre, self.keys = Browser(installation.port), centre, []
        self.browser.get("/login/")
        assert (
            self.browser.post("/login/", [("login", centre["login"]), ("password", centre["password"])]).status == 302
        )

    def takes(self, number: int) -> None:
        for _ in range(number):
            key = f"drill-{len(self.keys)}"
            fields = [
                ("student", self.centre["students"][0]), ("amount", 1000 + len(self.keys)), ("note", ""), ("key", key),
                ("desk_id", self.centre["desks"][0]), ("paid_on", self.centre["today"]),
            ]  # fmt: skip
            assert self.browser.post(f"/{self.centre['slug']}/payments/new/", fields).status == 302
            self.keys.append(key)


def rows(url: str, statement: str = PAYMENTS) -> list[tuple]:
    with psycopg.connect(url, autocommit=True) as connection:
        return connection.execute(statement).fetchall()


def do(url: str, statement: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(statement)


def cli(*words, **more: str) -> tuple[int, str]:
    done = subprocess.run(
        [sys.executable, "-m", "daftar.config.cli", *map(str, words)],
        env=_surroundings(**more), cwd="/", capture_output=True, text=True, check=False,
    )  # fmt: skip
    return done.returncode, done.stdout + done.stderr


def uploaded(data: Path, name: str, content: bytes) -> None:
    file = data / "files" / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(content)


# --- all of it, as a person does it ---------------------------------------------------------------------------------


def test_a_centre_is_brought_back_to_the_named_point_exactly(capsys):
    with Installation() as installation:
        data = installation.data
        centre = installation.centre("make")
        cashier = Cashier(installation, centre)
        cashier.takes(4)
        uploaded(data, "contracts/one.pdf", b"first" * 999)
        code, said = installation.command("backup")
        assert code == 0, said
        cashier.takes(5)
        uploaded(data, "contracts/two.pdf", b"second" * 999)
        code, said = installation.command("restore-point", "before-the-mistake")
        assert code == 0, said
        kept = rows(installation.url())
        cashier.takes(3)
        do(installation.url(), "DROP TABLE daftar_transfer CASCADE")
        again = installation.folder / "again"
        code, said = cli("restore", data / "backups", "--to", "before-the-mistake", "--data", again)
        assert code == 0, said
        assert "0 accounts drifted, 0 rules broken" in said

        restored = Installation()
        restored.data = again
        with restored:
            assert len(kept) == 9
            assert rows(restored.url()) == kept, "the payments before the point, and no other"
            assert rows(restored.url(), "SELECT count(*) FROM daftar_transfer"), "the table is back"
            assert {file.name: file.read_bytes() for file in (again / "files").rglob("*.pdf")} == {
                file.name: file.read_bytes() for file in (data / "files").rglob("*.pdf")
            }
            cashier.browser.port = restored.port
            assert cashier.browser.get(f"/{centre['slug']}/payments/").status == 200, "who was signed in still is"
            Cashier(restored, centre).takes(1)
            owned = "SELECT count(*) FROM pg_class WHERE relname LIKE 'daftar\\_%' AND relowner = 'daftar_app'::regrole"
            assert rows(restored.url(), owned) == [(0,)]
            assert rows(
                restored.url(), "SELECT rolsuper OR rolbypassrls FROM pg_roles WHERE rolname = 'daftar_app'"
            ) == [(False,)]
        code, said = installation.command("drill")
        assert code == 1, "check-ledger needs the dropped table, so this drill must be red"
        assert not drill.last(data / "backups").is_right


@pytest.mark.release
def test_what_is_lost_with_the_machine_is_counted(capsys):
    """Database and keeper die in one instant; then only the folder of backups is left."""
    with Installation() as installation:
        centre = installation.centre("make")
        cashier = Cashier(installation, centre)
        assert installation.command("backup")[0] == 0
        backups = installation.data / "backups"
        installation.wait_until(lambda: list(backups.glob("wal-1/*.partial")), "nobody follows the database")
        cashier.takes(60)
        killer = Killer(installation.data, random.Random(1))
        installation.kill()
        for pid in killer._members("keeper"):
            os.kill(pid, signal.SIGKILL)
        assert killer.kill("database")
        saved = installation.folder / "saved"
        shutil.copytree(backups, saved)
        used = restore.restore(saved, installation.folder / "again")
        is_right, said = restore.check_books(installation.folder / "again", backup.read(used))
        assert is_right, said
        server = embedded.start(installation.folder / "again")
        found = {key for _number, _amount, key in rows(server.url)}
        server.stop()
        lost = [key for key in cashier.keys if key not in found]
        with capsys.disabled():
            print(f"\nlost with the machine: {len(lost)} of {len(cashier.keys)} answered payments")
        assert len(lost) <= MOST_LOST
        assert lost == cashier.keys[len(cashier.keys) - len(lost) :], "and only the last ones"


# --- what must be noticed ---------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def house():
    """A centre whose database runs without `up`: one backup, one point, and some archived segments after them.

    Tests leave its backups as they are; those that make some do it in the `workshop`.
    """
    yield from a_house()


@pytest.fixture(scope="module")
def workshop():
    yield from a_house()


def a_house():
    installation = Installation()
    try:
        server = embedded.start(installation.data, settings=QUICK)
        assert installation.command("check-ledger")[0] == 0
        installation.centre("make")
        uploaded(installation.data, "one.pdf", b"contract")
        folder = archive.folder_of(installation.data)
        backup.backup(installation.data)
        do(server.url, FORTY_MEGABYTES)
        assert backup.restore_point(installation.data, "ballast")
        assert archive.catch_up(folder, server)
        yield installation
    finally:
        embedded.stop(installation.data, "immediate")
        shutil.rmtree(installation.folder, ignore_errors=True)


@pytest.fixture
def copy(house):
    """A copy of the folder of backups, to be spoilt."""
    folder = house.folder / "copy"
    shutil.copytree(house.data / "backups", folder)
    yield folder
    shutil.rmtree(folder)
    shutil.rmtree(house.folder / "again", ignore_errors=True)


def spoil(file: Path, place: float = 0.5) -> None:
    with file.open("r+b") as handle:
        at = int(file.stat().st_size * place)
        handle.seek(at)
        byte = handle.read(1)
        handle.seek(at)
        handle.write(bytes([byte[0] ^ 0xFF]))


def only(folder: Path, pattern: str) -> Path:
    return max(folder.glob(pattern))


def remove(file: Path) -> None:
    file.unlink()


DAMAGE = {
    "the base": lambda folder: spoil(only(folder, "2*/database/base.tar.gz")),
    "its changes": lambda folder: spoil(only(folder, "2*/database/pg_wal.tar.gz")),
    "an upload": lambda folder: spoil(only(folder, "2*/files/one.pdf")),
    "the key": lambda folder: remove(only(folder, "2*/secret-key")),
    "an archived segment": lambda folder: spoil(sorted(folder.glob("wal-1/*.gz"))[-2]),
    "half a segment": lambda folder: os.truncate(sorted(folder.glob("wal-1/*.gz"))[-2], 9000),
    "a gap": lambda folder: remove(sorted(folder.glob("wal-1/*.gz"))[-2]),
    "an extra file": lambda folder: (only(folder, "2*") / "extra").write_text("x"),
}


@pytest.mark.release
def test_the_undamaged_copy_is_restored(house, copy):
    used = restore.restore(copy, house.folder / "again", settings=QUICK)
    assert restore.check_books(house.folder / "again", backup.read(used))[0]
    assert (house.folder / "again" / "files" / "one.pdf").read_bytes() == b"contract"
    assert (house.folder / "again" / "secret-key").read_text() == (house.data / "secret-key").read_text()


@pytest.mark.parametrize("what", DAMAGE)
@pytest.mark.release
def test_damage_is_noticed_and_leaves_nothing_behind(house, copy, what):
    DAMAGE[what](copy)
    with pytest.raises(BackupError, match=r"damaged|gap"):
        restore.restore(copy, house.folder / "again", settings=QUICK)
    assert not (house.folder / "again").exists()
    assert not list(house.folder.glob(".again*"))


@pytest.mark.release
def test_a_drill_over_damage_is_red_and_says_so_until_one_is_green(house):
    file = only(house.data / "backups", "2*/database/base.tar.gz")
    spoil(file)
    try:
        code, said = house.command("drill")
    finally:
        spoil(file)
    assert code == 1
    assert "FAILED" in said
    code, said = house.command("drill")
    assert code == 0, said
    assert drill.last(house.data / "backups").is_right
    assert not list(house.data.glob(".drill-*"))


@pytest.mark.release
def test_a_restore_to_a_point_does_not_need_what_came_after_it(house, copy):
    said = json.loads((copy / "points/ballast/daftar.json").read_text())
    for file in (copy / "wal-1").iterdir():
        if archive.place(file) > archive.lsn(said["position"]):
            file.unlink()
    restore.restore(copy, house.folder / "again", to="ballast", settings=QUICK)
    server = embedded.start(house.folder / "again")
    assert rows(server.url, "SELECT count(*) FROM ballast") == [(150000,)]
    server.stop()


@pytest.mark.release
def test_a_moment_is_restored_too(house, copy):
    about = backup.read(backups_of(copy)[0])
    before = datetime.fromisoformat(about.made_at) + timedelta(milliseconds=1)
    restore.restore(copy, house.folder / "again", to=before.isoformat(), settings=QUICK)
    server = embedded.start(house.folder / "again")
    assert rows(server.url, "SELECT to_regclass('ballast')") == [(None,)]
    server.stop()
    for wrong, why in (
        ("2026-13-45T00:00", "no moment"),
        ("2026-11-25T10:00", "time zone"),
        ("2001-01-01T00:00Z", "no b"),
    ):
        with pytest.raises(BackupError, match=why):
            restore.restore(copy, house.folder / "other", to=wrong)


def backups_of(folder: Path) -> list[Path]:
    return backup.backups(folder)


@pytest.mark.release
def test_nothing_is_restored_over_something_nor_from_a_newer_version(house, copy):
    with pytest.raises(BackupError, match="not empty"):
        restore.restore(copy, house.data)
    with pytest.raises(BackupError, match="no point nowhere.*Known: ballast"):
        restore.restore(copy, house.folder / "again", to="nowhere")
    file = only(copy, "2*/daftar.json")
    file.write_text(file.read_text().replace(backup.migration(), "9999_later"))
    with pytest.raises(BackupError, match="newer than this one"):
        restore.restore(copy, house.folder / "again", settings=QUICK)


@pytest.mark.release
def test_a_folder_of_backups_belongs_to_one_installation(house, monkeypatch, tmp_path):
    monkeypatch.setenv("DAFTAR_BACKUPS", str(house.data / "backups"))
    with pytest.raises(BackupError, match="another installation"):
        archive.folder_of(tmp_path)


@pytest.mark.release
def test_only_the_owner_can_read_any_of_it(house):
    found = list((house.data / "backups").rglob("*"))
    assert found
    assert not [path for path in found if path.stat().st_mode & 0o077]


@pytest.mark.release
def test_a_backup_that_is_killed_is_none_and_the_next_clears_it_away(workshop):
    house = workshop
    folder, choose = house.data / "backups", random.Random(5)
    for _ in range(KILLS):
        words = [sys.executable, "-m", "daftar.config.cli", "backup", "--data", str(house.data)]
        process = subprocess.Popen(
            words, env=_surroundings(), cwd="/", start_new_session=True, stdout=subprocess.DEVNULL
        )
        time.sleep(choose.uniform(0.3, 1.3))
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        for path in backup.backups(folder):
            restore.check(path)
    backup.backup(house.data)
    assert not list(folder.glob(f"{backup.UNFINISHED}*"))


@pytest.mark.release
def test_old_backups_and_the_changes_before_them_go(workshop):
    data, folder = workshop.data, workshop.data / "backups"
    backup.backup(data)
    (first, *_), began = backup.backups(folder), time.monotonic()
    do(embedded.status(data).url, FORTY_MEGABYTES.replace("ballast", f"ballast{int(began * 1000)}"))
    assert backup.restore_point(data, f"p{int(began * 1000)}")
    before = {file.name for file in folder.glob("wal-1/*.gz")}
    for _ in range(3):
        backup.backup(data, keep=2)
    assert len(backup.backups(folder)) == 2
    assert not first.exists()
    assert len(before - {file.name for file in folder.glob("wal-1/*.gz")}) >= 2
    assert not list(folder.glob("points/*")), "nothing is left that could be restored up to it"
    assert drill.drill(data).is_right


# --- the keeper ---------------------------------------------------------------------------------------------------


@pytest.mark.release
def test_the_keeper_backs_up_once_a_day_and_drills_once_a_week(workshop):
    house = workshop
    folder, now = house.data / "backups", datetime.now(UTC)
    backup.backup(house.data)
    keeper.keep(house.data, now)
    newest, drilled = backup.backups(folder)[-1], drill.last(folder)
    keeper.keep(house.data, now + timedelta(hours=23))
    assert (backup.backups(folder)[-1], drill.last(folder)) == (newest, drilled)
    keeper.keep(house.data, now + timedelta(hours=25))
    assert backup.backups(folder)[-1] != newest
    assert drill.last(folder) == drilled
    keeper.keep(house.data, now + timedelta(days=8))
    assert drill.last(folder) != drilled


@pytest.mark.release
def test_an_archive_that_could_not_keep_up_does_not_stop_the_database_and_begins_anew():
    installation = Installation()
    small = {"max_slot_wal_keep_size": "128MB", "max_wal_size": "64MB", "min_wal_size": "32MB"}
    try:
        server = embedded.start(installation.data, settings={**QUICK, **small})
        assert installation.command("check-ledger")[0] == 0
        folder = archive.folder_of(installation.data)
        backup.backup(installation.data)
        assert backup.restore_point(installation.data, "good")
        lost = "SELECT count(*) FROM pg_replication_slots WHERE wal_status = 'lost'"
        for number in range(20):
            if rows(server.url, lost) != [(0,)]:
                break
            do(server.url, FORTY_MEGABYTES.replace("ballast", f"ballast{number}"))
        assert rows(server.url, lost) == [(1,)]

        receiving = keeper.follow(installation.data)
        assert archive.archives(folder)[0].name == "wal-1"
        assert backup.read(backup.backups(folder)[-1]).archive == archive.archives(folder)[-1].name != "wal-1"
        assert archive.catch_up(folder, server)
        receiving.terminate()
        receiving.communicate()
        assert drill.drill(installation.data).is_right
        restore.restore(folder, installation.folder / "again", to="good", settings=QUICK)
    finally:
        embedded.stop(installation.data, "immediate")
        shutil.rmtree(installation.folder, ignore_errors=True)


# --- a PostgreSQL of one's own ----------------------------------------------------------------------------------------


@pytest.mark.release
def test_a_database_of_ones_own_is_dumped_whole_and_restored_into_an_empty_one(house):
    server, data = embedded.start(house.data), house.folder / "own"
    do(server.url, "CREATE DATABASE empty")
    theirs = server.url.replace("/daftar?", "/empty?")
    key = {"DAFTAR_SECRET_KEY": "k" * 64}
    uploaded(data, "one.pdf", b"contract")
    code, said = cli("backup", "--data", data, DATABASE_URL=server.url, **key)
    assert code == 0, said
    assert "keep that yourself" in said
    code, said = cli("drill", "--data", data, DATABASE_URL=server.url, **key)
    assert code == 0, said
    code, said = cli("restore", data / "backups", "--data", house.folder / "own2", DATABASE_URL=theirs, **key)
    assert code == 0, said
    assert "0 accounts drifted" in said
    for table in ("daftar_student", "daftar_transfer", "daftar_auditentry", "daftar_user"):
        count = f"SELECT count(*) FROM {table}"
        assert rows(theirs, count) == rows(server.url, count) != [(0,)], f"{table}: row-level security held rows back"
    assert rows(theirs, "SELECT has_table_privilege('daftar_app', 'daftar_student', 'SELECT')") == [(True,)]
    assert (house.folder / "own2" / "files" / "one.pdf").read_bytes() == b"contract"
    code, said = cli("restore", data / "backups", "--data", house.folder / "own3", DATABASE_URL=theirs, **key)
    assert code == 1
    assert "not empty" in said


# --- the handbook ---------------------------------------------------------------------------------------------------


@pytest.mark.release
def test_the_steps_of_the_handbook_work_as_they_stand(workshop):
    text = (ROOT / "docs/admin/backup.md").read_text()
    (block,) = re.findall(r"^```sh run\n(.*?)^```", text, re.DOTALL | re.MULTILINE)
    again = workshop.folder / "handbook"
    for line in block.splitlines():
        words = line.removeprefix("python3 manage.py ").replace("var/backups", str(workshop.data / "backups"))
        code, said = cli(*words.replace("/srv/again", str(again)).split(), DAFTAR_DATA=str(workshop.data))
        assert code == 0, (line, said)
    assert (again / "secret-key").exists()
