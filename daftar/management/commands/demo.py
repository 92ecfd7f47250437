"""`daftar demo`: the demo centre and its logins; `daftar demo --remove` takes it away again."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from daftar.config.demo import LOGINS, PASSWORD, SLUG, make_demo
from daftar.config.removal import remove_demo
from daftar.orgs.models import Organization

if TYPE_CHECKING:
    from argparse import ArgumentParser


class Command(BaseCommand):
    """Opens it once; the worker of `up` then lives through its months."""

    help = "Make the demo centre: three branches, 300 students and four months, by calling the verbs; or remove it."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--if-empty", action="store_true", help="only where there is no centre yet")
        parser.add_argument("--remove", action="store_true", help="delete the demo centre and its logins")

    def handle(self, **options: Any) -> None:
        if options["remove"]:
            _remove()
        elif Organization.objects.filter(slug=SLUG).exists():
            if not options["if_empty"]:
                raise CommandError("The demo centre is there already.")
            _say_how_to_sign_in()
        elif not (options["if_empty"] and Organization.objects.exists()):
            with transaction.atomic():
                make_demo(datetime.now(UTC))
            _say_how_to_sign_in()
            print("Its four months are being lived by the worker, which takes a minute or two.", flush=True)


def _remove() -> None:
    gone = remove_demo(SLUG)
    if gone is None:
        raise CommandError("There is no demo centre.")
    print(f"The demo centre and its logins are gone: {gone} rows.", flush=True)


def _say_how_to_sign_in() -> None:
    logins = ", ".join(f"{email} ({role})" for role, email in LOGINS.items())
    print(f"Demo centre /{SLUG}/, password {PASSWORD}: {logins}", flush=True)
