"""`daftar found-centre`: a new centre with its owner."""

from __future__ import annotations

import getpass
import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from zoneinfo import available_timezones

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from daftar.lib.errors import Refusal
from daftar.orgs.founding import found
from daftar.orgs.models import Organization

if TYPE_CHECKING:
    from argparse import ArgumentParser


# First parts of addresses that belong to no centre.
RESERVED = {"health", "login", "logout", "i18n", "static", "account", "invitation"}


class Command(BaseCommand):
    """Asks for the owner's password unless it is given."""

    help = "Found a centre: its first branch and its owner."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("slug", help="its name in addresses: lingua")
        parser.add_argument("--name", required=True)
        parser.add_argument("--email", required=True, help="the owner signs in with it")
        parser.add_argument("--owner", required=True, help="the owner's name")
        parser.add_argument("--branch", default="Main")
        parser.add_argument("--currency", default="UZS")
        parser.add_argument("--timezone", default="Asia/Tashkent")
        parser.add_argument("--language", default="en", choices=["uz", "ru", "pl", "it", "en"])
        parser.add_argument("--password", help="asked for when left out")

    def handle(self, **options: Any) -> None:
        slug = options["slug"]
        if not re.fullmatch(r"[a-z][a-z0-9-]{1,50}", slug) or slug in RESERVED:
            raise CommandError("The name in addresses: small Latin letters, digits and hyphens.")
        if Organization.objects.filter(slug=slug).exists():
            raise CommandError(f"There is a centre {slug} already.")
        if options["timezone"] not in available_timezones():
            raise CommandError("There is no such time zone.")
        password = options["password"] or getpass.getpass("Password of the owner: ")
        wanted = ("name", "email", "owner", "branch", "currency", "timezone", "language")
        try:
            with transaction.atomic():
                found(slug=slug, password=password, at=datetime.now(UTC), **{name: options[name] for name in wanted})
        except Refusal as refusal:
            raise CommandError(refusal.message) from refusal
        print(f"Founded. {options['owner']} signs in as {options['email']} and finds it at /{slug}/")
