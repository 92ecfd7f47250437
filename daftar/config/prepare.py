"""What must be in place before the first request: tables, static files and, when asked for, the demo centre."""

import sys

import django
from django.core.management import CommandError, call_command


def main(arguments: list[str]) -> None:
    """One process for all of it, since loading Django takes longer than the work of a warm start."""
    django.setup()
    call_command("migrate", database="owner", interactive=False, verbosity=0)
    call_command("collectstatic", interactive=False, verbosity=0)
    if "--demo" in arguments:
        call_command("demo", "--if-empty")


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except CommandError as wrong:
        sys.exit(str(wrong))
