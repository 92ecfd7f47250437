"""The tests, on a throwaway database, and the checks of the code."""

from __future__ import annotations

import os
import secrets
import shutil
import subprocess
import sys
import tempfile
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from daftar.config import embedded
from daftar.config.supervise import DJANGO, ROOT, in_front, surroundings

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

MEMORY = Path("/", "dev", "shm")
ENOUGH_MEMORY = 1_000_000_000
CHROMIUMS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
MAC_CHROME = Path("/Applications/Google Chrome.app/Contents/MacOS/Google Chrome")
# Nothing of it has to survive, so nothing waits for a disk.
FORGETFUL = {
    "fsync": "off", "synchronous_commit": "off", "full_page_writes": "off", "wal_level": "minimal",
    "max_wal_senders": "0", "autovacuum": "off",
}  # fmt: skip
# For commands that ask a database and can do without an answer: refused at once.
NO_DATABASE = {
    "DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none",
    "DAFTAR_TESTING": "1",
    "PYTHONWARNINGS": "ignore:Got an error checking a consistent migration history",
}
WORDS = {
    # Without pytest-django, whose setting in pyproject.toml nobody then knows.
    "rules": ["-p", "no:django", "-W", "ignore::pytest.PytestConfigWarning"],
    "unit": ["-m", "not journey and not crash and not bench"],
    "journeys": ["-m", "journey"],
    "crash": ["-m", "crash or release"],
}
CHECKS: dict[str, tuple[list[str], Mapping[str, str]]] = {
    "ruff format": ([sys.executable, "-m", "ruff", "format", "--check", "--quiet", "."], {}),
    "ruff check": ([sys.executable, "-m", "ruff", "check", "--quiet", "--output-format", "concise", "."], {}),
    "lint-imports": ([str(Path(sys.executable).with_name("lint-imports")), "--no-logo"], {}),
    "migrations": ([*DJANGO, "makemigrations", "--check", "--dry-run"], NO_DATABASE),
    "deployment": ([*DJANGO, "check", "--deploy", "--fail-level", "WARNING"], {"DAFTAR_HTTPS": "1"}),
    "mypy": ([sys.executable, "-m", "mypy", "--no-error-summary"], {}),
}


def test(arguments: list[str]) -> int:
    """Exit status of pytest: `test [rules|unit|journeys|crash] [what pytest takes]`; alone, the checks come first."""
    if arguments and arguments[0] in WORDS:
        word, *rest = arguments
        return _words_test(word, rest)
    if arguments:
        return _pytest(arguments, _with_browser())
    if code := check_code([]):
        return code
    browser = _chromium()
    if browser is None and _in_ci():
        return _refused()
    if browser is None:
        print("No Chromium was found: THE JOURNEYS ARE SKIPPED. Debian: sudo apt-get install chromium.", flush=True)
    chosen = "not release" if browser else "not release and not journey"
    return _pytest(["-m", chosen, *_side_by_side()], {"DAFTAR_CRASH_KILLS": "10", **_named(browser)})


def _side_by_side() -> list[str]:
    """Two processes, each with a database and whole files of tests: more would measure each other."""
    return ["-n", "2", "--dist", "loadfile", "--no-loadscope-reorder"] if (os.cpu_count() or 1) > 1 else []


def check_code(_arguments: list[str]) -> int:
    """0 when formatting, lint, layers, types, migrations and deployment settings are right; all run side by side."""
    env = surroundings(DAFTAR_SECRET_KEY=secrets.token_hex(32))
    failed = []
    with ExitStack() as files:
        running = []
        for name, (command, more) in CHECKS.items():
            said = files.enter_context(tempfile.TemporaryFile())
            process = subprocess.Popen(
                command, cwd=ROOT, env={**env, **more}, stdin=subprocess.DEVNULL, stdout=said, stderr=subprocess.STDOUT
            )
            running.append((name, process, said))
        for name, process, said in running:
            if process.wait():
                failed.append(name)
                said.seek(0)
                print(said.read().decode(errors="replace"), flush=True)
            print(f"{'FAILED' if process.returncode else 'ok':6} {name}", flush=True)
    if failed:
        print(f"check-code failed: {', '.join(failed)}", flush=True)
    return 1 if failed else 0


