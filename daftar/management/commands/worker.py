"""`daftar worker`: runs the background jobs."""

from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand

from daftar.config.logs import catch_the_uncaught
from daftar.config.walls import refuse_unsafe_role


class Command(BaseCommand):
    """Four jobs at a time, until told to stop; finished ones are removed."""

    help = "Run the background jobs."

    def handle(self, **_options: Any) -> None:
        catch_the_uncaught()
        refuse_unsafe_role()
        call_command(
            "procrastinate", "worker", "--concurrency=4", "--delete-jobs=successful", "--shutdown-graceful-timeout=10"
        )
