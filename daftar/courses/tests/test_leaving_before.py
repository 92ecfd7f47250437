"""Who left before it was written on the membership is read out of the history, once, by the migration."""

from __future__ import annotations

from datetime import date

import pytest
from django.core.management import call_command
from django.db import connections

from daftar.courses.ending_models import LeavingReason
from daftar.courses.leaving_reasons import ORDINARY
from daftar.courses.models import Enrolment
from daftar.courses.rules import ODD
from daftar.courses.services import enrol_student
from daftar.lib.tenancy import tenant_transaction
from daftar.tuition import several
from daftar.tuition.leaving import leave_group, return_to_trial, transfer, undo_leaving
from daftar.tuition.services import enrol_active
from tests.cast import a_centre, a_group, a_member, a_student, at, enrolled, owner_of

BEFORE = "0035_fewer_indexes"
DAY = date(2025, 5, 12)


def live(by) -> None:
    """Every way in which a membership can have come to an end, and back."""
    group = a_group(by)
    other, third = (a_group(by, group.course, name, weekdays=ODD) for name in ("B", "C"))
    rows = [enrolled(by, a_student(by, f"S{place}"), group, "2025-05-05") for place in range(6)]
    leave_group(a_member(by, "Dilnoza", "administrator"), enrolment_id=rows[0].pk, last_on=DAY, reason="words")
    transfer(by, enrolment_id=rows[1].pk, group_id=other.pk, last_on=DAY, starts_on=date(2025, 5, 15))
    several.transfer_together(
        by, enrolment_ids=[rows[2].pk, rows[3].pk], group_id=third.pk, starts_on=date(2025, 5, 15)
    )
    leave_group(by, enrolment_id=rows[4].pk, last_on=DAY)
    undo_leaving(by, enrolment_id=rows[4].pk)
    several.leave_together(by, enrolment_ids=[rows[5].pk], last_on=DAY)
    student = a_student(by, "For a day")
    enrol_student(by, student_id=student.pk, group_id=group.pk, starts_on=DAY, last_on=DAY)
    active = enrol_active(by, student_id=a_student(by, "Back").pk, group_id=group.pk, starts_on=date(2025, 5, 5))
    return_to_trial(by, enrolment_id=active.pk, from_on=DAY)


def told(by) -> list[tuple]:
    rows = Enrolment.objects.visible_to(by).order_by("id")
    return list(rows.values_list("id", "ends_on", "left_at", "left_by_id", "moved_to_id"))


@pytest.mark.django_db(transaction=True, databases=["default", "owner"])
def test_what_was_done_before_the_release_is_found_after_it():
    system = a_centre()
    with tenant_transaction(system.org_id):
        by = at(owner_of(system), "2025-05-14")
        live(by)
        was = told(by)
    try:
        call_command("migrate", "daftar", BEFORE, database="owner", interactive=False, verbosity=0)
    finally:
        call_command("migrate", "daftar", database="owner", interactive=False, verbosity=0)
        with connections["owner"].cursor() as cursor:
            cursor.execute("GRANT TRUNCATE ON ALL TABLES IN SCHEMA public TO daftar_app")  # as for every test
    with tenant_transaction(system.org_id):
        assert told(by) == was
        assert sum(row[2] is not None for row in was) == 6
        assert sum(row[4] is not None for row in was) == 3
        names = LeavingReason.objects.visible_to(by).order_by("place").values_list("name", flat=True)
        assert list(names) == [str(name) for name in ORDINARY]
