"""Background work: a file is taken over in parts, each part one job and one transaction that asks for the next."""

from daftar.orgs.access import Actor
from daftar.orgs.work import task
from daftar.transfer.services import take_rows
from daftar.transfer.undoing import take_rows_back


@task("transfer.run_import")
def run_import(by: Actor, import_id: int) -> None:
    """Takes the next rows. The job of the rows after them exists exactly if these were taken."""
    if take_rows(by, import_id=import_id):
        run_import.defer(org_id=by.org_id, import_id=import_id)


@task("transfer.undo_import")
def undo_import(by: Actor, import_id: int) -> None:
    """Takes the next rows back, in the same way."""
    if take_rows_back(by, import_id=import_id):
        undo_import.defer(org_id=by.org_id, import_id=import_id)
