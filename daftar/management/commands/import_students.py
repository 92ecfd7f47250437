"""`daftar import-students FILE`: the clients of another program, all or nothing."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.core.management.base import BaseCommand, CommandError

from daftar.lib.errors import Refusal
from daftar.lib.tenancy import tenant_transaction
from daftar.orgs.models import Organization
from daftar.orgs.queries import branches, system_actor, today_in
from daftar.transfer.files import read_csv
from daftar.transfer.services import FileRefused, import_clients

if TYPE_CHECKING:
    from argparse import ArgumentParser

MOST_SHOWN = 20


class Command(BaseCommand):
    """Reads the file, says what it brought, or every problem that kept it out."""

    help = "Bring the clients of another program: a CSV in AlfaCRM's Russian columns. The same file again adds nothing."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--org", help="the centre's name in addresses; may be left out where there is only one")
        parser.add_argument("--branch", help="the branch's name; the first one by default")
        parser.add_argument("--on", type=date.fromisoformat, help="opening date, YYYY-MM-DD; today by default")

    def handle(self, **options: Any) -> None:
        org = the_organization(options["org"])
        if not options["file"].is_file():
            raise CommandError(f"There is no file {options['file']}.")
        with tenant_transaction(org.pk):
            by = system_actor(org.pk)
            places = branches(by)
            chosen = [place for place in places if options["branch"] in (None, place.name)]
            if not chosen:
                raise CommandError(f"No such branch. There are: {', '.join(place.name for place in places)}.")
            opens_on = options["on"] or today_in(by, chosen[0])
            try:
                header, rows = read_csv(options["file"])
                done = import_clients(by, branch_id=chosen[0].pk, header=header, rows=rows, opens_on=opens_on)
            except FileRefused as refused:
                lines = [f"row {p.row_number}, {p.column}: {p.code} {p.value!r}" for p in refused.problems[:MOST_SHOWN]]
                raise CommandError("\n".join([refused.message, *lines])) from refused
            except Refusal as refusal:
                raise CommandError(refusal.message) from refusal
        print(
            f"{org.name}, {chosen[0].name}, opening date {opens_on}: {done.students} students, {done.groups} groups, "
            f"{done.enrolments} enrolments, {done.subscriptions} lesson prices, {done.balances} opening balances; "
            f"{done.known} were known already."
        )


def the_organization(slug: str | None) -> Organization:
    """The organization meant; CommandError when that is not clear."""
    known = list(Organization.objects.order_by("id"))
    chosen = [org for org in known if slug in (None, org.slug)]
    if len(chosen) != 1:
        names = ", ".join(org.slug for org in known) or "none yet"
        raise CommandError(f"Say which centre with --org. There are: {names}.")
    return chosen[0]
