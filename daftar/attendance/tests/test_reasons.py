"""Reasons of absence of the centre's own, and what their change does."""

from __future__ import annotations

from datetime import date

import pytest

from daftar.attendance.queries import reasons
from daftar.attendance.reasons import PlaceOutOfRange, ReasonNameTaken, add_reason, edit_reason, get_reason
from daftar.attendance.services import LessonIsCancelled, conduct_lesson
from daftar.courses.days import LessonCancelledAlready, add_holiday, cancel_lesson, remove_holidays
from daftar.courses.models import Holiday, Lesson
from daftar.courses.queries import days_off, get_days_off
from daftar.orgs.models import AuditEntry
from tests.cast import a_group

FREE = {"charges": False, "pays_teacher": True, "gives_credit": False}


def test_a_reason_stands_where_it_was_put(by):
    add_reason(by, name="Competition", **FREE, place=1)
    assert [row.name for row in reasons(by)] == ["Excused", "Competition", "Unexcused"]
    with pytest.raises(ReasonNameTaken):
        add_reason(by, name="Competition", **FREE, place=3)
    with pytest.raises(PlaceOutOfRange):
        add_reason(by, name="Nowhere", **FREE, place=0)


def test_a_reason_that_begins_to_charge_recounts_everybody_and_another_name_does_not(by):
    row = add_reason(by, name="Competition", **FREE, place=3)
    before = len(asked())
    edit_reason(by, reason_id=row.pk, name="Olympiad", **FREE, place=3)
    assert len(asked()) == before
    edit_reason(by, reason_id=row.pk, name="Olympiad", **FREE | {"charges": True}, place=3)
    assert asked()[before:] == ["tuition.reconcile_everyone"]
    assert get_reason(by, row.pk).charges


def test_a_cancelled_lesson_is_neither_marked_nor_cancelled_twice(by):
    group = a_group(by)
    lesson = Lesson.objects.visible_to(by).filter(group=group, held_on__lte=by.today)[0]
    cancel_lesson(by, lesson_id=lesson.pk, reason="no heating")
    with pytest.raises(LessonIsCancelled):
        conduct_lesson(by, lesson_id=lesson.pk, absent={})
    with pytest.raises(LessonCancelledAlready):
        cancel_lesson(by, lesson_id=lesson.pk, reason="still none")


def test_days_off_that_follow_each_other_are_one_line_and_go_together(by):
    for first, last in ((date(2025, 5, 1), date(2025, 5, 3)), (date(2025, 5, 9), date(2025, 5, 9))):
        add_holiday(by, name="May", starts_on=first, last_on=last)
    runs = days_off(by, 2025)
    assert [(run.starts_on.day, run.last_on.day, run.branch) for run in runs] == [(1, 3, ""), (9, 9, "")]
    assert get_days_off(by, runs[0].ids[1]) == runs[0]
    remove_holidays(by, holiday_ids=runs[0].ids)
    assert [row.on.day for row in Holiday.objects.visible_to(by)] == [9]
    told = AuditEntry.objects.visible_to(by).order_by("-id")[0]
    assert (told.verb, len(told.changes)) == ("courses.remove_holidays", 3)


def asked() -> list[str]:
    """The jobs that were asked for, in order."""
    from procrastinate.contrib.django.models import ProcrastinateJob

    return list(ProcrastinateJob.objects.order_by("id").values_list("task_name", flat=True))
