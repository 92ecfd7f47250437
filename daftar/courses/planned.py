"""Lessons that a schedule has made, written all at once: five years of a group are hundreds, so they are no models."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from django.db import connection

from daftar.courses import rules
from daftar.courses.models import Lesson
from daftar.lib.among import array_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from daftar.courses.models import Group, Recurrence
    from daftar.orgs.models import Branch

# What the schedule says of each lesson; all other columns are as of a lesson that nobody has touched yet.
SAID = ("held_on", "starts_time", "minutes", "starts_at", "ends_at", "teacher_id", "room_id", "type_id")
WRITE = """
    INSERT INTO daftar_lesson ({said}, {others})
    SELECT held_on, starts_time, minutes, starts_at, starts_at + make_interval(mins => minutes), teacher_id, room_id,
        type_id, {values}
    FROM unnest(%(days)s::date[], %(instants)s::timestamptz[], %(rows)s::int[])
        WITH ORDINALITY AS made (held_on, starts_at, row, place)
    JOIN unnest(%(times)s::time[], %(lengths)s::int[], %(given_by)s::bigint[], %(places)s::bigint[],
            %(types)s::bigint[])
        WITH ORDINALITY AS weekly (starts_time, minutes, teacher_id, room_id, type_id, row) USING (row)
    ORDER BY place
"""


def write_lessons(group: Group, branch: Branch, made: Sequence[tuple[date, Recurrence]]) -> None:
    """Adds planned lessons of a group, each on its day as the row of the weekly schedule says, in one statement."""
    if not made:
        return
    weekly = {rule.pk: rule for _on, rule in made}
    numbers = {pk: number for number, pk in enumerate(weekly, start=1)}
    times, lengths, given_by, places, types = zip(*[_values(group, rule) for rule in weekly.values()], strict=True)
    zone = ZoneInfo(branch.timezone)
    others = _untouched(group, branch)
    columns = {
        "said": ", ".join(SAID),
        "others": ", ".join(others),
        "values": ", ".join(f"%({name})s" for name in others),
    }
    values: dict[str, Any] = others | {
        "days": array_of([on for on, _rule in made]),
        "instants": array_of([rules.local(on, rule.starts_time, zone).isoformat() for on, rule in made]),
        "rows": array_of([numbers[rule.pk] for _on, rule in made]),
        "times": array_of(times), "lengths": array_of(lengths), "given_by": array_of(given_by),
        "places": array_of(places), "types": array_of(types),
    }  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(WRITE.format(**columns), values)


def _untouched(group: Group, branch: Branch) -> dict[str, Any]:
    """The columns that the schedule says nothing of; a new one is among them by itself."""
    row = Lesson(
        org_id=group.org_id, branch=branch, group=group, holds_room=branch.blocks_rooms,
        holds_teacher=branch.blocks_teachers,
    )  # fmt: skip
    fields = [each for each in Lesson._meta.concrete_fields if not each.primary_key and each.column not in SAID]
    return {str(each.column): each.get_db_prep_save(getattr(row, each.attname), connection) for each in fields}


def _values(group: Group, rule: Recurrence) -> tuple[Any, ...]:
    """When, how long, by whom, where and of which type: the group's teacher and room unless it has its own."""
    given_by, place = rule.teacher_id or group.teacher_id, rule.room_id or group.room_id
    return rule.starts_time, rule.minutes, given_by, place, rule.type_id
