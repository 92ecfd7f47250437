"""`daftar bench`: what pages and verbs cost in centres of 10,000 and 100,000 students."""

from __future__ import annotations

import json
import socket
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import connections

from daftar.bench.lines import Bench
from daftar.bench.load import Centre, load
from daftar.bench.machine import calibrated, described
from daftar.bench.measure import memory_of, postmaster, served
from daftar.bench.report import Result, chosen, table
from daftar.config.cli import web_server
from daftar.lib.tenancy import tenant_transaction
from daftar.orgs.models import Organization
from daftar.tuition.models import Subscription
from daftar.tuition.services import reconcile

if TYPE_CHECKING:
    from argparse import ArgumentParser

SAMPLE = 300


def say(text: str) -> None:
    """Tells the person at the terminal."""
    print(text, flush=True)


class Command(BaseCommand):
    """Loads each centre, proves its books, measures every line in it, and then the next beside it."""

    help = "Measure what pages and verbs cost, on a database that is thrown away afterwards."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--students", type=_numbers, default=[10_000, 100_000], help="sizes of the centres")
        parser.add_argument("--attendance", type=_numbers, default=[1_000_000, 3_000_000], help="rows of attendance")
        parser.add_argument("--only", action="append", metavar="WORD", help="lines whose names hold the word")
        parser.add_argument("--times", type=int, default=100, help="how often each page is asked (%(default)s)")
        parser.add_argument("--json", type=Path, help="where to write the figures")

    def handle(self, **options: Any) -> None:
        if sys.platform != "linux":
            raise CommandError("The figures are read from /proc, which only Linux has.")
        sizes, attendance = options["students"], options["attendance"]
        if len(sizes) != len(attendance):
            raise CommandError("Say one number of rows of attendance for each number of students.")
        if Organization.objects.exists():
            raise CommandError("There are centres in this database. The bench wants one that is empty.")
        call_command("collectstatic", interactive=False, verbosity=0)
        lines, results = chosen(options["only"]), []
        for students, rows in zip(sizes, attendance, strict=True):
            say(f"{students:,} students, about {rows:,} rows of attendance:")
            centre = load(students, rows, now=datetime.now(UTC), say=say)
            _prove(centre)
            results.append(_measure(centre, lines, options["times"]))
        call_command("check_ledger")
        say("")
        say(table(results, lines))
        if options["json"]:
            told = {
                "machine": described(),
                "at": str(datetime.now(UTC)),
                "centres": [each.as_json() for each in results],
            }
            options["json"].write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")


def _prove(centre: Centre) -> None:
    """The checker finds the books right, and the rules of pricing nothing to post."""
    call_command("check_ledger")
    by = centre.by
    with tenant_transaction(by.org_id):
        ids = sorted(Subscription.objects.visible_to(by).values_list("student_id", flat=True))
        some = ids[:: max(1, len(ids) // SAMPLE)]
        differences = reconcile(by, student_ids=some)
    if differences:
        raise CommandError(f"The rules would post {differences} transfers for {len(some)} students that were loaded.")
    say(f"  the rules of pricing agree with what was loaded for {len(some)} students")


def _measure(centre: Centre, lines: list[Any], times: int) -> Result:
    result = Result(centre)
    with connections["owner"].cursor() as cursor:
        cursor.execute("SHOW fsync")
        say(f"  fsync {cursor.fetchone()[0]}, load {described()['load']}")
    port = _free_port()
    with served(web_server(port), port, {}, "/health/live") as web:
        result.memory_at_rest = memory_of(web)["pss"]
        bench = Bench(centre, port, web, postmaster(), times)
        result.calibrators = calibrated(bench, _free_port())
        for name, figure in result.calibrators.items():
            say(f"  calibrator {name}: {figure.cpu:.3f} ms")
        for line in lines:
            figure = result.figures[line.name] = line.run(bench)
            repeats = ", ".join(f"{each:.2f}" for each in figure.repeats)
            said = "; ".join(note for note in figure.notes if note)
            say(f"  {line.name}: {figure.cpu:.2f} {line.unit} ({repeats}), wall p50 {figure.p50:.1f}; {said}")
    say(f"  memory of the web tier at rest: {result.memory_at_rest:.0f} MB")
    return result


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def _numbers(text: str) -> list[int]:
    return [int(part) for part in text.replace("_", "").split(",")]
