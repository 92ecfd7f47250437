"""The words after `python3 manage.py`: up, down, backup, restore, test and so on; any other is a Django command."""

from __future__ import annotations

import argparse
import http.client
import json
import os
import shlex
import signal
import socket
import sys
import time
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg

from daftar.config import archive, backup, drill, embedded, restore, testing
from daftar.config.env import ENV
from daftar.config.supervise import DJANGO, ROOT, StopFlag, Supervisor, in_front, stop_leftovers, surroundings
from daftar.tuition import quote

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from contextlib import AbstractContextManager

FIRST_EPHEMERAL_PORT = 32768
UNANSWERED = 60.0
# As argparse answers a wrong command.
REFUSED = 2
# These look at code only.
WITHOUT_DATABASE = {
    "check", "collectstatic", "compilemessages", "diffsettings", "findstatic", "help", "makemessages",
    "sendtestemail", "version", "--version",
}  # fmt: skip
# Tables are made by their owner, not by the application.
AS_OWNER = {"dbshell", "migrate"}
COMMANDS = ROOT / "daftar" / "management" / "commands"
# Our own commands may be the first that a fresh data folder sees.
TABLES = [*DJANGO, "migrate", "--database", "owner", "--no-input", "--verbosity", "0"]


def say(text: str) -> None:
    """Tells the person at the terminal."""
    print(text, flush=True)


def main(arguments: list[str]) -> int:
    """Exit status of one command."""
    word, *rest = arguments or ["up"]
    words = {
        "up": up, "down": down, "backup": make_backup, "restore-point": name_point, "restore": bring_back,
        "drill": try_backup, "test": testing.test, "bench": bench, "quote": quote_facts,
        "check-code": testing.check_code, "messages": messages,
    }  # fmt: skip
    if os.environ.get("DAFTAR_BACKUPS"):  # the processes of `up` run in another folder
        os.environ["DAFTAR_BACKUPS"] = str(Path(os.environ["DAFTAR_BACKUPS"]).absolute())
    try:
        return words[word](rest) if word in words else django_command(word, rest)
    except embedded.EmbeddedError as wrong:
        print(wrong, file=sys.stderr)
        return 1


def up(arguments: list[str]) -> int:
    """Runs the whole installation until it is asked to stop."""
    options = _options("up", arguments)
    embedded.make_folder(options.data)
    with embedded.locked(options.data / "up.lock", wait=False) as mine:
        if mine:
            return _Installation(options.data, options.port, demo=not options.no_demo).run()
    port = _state(options.data).get("port", options.port)
    say(f"Daftar is running already, on this data folder: http://127.0.0.1:{port}/ (python3 manage.py down stops it)")
    return 0


def down(arguments: list[str]) -> int:
    """Stops an `up`, or what one left that was killed."""
    data: Path = _options("down", arguments).data
    stopped = []
    if data.exists():
        with embedded.locked(data / "up.lock", wait=False) as mine:
            if not mine:
                os.kill(int(_state(data)["pid"]), signal.SIGTERM)
                stopped.append("up")
        with embedded.locked(data / "up.lock"):
            stopped += stop_leftovers(data)
            if embedded.stop(data):
                stopped.append("database")
            _state_file(data).unlink(missing_ok=True)
    say(f"Stopped: {', '.join(stopped)}." if stopped else f"Nothing of Daftar runs on {data}.")
    return 0


def make_backup(arguments: list[str]) -> int:
    """Makes a backup and says where it is."""
    options = _options("backup", arguments)
    with _database_or(os.environ.get("DATABASE_URL"), options.data):
        made = backup.backup(options.data, os.environ.get("DATABASE_URL", ""), options.keep)
    say(f"Backup: {made}")
    if not (made / "secret-key").exists():
        say("The key in DAFTAR_SECRET_KEY is not in it: keep that yourself.")
    say("Whoever has it has everything: all persons, all money, and the key. Copy it elsewhere, encrypted.")
    return 0


