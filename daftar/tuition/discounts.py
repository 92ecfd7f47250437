"""Verbs on discounts: of several that reach a charge the one that saves most counts (decision D5)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

from django.utils.translation import gettext_lazy as _

from daftar.courses.events import TuitionFactsChanged
from daftar.courses.kinds import LessonKind
from daftar.courses.models import LessonType
from daftar.lib.errors import Refusal
from daftar.lib.money import LARGEST_MAJOR, exponent
from daftar.orgs.access import Actor, add, change, note, publish, verb
from daftar.people.models import Student
from daftar.tuition.models import Discount

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import date

    from daftar.people.models import Student as StudentRow


class DiscountEmpty(Refusal):
    field = "percent"
    text = _("Write a percentage or an amount, not both.")


class PercentOutOfRange(Refusal):
    field = "percent"
    text = _("A percentage is above 0 and at most 100.")


class AmountOutOfRange(Refusal):
    field = "amount"
    text = _("An amount is above zero and not more than any price can be. Check the zeros.")


class DiscountEndsBeforeStart(Refusal):
    field = "last_on"
    text = _("The last day lies before the first.")


class DiscountGivenAlready(Refusal):
    text = _("The student has this discount already.")


class PercentKeptByRule(Refusal):
    field = "percent"
    text = _("The centre's rule for siblings keeps the percentage: change it in the settings of charging.")


class LastDayKeptByRule(Refusal):
    field = "last_on"
    text = _("The centre's rule for siblings keeps the last day: it ends when there are no longer two who study.")


class LessonTypeElsewhere(Refusal):
    field = "lesson_types"
    text = _("There is no such type of lesson in this centre.")


@dataclass(frozen=True)
class DiscountTerms:
    """What a discount is: `percent` of the price or `amount` minor units off what `per` says ("" as the branch does).

    From `starts_on` to `last_on` inclusive (None: open). Empty subjects or lesson types: any.
    """

    starts_on: date
    last_on: date | None = None
    percent: Decimal | None = None
    amount: int | None = None
    per: str = ""
    subjects: tuple[str, ...] = ()
    lesson_types: tuple[str, ...] = ()
    reason: str = ""


@verb("tuition.price")
def give_discount(by: Actor, *, student_id: int, terms: DiscountTerms) -> Discount:
    """Gives a student a discount; charges of its days, posted ones too, follow at once.

    The very same again, such as a form sent twice, is refused.
    """
    rows = Student.objects.visible_to(by).select_for_update(of=("self",), no_key=True).select_related("branch")
    student: StudentRow = rows.one(pk=student_id)
    values = _values(by, student, terms)
    if Discount.objects.visible_to(by).filter(student=student, **values).exists():
        raise DiscountGivenAlready
    row = add(by, Discount, student=student, **values)
    publish(by, TuitionFactsChanged((student_id,)))
    return row


@verb("tuition.price")
def change_discount(by: Actor, *, discount_id: int, terms: DiscountTerms) -> Discount:
    """Changes a discount; charges of its days, old and new, follow at once.

    Of one that the rule for siblings gave the percentage and the last day stay: it would write them again.
    """
    row = _locked(by, discount_id)
    values = _values(by, row.student, terms)
    if row.is_for_siblings and values["percent"] != row.percent:
        raise PercentKeptByRule
    if row.is_for_siblings and values["ends_on"] != row.ends_on:
        raise LastDayKeptByRule
    change(by, row, **values)
    publish(by, TuitionFactsChanged((row.student_id,)))
    return row


@verb("tuition.price")
def withdraw_discount(by: Actor, *, discount_id: int) -> Discount:
    """Takes a discount back as if it had never been given; to end it, change its last day."""
    row = _locked(by, discount_id)
    note(by, row, was={"starts_on": row.starts_on, "reason": row.reason}, now={"starts_on": None, "reason": None})
    Discount.objects.visible_to(by).filter(pk=discount_id).delete()
    publish(by, TuitionFactsChanged((row.student_id,)))
    return row


def check_lesson_types(by: Actor, codes: Collection[str]) -> None:
    """Refuses what is neither a kind of lesson nor a type of this centre."""
    own = [int(code) for code in codes if code.isdecimal()]
    known = {kind.value for kind in LessonKind}
    if any(not code.isdecimal() and code not in known for code in codes):
        raise LessonTypeElsewhere
    if own and LessonType.objects.visible_to(by).filter(pk__in=own).count() != len(set(own)):
        raise LessonTypeElsewhere


def _locked(by: Actor, discount_id: int) -> Discount:
    rows = Discount.objects.visible_to(by).select_for_update(of=("self",), no_key=True)
    row: Discount = rows.select_related("student__branch").one(pk=discount_id)
    return row


def _values(by: Actor, student: StudentRow, terms: DiscountTerms) -> dict[str, object]:
    if (terms.percent is None) == (terms.amount is None):
        raise DiscountEmpty
    if terms.percent is not None and not 0 < terms.percent <= Decimal(100):
        raise PercentOutOfRange
    slip = LARGEST_MAJOR * 10 ** exponent(student.branch.currency)
    if terms.amount is not None and not 0 < terms.amount < slip:
        raise AmountOutOfRange
    if terms.last_on is not None and terms.last_on < terms.starts_on:
        raise DiscountEndsBeforeStart
    check_lesson_types(by, terms.lesson_types)
    return {
        "percent": terms.percent, "amount": terms.amount, "per": terms.per, "starts_on": terms.starts_on,
        "ends_on": None if terms.last_on is None else terms.last_on + timedelta(days=1),
        "subjects": list(terms.subjects), "lesson_types": list(terms.lesson_types), "reason": terms.reason.strip(),
    }  # fmt: skip
