"""Questions about people."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from daftar.orgs.access import Actor, question
from daftar.people.models import Contact, ContactKind, Student

if TYPE_CHECKING:
    from collections.abc import Collection


@dataclass(frozen=True)
class Reach:
    """A way to reach someone: `value` to dial or write to, `raw` as it was typed."""

    kind: str
    raw: str
    value: str
    owner: str


@question("people.view")
def get_student(by: Actor, student_id: int) -> Student:
    """The student with branch and payer; NotFound when invisible."""
    return Student.objects.visible_to(by).select_related("branch", "payer").one(pk=student_id)


@question("people.see_contacts")
def contacts(by: Actor, student_ids: Collection[int]) -> dict[int, list[Reach]]:
    """Ways to reach each student, in the order they were added."""
    found: dict[int, list[Reach]] = {student_id: [] for student_id in student_ids}
    for row in Contact.objects.visible_to(by).filter(student_id__in=student_ids).order_by("id"):
        found[row.student_id].append(Reach(row.kind, row.raw, row.value, row.owner))
    return found


@question("people.see_contacts")
def phones(by: Actor, student_ids: Collection[int]) -> dict[int, str]:
    """The first phone of each student who has one."""
    rows = Contact.objects.visible_to(by).filter(student_id__in=student_ids, kind=ContactKind.MOBILE).order_by("-id")
    return {row.student_id: row.value or row.raw for row in rows}


@question("transfer.import")
def imported_keys(by: Actor, keys: Collection[str]) -> set[str]:
    """Which of these people an earlier import brought already."""
    return set(Student.objects.visible_to(by).filter(import_key__in=keys).values_list("import_key", flat=True))