def name_point(arguments: list[str]) -> int:
    """Names this moment, so that it can be restored."""
    options = _options("restore-point", arguments)
    if os.environ.get("DATABASE_URL"):
        say(
            "With DATABASE_URL, points are named with the tools of your server: SELECT pg_create_restore_point('name')."
        )
        return 1
    with _database(options.data):
        reached = backup.restore_point(options.data, options.name)
    say(f"Named: {options.name}" if reached else f"Named: {options.name}, but the archive has not got there yet.")
    return 0 if reached else 1


def bring_back(arguments: list[str]) -> int:
    """Restores a backup and proves its books."""
    options, url = _options("restore", arguments), os.environ.get("DATABASE_URL")
    if url:
        used = restore.restore_dump(options.backup, options.data, url)
        is_right, said = restore.check_database(options.data, url)
    else:
        used = restore.restore(options.backup, options.data, options.to)
        is_right, said = restore.check_books(options.data, backup.read(used))
    say(f"Restored {used}, made by Daftar {backup.read(used).version}, into {options.data}.")
    say(said)
    say(f"Start it with: {shlex.join(['python3', 'manage.py', 'up', '--data', str(options.data)])}")
    return 0 if is_right else 1


def try_backup(arguments: list[str]) -> int:
    """Restores the last backup into a folder of its own, proves its books, removes it and notes the day."""
    data: Path = _options("drill", arguments).data
    outcome = drill.drill(data, os.environ.get("DATABASE_URL", ""))
    say(f"{'Restored and proved' if outcome.is_right else 'FAILED'}: {outcome.backup}. {outcome.said}")
    return 0 if outcome.is_right else 1


def quote_facts(arguments: list[str]) -> int:
    """Prints what the pricing rules say about a file of facts, or about standard input (`-`); needs no database."""
    parser = argparse.ArgumentParser(prog="daftar quote", description=quote_facts.__doc__)
    parser.add_argument("file", metavar="FACTS.json", help="what is known of a student; - reads standard input")
    file = parser.parse_args(arguments).file
    try:
        content = sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
        said = quote.quote(content)
    except OSError as wrong:
        print(f"{file}: {wrong.strerror}", file=sys.stderr)
        return REFUSED
    except quote.WrongFile as wrong:
        print(wrong, file=sys.stderr)
        return REFUSED
    say(said)
    return 0


def messages(arguments: list[str]) -> int:
    """Gathers the texts to translate and compiles the translations."""
    return in_front([sys.executable, "-m", "daftar.config.messages", *arguments], surroundings())


def bench(arguments: list[str]) -> int:
    """Measures on a database of its own, which waits for its disk like a real one, or on the one DATABASE_URL names."""
    with testing.throwaway(settings={}) as own:
        env = surroundings(**own)
        return in_front(TABLES, env) or in_front([*DJANGO, "bench", *arguments], env, Path.cwd())


def django_command(word: str, arguments: list[str]) -> int:
    """Exit status of a Django command, run with the database it needs."""
    options, rest = _parser(word, add_help=False).parse_known_args(arguments)
    module = word.replace("-", "_")
    if (COMMANDS / f"{module}.py").exists():
        word = module
    if word in AS_OWNER and not any(argument.startswith("--database") for argument in rest):
        rest += ["--database", "owner"]
    command = [*DJANGO, word, *rest]
    if word == "makemigrations":  # asks every database about its history, and can do without an answer
        return in_front(command, surroundings(DAFTAR_DATA=str(options.data), **testing.NO_DATABASE))
    if word in WITHOUT_DATABASE or {"--help", "-h"} & set(rest) or os.environ.get("DATABASE_URL"):
        return in_front(command, surroundings(DAFTAR_DATA=str(options.data)))
    with _database(options.data) as url:
        own = {"DATABASE_URL": url, "DAFTAR_DATA": str(options.data), "DAFTAR_SECRET_KEY": _key(options.data)}
        if (COMMANDS / f"{word}.py").exists() and (code := in_front(TABLES, surroundings(**own))):
            return code
        return in_front(command, surroundings(**own))


