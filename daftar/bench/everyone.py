"""The month's charges of a whole centre, in a process of its own like the worker's."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import time
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.db import transaction

from daftar.bench.measure import checked_at_once, cpu_of
from daftar.config.supervise import ROOT, surroundings
from daftar.lib.period import add_months
from daftar.lib.tenancy import tenant_transaction
from daftar.orgs.queries import system_actor
from daftar.tuition.jobs import parts_to_charge
from daftar.tuition.services import reconcile

if TYPE_CHECKING:
    from daftar.orgs.access import Actor

SETTLED = 1.0
START = "import django; django.setup(); from daftar.bench.everyone import main; main()"


@dataclass(frozen=True)
class Run:
    """One run over everybody: seconds of CPU of the worker and of the database, and the most memory the worker had."""

    students: int
    charges: int
    worker: float
    database: float
    peak: float


def next_month(by: Actor) -> Actor:
    """The same on the 1st of the next month, in the morning."""
    first = add_months(by.today.replace(day=1), 1)
    return replace(by, at=datetime(first.year, first.month, first.day, 6, tzinfo=UTC))


def charged(org_id: int, database: int) -> Run:
    """What the next month's run costs, part by part as the job does it; every part is undone."""
    before = cpu_of(database)
    command = [sys.executable, "-c", START, str(org_id)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT, env=surroundings())
    told = json.loads(done.stdout)
    # Its process in the database ends with it: until that is over, what it spent stands nowhere for a moment.
    time.sleep(SETTLED)
    return Run(told["students"], told["charges"], told["worker"], cpu_of(database) - before, told["peak"])


def main() -> None:
    """Charges everybody and writes what it took."""
    began = time.process_time()
    told: dict[str, Any] = _charge(int(sys.argv[1]))
    told["worker"] = time.process_time() - began
    # What getrusage tells is inherited from whoever started the process.
    status = Path("/proc/self/status").read_text(encoding="ascii")
    told["peak"] = int(re.findall(r"VmHWM:\s+(\d+)", status)[0]) / 1024
    json.dump(told, sys.stdout)


def _charge(org_id: int) -> dict[str, int]:
    with tenant_transaction(org_id):
        later = next_month(system_actor(org_id))
        parts = parts_to_charge(later, later.today)
    charges = 0
    for part in parts:
        with tenant_transaction(org_id):
            checked_at_once()
            charges += reconcile(later, student_ids=part, since=date.max)
            transaction.set_rollback(True)
    return {"students": sum(map(len, parts)), "charges": charges}
