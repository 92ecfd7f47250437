"""Each check of the code catches a planted violation: in a copy of the tree, with the settings that really hold."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
TOOLS = Path(sys.executable).parent


@pytest.fixture(scope="module")
def copy(tmp_path_factory) -> Path:
    """The code alone, to be spoiled."""
    place = tmp_path_factory.mktemp("spoiled")
    shutil.copy(ROOT / "pyproject.toml", place)
    ignore = shutil.ignore_patterns("static", "locale", "jinja2", "__pycache__")
    shutil.copytree(ROOT / "daftar", place / "daftar", ignore=ignore)
    return place


def spoil(copy: Path, path: str, line: str):
    """Adds a line to a file for the time of a check."""
    file = copy / path
    was = file.read_text() if file.exists() else None
    file.write_text(f"{was or ''}\n{line}\n")
    return lambda: file.write_text(was) if was is not None else file.unlink()


def run(copy: Path, *command: str) -> tuple[int, str]:
    env = {
        **os.environ,
        "PYTHONPATH": str(copy),
        "DAFTAR_TESTING": "1",
        "DATABASE_URL": "postgresql://nobody@127.0.0.1:1/x",
    }
    env["PYTHONWARNINGS"] = "ignore"
    done = subprocess.run(command, cwd=copy, env=env, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


LAYERS = [
    ("daftar/people/queries.py", "from daftar.finance import services", "Packages are layered BROKEN"),
    ("daftar/ledger/rules.py", "import django", "Rules and events are plain Python BROKEN"),
    ("daftar/people/rules.py", "from daftar.people import services", "Inside a package"),
    (
        "daftar/office/home/forms.py",
        "from daftar.office.money import views",
        "Areas of the office do not import one another BROKEN",
    ),
    ("daftar/newcomer.py", "", "Packages are layered BROKEN"),
]


@pytest.mark.parametrize(("path", "line", "says"), LAYERS, ids=[path for path, _line, _says in LAYERS])
def test_the_layers_catch(copy, path, line, says):
    restore = spoil(copy, path, line)
    try:
        code, said = run(copy, str(TOOLS / "lint-imports"), "--no-cache")
    finally:
        restore()
    assert code != 0
    assert says in said


BRANCHES = "".join(f"    if x == {number}:\n        return {number}\n" for number in range(9))
LINES = [
    ("queries.py", "from django.http import HttpResponse", "TID251"),
    ("services.py", "from django.utils.timezone import now", "TID251"),
    ("models.py", "from django.dispatch import receiver", "TID251"),
    ("queries.py", "def f(a, b, c, d, e, g):\n    return a", "PLR0917"),
    ("queries.py", f"def f(x: int) -> int:\n{BRANCHES}    return x", "C901"),
    ("queries.py", "def f(x: str) -> None:\n    print(x)", "T201"),
    ("queries.py", "def f() -> None:\n    try:\n        g()\n    except Exception:\n        pass", "BLE001"),
    ("queries.py", "import datetime\nX = datetime.datetime.now()", "DTZ005"),
    ("queries.py", "from django.utils.translation import gettext\nX = gettext(f'{1}')", "INT001"),
]


@pytest.mark.parametrize(("path", "line", "rule"), LINES, ids=[rule for _path, _line, rule in LINES])
def test_the_linter_catches(copy, path, line, rule):
    path = f"daftar/people/{path}"
    restore = spoil(copy, path, line)
    try:
        code, said = run(copy, sys.executable, "-m", "ruff", "check", "--no-cache", "--output-format", "concise", path)
    finally:
        restore()
    assert code != 0
    assert rule in said


def test_the_types_are_strict(copy):
    (copy / "loose.py").write_text("def f(x):\n    return x\n")
    code, said = run(
        copy, sys.executable, "-m", "mypy", "--no-incremental", "--config-file", "pyproject.toml", "loose.py"
    )
    assert code != 0
    assert "no-untyped-def" in said


def test_a_table_without_its_migration_is_noticed(copy):
    restore = spoil(
        copy, "daftar/people/models.py", "class Stray(TenantModel):\n    name = models.CharField(max_length=5)"
    )
    registry = spoil(copy, "daftar/models.py", "from daftar.people.models import Stray")
    try:
        command = [sys.executable, "-m", "django", "makemigrations", "--check", "--dry-run"]
        code, said = run(copy, *command, "--settings", "daftar.config.settings")
    finally:
        restore()
        registry()
    assert code == 1, said
    assert "Stray" in said