@dataclass
class _Installation:
    """One `up`, which has the lock of its data folder."""

    data: Path
    port: int
    demo: bool
    server: embedded.Server | None = None
    ours: bool = False
    database_due: float = 0.0
    complaint: str = ""
    announced: bool = False
    began: float = field(default_factory=time.monotonic)

    def run(self) -> int:
        stop = StopFlag().catch()
        before = _state(self.data).get("database")
        self._remember(before)
        for name in stop_leftovers(self.data):
            say(f"Ended {name}, which a killed `up` had left.")
        if not _free(self.port):
            return self._port_taken()
        try:
            env = self._start_database(before)
            supervisor = Supervisor(self.data, _children(self.port, keeps=self.server is not None), env, say)
            prepare = [sys.executable, "-m", "daftar.config.prepare", *(["--demo"] if self.demo else [])]
            code = supervisor.once("prepare", prepare, stop)
            if code and not stop.asked:
                print("The tables could not be prepared; the lines above say why.", file=sys.stderr)
                return 1
            supervisor.run(stop, self._turn)
        finally:
            if self.ours:
                _archive_the_rest(self.data)
                embedded.stop(self.data)
            _state_file(self.data).unlink(missing_ok=True)
        return 0

    def _start_database(self, before: int | None) -> dict[str, str]:
        """The children's environment, once there is a database for them."""
        url = os.environ.get("DATABASE_URL")
        if not url:
            self.server = embedded.start(self.data)
            url = self.server.url
            # A database whose `up` was killed is ours to stop, like one we started.
            self.ours = self.server.started_here or self.server.pid == before
            self._remember(self.server.pid)
        return surroundings(
            DATABASE_URL=url,
            DAFTAR_DATA=str(self.data),
            DAFTAR_PORT=str(self.port),
            DAFTAR_SECRET_KEY=_key(self.data),
            DAFTAR_DEMO_LOGINS="1" if self.demo else "0",
            DAFTAR_LOG=os.environ.get("DAFTAR_LOG") or ("text" if sys.stderr.isatty() else "json"),
        )

    def _turn(self) -> None:
        now = time.monotonic()
        if self.server and now >= self.database_due:
            self.database_due = now + 0.25
            self._watch_database(self.server)
        if not self.announced and _answers(self.port):
            self.announced = True
            say(f"Daftar answers at http://127.0.0.1:{self.port}/ (Ctrl-C stops it)")
        elif not self.announced and now - self.began > UNANSWERED:
            self.began = now
            say(f"Port {self.port} does not answer yet; the lines above may say why.")

    def _watch_database(self, server: embedded.Server) -> None:
        if server.alive():
            return
        try:
            self.server = embedded.start(self.data)
        except embedded.EmbeddedError as wrong:
            if str(wrong) != self.complaint:
                say(str(wrong))
            self.complaint = str(wrong)
        else:
            self.ours = True
            self._remember(self.server.pid)
            say("The database ended; it was started again.")

    def _remember(self, database: int | None) -> None:
        text = json.dumps({"pid": os.getpid(), "port": self.port, "database": database})
        _state_file(self.data).write_text(text, encoding="utf-8")

    def _port_taken(self) -> int:
        port = next((port for port in range(self.port + 1, FIRST_EPHEMERAL_PORT) if _free(port)), 8000)
        words = ["python3", "manage.py", "up", "--port", str(port)]
        words += ["--data", str(self.data)] if self.data != _default_data() else []
        words += [] if self.demo else ["--no-demo"]
        print(f"Port {self.port} is taken by another program. Free is: {shlex.join(words)}", file=sys.stderr)
        return 1


