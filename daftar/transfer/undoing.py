"""Taking an import back: whoever was left as the file made them goes, whoever was changed since is kept and named."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext_lazy as _

from daftar.attendance.models import Attendance, ExamResult, TestResult
from daftar.courses import services as courses
from daftar.courses.models import Enrolment
from daftar.finance.models import Payment, Promise
from daftar.ledger import services as ledger
from daftar.lib.errors import Refusal
from daftar.orgs.access import Actor, change, note, publish, question, verb
from daftar.orgs.models import AuditEntry, Branch
from daftar.people import services as people
from daftar.people.models import Student
from daftar.transfer import groups as choosing
from daftar.transfer.events import ImportUndone
from daftar.transfer.models import Import, ImportRow, ImportState
from daftar.transfer.services import AT_ONCE
from daftar.transfer.taking import locked
from daftar.tuition import services as tuition

if TYPE_CHECKING:
    from collections.abc import Collection

UNDO_WITHIN = timedelta(days=30)


class TooLateToUndo(Refusal):
    """It is not over, was undone, or happened too long ago."""

    text = _("An import can be undone once, within 30 days after it.")


@verb("transfer.import")
def undo_import(by: Actor, *, import_id: int) -> Import:
    """Lets everything that a finished import brought be taken back in the background."""
    row = locked(by, import_id)
    if not may_undo(by, row):
        raise TooLateToUndo
    change(by, row, state=ImportState.UNDOING.value)
    publish(by, ImportUndone(row.pk))
    return row


def may_undo(by: Actor, row: Import) -> bool:
    """Whether it is not too late."""
    return row.state == ImportState.DONE and row.finished_at is not None and by.at - row.finished_at <= UNDO_WITHIN


@verb("transfer.import")
def take_rows_back(by: Actor, *, import_id: int) -> bool:
    """Takes the next people of the file back, all or nothing; whether there may be more of them.

    Opening balances and charges are reversed, the people archived; those with payments, marks, promises, edits, new
    places in groups or activations since are left alone. Done again after a break it goes on where the last finished
    part ended.
    """
    row = locked(by, import_id)
    if row.state != ImportState.UNDOING:
        return False
    list(Branch.objects.visible_to(by).select_for_update(no_key=True).order_by("id"))
    rows = ImportRow.objects.visible_to(by).filter(file=row, is_done=True, student__isnull=False).order_by("number")
    part = list(rows[:AT_ONCE])
    _hold(by, [one.student_id for one in part])
    kept = _changed(by, row, [one.student_id for one in part])
    gone = [one.student_id for one in part if one.student_id not in kept]
    _take_back(by, gone)
    for one in part:
        one.is_done = False
        one.student_id = one.student_id if one.student_id in kept else None
    ImportRow.objects.visible_to(by).bulk_update(part, ["is_done", "student"])
    if gone:
        note(by, row, was=None, now={"students": -len(gone)})
    if len(part) == AT_ONCE:
        return True
    made = [choice.group_id for choice in choosing.from_json(row.groups) if choice.was_made and choice.group_id]
    courses.remove_empty_groups(by.trusted(), group_ids=made)
    change(by, row, state=ImportState.UNDONE.value)
    return False


@question("transfer.import")
def kept_rows(by: Actor, row: Import) -> Any:
    """The rows of an undone import whose people were changed since, and so were kept, in the file's order."""
    rows = ImportRow.objects.visible_to(by).filter(file=row, is_done=False, student__isnull=False)
    return rows.select_related("student").order_by("number")


def _hold(by: Actor, student_ids: Collection[int]) -> None:
    """Whoever is at work with these people ends first, and so is seen; whoever comes later waits.

    In the order of the other verbs: enrolments, people, accounts.
    """
    list(
        Enrolment.objects.visible_to(by)
        .filter(student_id__in=student_ids)
        .select_for_update(no_key=True)
        .order_by("id")
    )
    rows = Student.objects.visible_to(by).filter(pk__in=student_ids).select_related("branch")
    students = list(rows.select_for_update(of=("self",), no_key=True).order_by("id"))
    ledger.student_accounts(by.trusted(), students=students)


def _take_back(by: Actor, student_ids: Collection[int]) -> None:
    trusted = by.trusted()
    tuition.take_back(trusted, student_ids=student_ids)
    courses.take_back_enrolments(trusted, student_ids=student_ids)
    people.take_back_students(trusted, student_ids=student_ids, on=by.today)


def _changed(by: Actor, row: Import, student_ids: Collection[int]) -> set[int]:
    """Whom somebody has touched since the file brought them."""
    own = {choice.group_id for choice in choosing.from_json(row.groups)}
    found: set[int] = set()
    for model in (Payment, Attendance, ExamResult, TestResult, Promise):
        found |= set(
            model.objects.visible_to(by).filter(student_id__in=student_ids).values_list("student_id", flat=True)
        )
    joined = list(Enrolment.objects.visible_to(by).filter(student_id__in=student_ids))
    found |= {one.student_id for one in joined if one.group_id not in own}
    whose = {f"enrolment:{one.pk}": one.student_id for one in joined} | {f"student:{pk}": pk for pk in student_ids}
    deeds = AuditEntry.objects.visible_to(by).filter(subject__in=whose).exclude(verb="transfer.take_rows")
    return found | {whose[subject] for subject in deeds.values_list("subject", flat=True)}
