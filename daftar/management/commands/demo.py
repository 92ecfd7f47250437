"""`daftar demo`: the demo centre and its logins."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from daftar.config.demo import LOGINS, PASSWORD, SLUG, make_demo
from daftar.orgs.models import Organization

if TYPE_CHECKING:
    from argparse import ArgumentParser


class Command(BaseCommand):
    """Makes it once, all or nothing; says how to sign in."""

    help = "Make the demo centre: 60 students and three months, by calling the verbs."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--if-empty", action="store_true", help="only where there is no centre yet")

    def handle(self, **options: Any) -> None:
        if Organization.objects.filter(slug=SLUG).exists():
            if not options["if_empty"]:
                raise CommandError("The demo centre is there already.")
        elif options["if_empty"] and Organization.objects.exists():
            return
        else:
            with transaction.atomic():
                make_demo(datetime.now(UTC))
        logins = ", ".join(f"{email} ({role})" for role, email in LOGINS.items())
        print(f"Demo centre /{SLUG}/, password {PASSWORD}: {logins}", flush=True)
