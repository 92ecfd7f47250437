"""What the journal of a group shows of charges."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db.models import Min, Q
from django.db.models.functions import Coalesce, Least

from daftar.courses.models import Lesson
from daftar.ledger.models import Transfer
from daftar.orgs.access import Actor, question

if TYPE_CHECKING:
    from collections.abc import Collection


@question("tuition.view")
def charged_cells(by: Actor, student_ids: Collection[int], lesson_ids: Collection[int]) -> frozenset[tuple[int, int]]:
    """Which of these students are charged for which of these lessons: lesson and student.

    Only charges made lesson by lesson name a lesson; a month, a week or a module is charged as a whole.
    """
    names = {str(pk): pk for pk in lesson_ids}
    # A lesson is charged on its own day, or on that it was moved from: what lies before the first is not read.
    day = Least("held_on", Coalesce("moved_from", "held_on"))
    since = Lesson.objects.visible_to(by).filter(pk__in=lesson_ids).aggregate(first=Min(day))["first"]
    rows = Transfer.objects.visible_to(by).filter(
        Q(debit__student_id__in=student_ids) | Q(credit__student_id__in=student_ids),
        charge_key__isnull=False, effective_on__gte=since or by.today,
    )  # fmt: skip
    turns: dict[tuple[int, int, str], int] = {}
    for key, turn, debited, credited in rows.values_list("charge_key", "turn", "debit__student", "credit__student"):
        lesson = names.get(key.partition(":")[2])
        if lesson is not None:
            place = (lesson, debited or credited, key)
            turns[place] = max(turns.get(place, 0), turn)
    # Charged, taken back, charged anew: it stands after an even number of turns.
    return frozenset((lesson, student) for (lesson, student, _key), turn in turns.items() if turn % 2 == 0)
