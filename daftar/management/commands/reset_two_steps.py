"""`daftar reset-two-steps`: for someone whose phone and recovery codes are both lost."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from allauth.mfa.models import Authenticator
from django.core.management.base import BaseCommand, CommandError

if TYPE_CHECKING:
    from argparse import ArgumentParser


class Command(BaseCommand):
    """Only whoever runs the installation may: a login can belong to several centres, so no owner decides over it."""

    help = "Turn the second step of signing in off for one login."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("email")

    def handle(self, **options: Any) -> None:
        gone, _kinds = Authenticator.objects.filter(user__email=options["email"].lower()).delete()
        if not gone:
            raise CommandError("There is no login with this e-mail that has a second step.")
        print("The password alone is enough now. The person can set up a second step anew.")
