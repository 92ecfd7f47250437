"""What must be in place before the first request: tables, static files and, when asked for, the demo centre."""

import sys
import time

import django
from django.core.management import CommandError, call_command
from django.db import OperationalError, connections

LONGEST_RECOVERY = 60.0  # seconds a database may take to come back after a crash


def main(arguments: list[str]) -> None:
    """One process for all of it, since loading Django takes longer than the work of a warm start."""
    django.setup()
    _await_database()
    call_command("migrate", database="owner", interactive=False, verbosity=0)
    call_command("collectstatic", interactive=False, verbosity=0)
    if "--demo" in arguments:
        call_command("demo", "--if-empty")


def _await_database() -> None:
    """Waits for a database that is there but still recovering."""
    end = time.monotonic() + LONGEST_RECOVERY
    while True:
        try:
            connections["owner"].ensure_connection()
        except OperationalError:
            if time.monotonic() > end:
                raise
            time.sleep(0.3)
        else:
            return


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except CommandError as wrong:
        sys.exit(str(wrong))
