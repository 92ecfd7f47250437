"""The verb on the weekdays of a group on which one member does not come, with the money that follows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from daftar.courses.events import TuitionFactsChanged
from daftar.courses.weekdays import set_weekdays_off
from daftar.orgs.access import Actor, publish, verb

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import date

    from daftar.courses.models import Enrolment


@verb("tuition.pause")
def choose_weekdays(by: Actor, *, enrolment_id: int, weekdays_off: Collection[int], from_on: date) -> Enrolment:
    """From a day on the member comes on all weekdays of the group but these (ISO; none: on all of them).

    A lesson on such a day is as if the group had none for this student: nobody expects, charges or counts it.
    """
    row = set_weekdays_off(by.trusted(), enrolment_id=enrolment_id, weekdays_off=weekdays_off, from_on=from_on)
    publish(by, TuitionFactsChanged((row.student_id,)))
    return row
