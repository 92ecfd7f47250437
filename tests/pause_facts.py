"""Facts of a random history that pause students, in all of their groups or in one, and change or end that."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from daftar.courses.models import Enrolment, Group, Suspension
from daftar.people.models import Student
from daftar.tuition import pauses
from daftar.tuition.models import Subscription
from tests.chances import FIRST, around, one_of, perhaps


def otherwise(dice) -> dict[str, Any]:
    """A credit declined, or given where the centre gives none; most often as the centre decides."""
    return {"gives_credit": dice.choice([None, None, True, False]), "decline_reason": "agreed", "give_reason": "asked"}


def pause(by, dice) -> None:
    """One student in all groups; now and then a person decides otherwise on the credit, or on the ends."""
    student, starts = one_of(by, dice, Student), around(by, dice)
    pauses.suspend(by, student_ids=[student.pk], starts_on=starts, **_lasting(dice, starts), **otherwise(dice))


def pause_in_a_group(by, dice) -> None:
    """The same, in one of the groups of the student; most often while something ends in it."""
    row, starts = one_of(by, dice, Enrolment), around(by, dice)
    ending = Subscription.objects.visible_to(by).filter(group__isnull=False, ends_on__gt=FIRST).order_by("id")
    if dice.random() < 0.7 and ending:
        row = dice.choice(list(ending))
        starts = row.ends_on - timedelta(days=dice.randint(1, 12))
    pauses.suspend(
        by, student_ids=[row.student_id], group_id=row.group_id, starts_on=starts, **_lasting(dice, starts),
        **otherwise(dice),
    )  # fmt: skip


def pause_a_group(by, dice) -> None:
    """Everybody of a group, in that group."""
    group, starts = one_of(by, dice, Group), around(by, dice)
    rows = Enrolment.objects.visible_to(by).filter(group=group)
    ids = sorted(set(rows.values_list("student_id", flat=True)))
    pauses.suspend(by, student_ids=ids, group_id=group.pk, starts_on=starts, **_lasting(dice, starts))


def _lasting(dice, starts) -> dict[str, Any]:
    """To a day or until ended; the ends of subscriptions move by it, do not, or as the centre does."""
    last_on = starts + timedelta(days=dice.randint(0, 40))
    last_on = dice.choice([None, last_on, last_on])
    return {"last_on": last_on, "extends": dice.choice([True, False, None])}


def other_pause(by, dice) -> None:
    """Other days, and the ends otherwise."""
    starts = around(by, dice)
    last_on = perhaps(dice, starts + timedelta(days=dice.randint(0, 40)))
    _changed(by, dice, one_of(by, dice, Suspension), starts_on=starts, last_on=last_on, extends=dice.random() < 0.5)


def longer_pause(by, dice) -> None:
    """By some days, or until ended; now and then the added days are decided otherwise."""
    row = one_of(by, dice, Suspension, ends_on__isnull=False)
    _changed(by, dice, row, last_on=perhaps(dice, row.ends_on + timedelta(days=dice.randint(0, 20))))


def shorter_pause(by, dice) -> None:
    """Some of its first days; of one without end within a month."""
    row = one_of(by, dice, Suspension)
    ends_on = row.ends_on or row.starts_on + timedelta(days=30)
    last_on = row.starts_on + timedelta(days=dice.randrange((ends_on - row.starts_on).days))
    _changed(by, dice, row, last_on=last_on)


def _changed(by, dice, row: Suspension, **other) -> None:
    """A pause with its days and what it says of the ends, but for what is other."""
    was = {"starts_on": row.starts_on, "last_on": last_day(row), "reason": row.reason, "extends": row.extends}
    pauses.change_suspension(by, suspension_id=row.pk, **was | other, **otherwise(dice))


def last_day(row: Suspension) -> date | None:
    return None if row.ends_on is None else row.ends_on - timedelta(days=1)


def come_again(by, dice) -> None:
    """Ends whatever keeps a student out of a group."""
    row = one_of(by, dice, Enrolment)
    pauses.end_pause(by, student_id=row.student_id, group_id=row.group_id, from_on=around(by, dice))


def no_pause(by, dice) -> None:
    pauses.remove_suspension(by, suspension_id=one_of(by, dice, Suspension).pk)
