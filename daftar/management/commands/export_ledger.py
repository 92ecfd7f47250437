"""`daftar export-ledger --format beancount|hledger`: the whole ledger of a centre for an accounting program."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.core.management.base import BaseCommand

from daftar.bookkeeping.queries import journal
from daftar.bookkeeping.rules import Language, written
from daftar.lib.tenancy import tenant_transaction
from daftar.management.commands.import_students import the_organization
from daftar.orgs.queries import system_actor

if TYPE_CHECKING:
    from argparse import ArgumentParser


class Command(BaseCommand):
    """Writes the journal to the terminal, or to a file."""

    help = "Write the whole ledger of a centre as a journal that beancount or hledger reads and checks."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--format", required=True, choices=[language.value for language in Language])
        parser.add_argument("--org", help="the centre's name in addresses; may be left out where there is only one")
        parser.add_argument("--output", type=Path, help="a file; the terminal by default")
        parser.add_argument("--without-names", action="store_true", help="no names of students and no notes")

    def handle(self, **options: Any) -> None:
        org = the_organization(options["org"])
        with tenant_transaction(org.pk):
            by = system_actor(org.pk)
            if options["without_names"]:
                by = replace(by, is_trusted=False, permissions=frozenset({"finance.export_ledger"}))
            lines = written(journal(by), Language(options["format"]))
            if options["output"] is None:
                sys.stdout.writelines(lines)
                return
            with options["output"].open("w", encoding="utf-8") as file:
                file.writelines(lines)
