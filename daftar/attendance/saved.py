"""Marks written all at once, new ones and old: as models, twenty of them would cost more than all that follows."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from django.db import connection

from daftar.lib.among import array_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from daftar.attendance.models import Attendance
    from daftar.orgs.access import Actor

# Comments as JSON, as in the ledger: the driver would escape each value of an array.
WRITE = """
    INSERT INTO daftar_attendance (
        org_id, lesson_id, student_id, is_present, reason_id, late_minutes, grade, homework_grade, comment, marked_at,
        marked_by_id
    )
    SELECT %(org)s, row.*, %(at)s, %(member)s
    FROM ROWS FROM (
        unnest(%(lesson_id)s::bigint[]), unnest(%(student_id)s::bigint[]), unnest(%(is_present)s::boolean[]),
        unnest(%(reason_id)s::bigint[]), unnest(%(late_minutes)s::smallint[]), unnest(%(grade)s::smallint[]),
        unnest(%(homework_grade)s::smallint[]), json_array_elements_text(%(comments)s::json)
    ) AS row
    ON CONFLICT (org_id, lesson_id, student_id) DO UPDATE SET
        is_present = EXCLUDED.is_present, reason_id = EXCLUDED.reason_id, late_minutes = EXCLUDED.late_minutes,
        grade = EXCLUDED.grade, homework_grade = EXCLUDED.homework_grade, comment = EXCLUDED.comment,
        marked_at = EXCLUDED.marked_at, marked_by_id = EXCLUDED.marked_by_id
"""
NUMBERS = ("lesson_id", "student_id", "is_present", "reason_id", "late_minutes", "grade", "homework_grade")


def save_marks(by: Actor, rows: Sequence[Attendance]) -> None:
    """Writes marks, each once, in one statement, as set by the actor now; the objects get no ids."""
    if not rows:
        return
    columns = {name: array_of([getattr(row, name) for row in rows]) for name in NUMBERS}
    comments = json.dumps([row.comment for row in rows])
    with connection.cursor() as cursor:
        cursor.execute(WRITE, {"org": by.org_id, "at": by.at, "member": by.member_id, "comments": comments, **columns})
