"""`daftar check-ledger`: proves the books of every organization."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from daftar.finance.queries import broken_payments
from daftar.ledger.queries import broken_transfers, drift
from daftar.lib.tenancy import tenant_transaction
from daftar.orgs.models import Organization
from daftar.orgs.queries import system_actor


class Command(BaseCommand):
    """Silent figures when all is well; exit status 1 and every fault when it is not."""

    help = "Check that every kept balance is the sum of its transfers and that no rule of the ledger is broken."

    def handle(self, **_options: Any) -> None:
        faults = []
        for org in Organization.objects.order_by("id"):
            with tenant_transaction(org.pk):
                by = system_actor(org.pk)
                drifted = drift(by)
                faults += [f"{org.slug}: account {d.account_id} keeps {d.kept}, its sum is {d.summed}" for d in drifted]
                broken = broken_transfers(by) | broken_payments(by)
                faults += [f"{org.slug}: {number} x {what}" for what, number in broken.items() if number]
                print(f"{org.slug}: {len(drifted)} accounts drifted, {sum(broken.values())} rules broken")
        if faults:
            raise CommandError("\n".join(faults))