def web_server(port: int, application: str = "daftar.config.wsgi:application") -> list[str]:
    """The command of the web server."""
    log = ["--log-config", str(Path(__file__).with_name("server_log.json"))]
    web = ["granian", "--interface", "wsgi", "--host", "127.0.0.1", "--port", str(port), "--workers", "1"]
    return [sys.executable, "-m", *web, "--blocking-threads", "4", "--log-level", "warning", *log, application]


def _children(port: int, *, keeps: bool) -> dict[str, list[str]]:
    keeper = {"keeper": [sys.executable, "-m", "daftar.config.keeper"]} if keeps and ENV.backup_keep else {}
    return {"web": web_server(port), "worker": [*DJANGO, "worker"], **keeper}


def _archive_the_rest(data: Path) -> None:
    """What was done in the last moments is in the archive too before the database ends."""
    server = embedded.status(data)
    with suppress(embedded.EmbeddedError, psycopg.Error, OSError):
        folder = archive.folder_of(data)
        if server and backup.backups(folder):
            archive.catch_up(folder, server, patience=archive.PATIENCE_AT_THE_END)


def _database_or(url: str | None, data: Path) -> AbstractContextManager[str]:
    return nullcontext(url) if url else _database(data)


@contextmanager
def _database(data: Path) -> Iterator[str]:
    """Address of the data folder's database, which is stopped afterwards if nothing else started or needs it."""
    server = embedded.start(data)
    try:
        yield server.url
    finally:
        if server.started_here:
            with embedded.locked(data / "up.lock", wait=False) as no_up:
                if no_up:
                    server.stop()


def _key(data: Path) -> str:
    return os.environ.get("DAFTAR_SECRET_KEY") or embedded.kept_secret(data / "secret-key")


def _parser(word: str, *, add_help: bool = True) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog=f"manage.py {word}", allow_abbrev=False, add_help=add_help)
    parser.add_argument(
        "--data", type=lambda text: Path(text).resolve(), default=_default_data(), help="data folder (%(default)s)"
    )
    return parser


def _options(word: str, arguments: list[str]) -> argparse.Namespace:
    parser = _parser(word)
    if word == "up":
        port = os.environ.get("DAFTAR_PORT", "8000")
        parser.add_argument("--port", type=_port, default=port, help="port on 127.0.0.1 (%(default)s)")
        parser.add_argument("--no-demo", action="store_true", help="no demo centre and no demo logins")
    elif word == "backup":
        parser.add_argument(
            "--keep", type=int, default=ENV.backup_keep or backup.KEPT, help="backups kept (%(default)s)"
        )
    elif word == "restore-point":
        parser.add_argument("name")
    elif word == "restore":
        parser.add_argument("backup", type=lambda text: Path(text).resolve(), help="a backup, or a folder of them")
        parser.add_argument("--to", default="", help="a named point, or a moment: 2026-11-25T16:00:00+05:00")
    return parser.parse_args(arguments)


def _port(text: str) -> int:
    if text.isascii() and text.isdigit() and 0 < int(text) < 2**16:
        return int(text)
    raise argparse.ArgumentTypeError(f"{text!r} is not a port: a number from 1 to 65535 is")


def _default_data() -> Path:
    if os.environ.get("DAFTAR_DATA"):
        return Path(os.environ["DAFTAR_DATA"]).resolve()
    root = sys.platform != "win32" and os.geteuid() == 0
    return Path("/var/lib/daftar") if root else ROOT / "var"


def _state_file(data: Path) -> Path:
    return data / "up.json"


def _state(data: Path) -> Mapping[str, Any]:
    """What the last `up` of the folder noted about itself; it is there still if that one was killed."""
    with suppress(OSError, ValueError):
        noted: dict[str, Any] = json.loads(_state_file(data).read_text(encoding="utf-8"))
        return noted
    return {}


def _free(port: int) -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        if sys.platform != "win32":  # connections that are just closing do not count
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def _answers(port: int) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=1)
    try:
        connection.request("GET", "/health/live")
        return connection.getresponse().status == http.HTTPStatus.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