def _words_test(word: str, rest: list[str]) -> int:
    if word == "rules":
        pure = sorted(str(path.relative_to(ROOT)) for path in ROOT.glob("daftar/*/tests/test_rules*.py"))
        pure += [path for path in ("daftar/lib/tests",) if (ROOT / path).exists()]
        command = [sys.executable, "-m", "pytest", *WORDS[word], *pure, *rest]
        return in_front(command, surroundings(DAFTAR_TESTING="1"), ROOT)
    if word == "journeys":
        browser = _chromium()
        return _pytest([*WORDS[word], *rest], _named(browser)) if browser else _refused()
    return _pytest([*WORDS[word], *rest], {"DAFTAR_CRASH_KILLS": "100"} if word == "crash" else {})


def _pytest(arguments: list[str], env: Mapping[str, str]) -> int:
    with throwaway(FORGETFUL, testing=True) as own:
        command = [sys.executable, "-m", "pytest", *arguments]
        # What the person sets wins: DAFTAR_CRASH_KILLS=1000 python3 manage.py test crash
        return in_front(command, {**env, **surroundings(**own)}, ROOT)


@contextmanager
def throwaway(settings: Mapping[str, str], *, testing: bool = False) -> Iterator[dict[str, str]]:
    """Variables of a database that is gone afterwards, unless DATABASE_URL names one."""
    base = _base() if testing else Path(tempfile.gettempdir())
    for left in base.glob("daftar-test-*"):
        _remove_left(left)
    folder = Path(tempfile.mkdtemp(prefix=f"daftar-test-{os.getpid()}-", dir=base))
    folder.chmod(0o711)  # the database's account passes through
    own = {"DAFTAR_DATA": str(folder), "DAFTAR_SECRET_KEY": secrets.token_hex(32)}
    own |= {"DAFTAR_TESTING": "1"} if testing else {}
    try:
        if os.environ.get("DATABASE_URL"):
            yield own
        else:
            yield {**own, "DATABASE_URL": embedded.start(folder, settings=settings).url}
    finally:
        embedded.stop(folder, "immediate")
        shutil.rmtree(folder, ignore_errors=True)


def _base() -> Path:
    """In memory where there is enough; a container often has 64 MB."""
    if os.access(MEMORY, os.W_OK | os.X_OK) and shutil.disk_usage(MEMORY).free > ENOUGH_MEMORY:
        return MEMORY
    return Path(tempfile.gettempdir())


def _remove_left(folder: Path) -> None:
    """Removes what a killed test run left: its process is in the name."""
    pid = folder.name.split("-")[2]
    if os.name != "posix" or not pid.isdigit():
        return
    with suppress(OSError, embedded.EmbeddedError):
        if folder.lstat().st_uid != os.geteuid():
            return
        try:
            os.kill(int(pid), 0)
        except ProcessLookupError:
            embedded.stop(folder, "immediate")
            shutil.rmtree(folder)


def _in_ci() -> bool:
    return os.environ.get("CI", "").lower() in {"1", "true"}


def _refused() -> int:
    print("No Chromium was found, and the journeys need one. Debian: sudo apt-get install chromium.", file=sys.stderr)
    return 1


def _named(browser: str | None) -> dict[str, str]:
    return {"DAFTAR_CHROMIUM": browser} if browser else {}


def _with_browser() -> dict[str, str]:
    return _named(_installed_chromium())


def _installed_chromium() -> str | None:
    named = os.environ.get("DAFTAR_CHROMIUM")
    if named:
        return named
    found = next(filter(None, map(shutil.which, CHROMIUMS)), None)
    return found or (str(MAC_CHROME) if MAC_CHROME.exists() else None)


def _chromium() -> str | None:
    """Path of a Chromium; root on Debian gets one."""
    found = _installed_chromium()
    if found or not shutil.which("apt-get") or os.geteuid() != 0:
        return found
    print("installing chromium with apt-get …", file=sys.stderr, flush=True)
    env = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    install = ["apt-get", "install", "-y", "-q", "--no-install-recommends", "chromium", "fonts-dejavu-core"]
    for command in (["apt-get", "update", "-q"], install):
        done = subprocess.run(command, env=env, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
        if done.returncode:
            print((done.stderr.strip().splitlines() or ["apt-get failed"])[-1], file=sys.stderr)
            return None
    return _installed_chromium()
