"""Questions about people."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, LiteralString, NamedTuple

from django.db import connection

from daftar.lib.compiled import compiled
from daftar.lib.errors import NotFound
from daftar.lib.text import search_key
from daftar.orgs.access import Actor, question
from daftar.orgs.models import Branch
from daftar.people.models import LAST_DIGITS, Contact, ContactKind, Student, phone_digits

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from datetime import date

    from daftar.lib.tenancy import Asker

TAIL = 7
FEW = 200  # as many as are looked up by name or phone at once
FEWEST_LETTERS = 3  # a shorter word has no trigram that an index could find


@dataclass(frozen=True)
class Reach:
    """A way to reach someone: `value` to dial or write to, `raw` as it was typed."""

    kind: str
    raw: str
    value: str
    owner: str


class Learner(NamedTuple):
    """A student as far as charging asks: thousands at a time, so they are no models."""

    id: int
    branch_id: int
    branch: Branch

    @property
    def pk(self) -> int:
        """As a model has it."""
        return self.id


@question("people.view")
def learners(by: Actor, student_ids: Collection[int]) -> list[Learner]:
    """These students, with their branches and organization."""
    rows = Student.objects.visible_to(by).filter(pk__among=student_ids)
    return learners_in(by, dict(rows.values_list("id", "branch_id")))


@question("people.view")
def learners_in(by: Actor, places: Mapping[int, int]) -> list[Learner]:
    """The same of students whose branches are known; a branch is read once and not with each of thousands."""
    branches = {row.pk: row for row in _branches(by, ids=set(places.values()))}
    return [Learner(pk, branch_id, branches[branch_id]) for pk, branch_id in places.items()]


@compiled
def _branches(by: Asker, *, ids: Collection[int]) -> Any:
    return Branch.objects.visible_to(by).select_related("org").filter(pk__among=ids)


@question("people.view")
def get_student(by: Actor, student_id: int) -> Student:
    """The student with payer, branch and what the centre decided; NotFound when invisible."""
    return Student.objects.visible_to(by).select_related("branch__org", "payer").one(pk=student_id)


@question("people.view")
def get_students(by: Actor, student_ids: Collection[int]) -> list[Student]:
    """These students by name, with their branches; NotFound when one of them is invisible."""
    rows = Student.objects.visible_to(by).select_related("branch__org").filter(pk__in=student_ids)
    found: list[Student] = list(rows.order_by("sort_key", "id"))
    if len(found) < len(set(student_ids)):
        raise NotFound
    return found


@question("people.view")
def found_few(by: Actor, typed: str) -> list[int] | None:
    """Students, not archived, who match what was typed, in no order: all of them, or FEW + 1 where there are more.

    It takes the same time in a centre of any size. None: too little was typed to look it up.
    """
    digits, words = phone_digits(typed), sorted(search_key(typed).split(), key=len)
    if digits and not by.may("people.see_contacts"):
        return []
    if len(digits) == LAST_DIGITS:  # an ordinary index has these
        phones = Contact.objects.visible_to(by).filter(last4=digits).values("student_id")
        rows = Student.objects.visible_to(by).filter(archived_on=None, pk__in=phones)
        ids = list(rows.values_list("pk", flat=True)[: FEW + 1])
    elif digits:
        ids = _ids("SELECT * FROM daftar_students_called(%s, %s, %s)", by, digits)
    elif words and len(words[-1]) >= FEWEST_LETTERS:
        statement = "SELECT * FROM daftar_students_named(%s, %s, %s, %s)"
        ids = _ids(statement, by, words[-1], [f"%{word}%" for word in words])
    else:
        return None
    return ids


def _ids(statement: LiteralString, by: Actor, *values: str | list[str]) -> list[int]:
    """What a function of the database finds; that looks in the organization of the transaction."""
    branches = None if by.branch_ids is None else sorted(by.branch_ids)
    with connection.cursor() as cursor:
        cursor.execute(statement, [*values, branches, FEW + 1])
        return [pk for (pk,) in cursor.fetchall()]


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
    return {student_id: value or raw for student_id, value, raw in rows.values_list("student_id", "value", "raw")}


@dataclass(frozen=True)
class Identity:
    """What someone who was added by hand can be recognised by: `tails` are the last seven digits of the phones."""

    search_key: str
    born_on: date | None
    tails: tuple[str, ...]


@question("transfer.import")
def added_by_hand(by: Actor) -> list[Identity]:
    """Everyone who is here and whom no import brought, in two statements however many there are.

    Whom an undone import left in the archive is not here: the same file may bring them again.
    """
    rows = Student.objects.visible_to(by).filter(import_key=None, archived_on=None)
    phones: dict[int, list[str]] = {}
    numbers = Contact.objects.visible_to(by).filter(kind=ContactKind.MOBILE, student__in=rows).exclude(digits="")
    for student_id, digits in numbers.values_list("student_id", "digits"):
        phones.setdefault(student_id, []).append(digits[-TAIL:])
    return [
        Identity(key, born_on, tuple(phones.get(pk, ())))
        for pk, key, born_on in rows.values_list("pk", "search_key", "born_on")
    ]


@question("transfer.import")
def imported_keys(by: Actor, keys: Collection[str]) -> set[str]:
    """Which of these people an earlier import brought already."""
    return set(Student.objects.visible_to(by).filter(import_key__in=keys).values_list("import_key", flat=True))
