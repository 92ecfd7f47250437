"""Facts of a centre that know nothing of each other."""

from __future__ import annotations

from datetime import date, time, timedelta
from functools import partial
from typing import Any

from daftar.attendance.queries import expected_students, reasons
from daftar.attendance.services import conduct_lesson
from daftar.courses import days, moves
from daftar.courses.models import Enrolment, Lesson
from daftar.courses.rules import PlanKind
from daftar.people.models import Student
from daftar.tuition import leaving, pauses
from daftar.tuition.discounts import give_discount
from daftar.tuition.models import Tariff
from daftar.tuition.tariffs import Binding, TariffTerms, add_tariff, bind_tariff, set_own_price
from tests.histories import FIRST, discount_terms, pay_apart

WAYS = [kind.value for kind in (PlanKind.PER_LESSON, PlanKind.MONTH_SPREAD, PlanKind.DAILY)]


def independent_facts(by, dice) -> list[Any]:
    """Deeds that may be done in any order: none needs another, and no two of them are of one lesson or one day."""
    people, deeds = list(Student.objects.visible_to(by).order_by("id")), []
    starts = dice.sample(range(60), len(people) * 2)
    for number, student in enumerate(people * 2):
        deeds += [
            _given(by, student, discount_terms(by, dice)),
            _bound(by, dice, student, FIRST + timedelta(days=starts[number]), is_separate=number < 2),
        ]
    for student in people:
        first = FIRST + timedelta(days=dice.randint(5, 50))
        joined = Enrolment.objects.visible_to(by).filter(student=student).values_list("group_id", flat=True)
        deeds.append(
            partial(
                pauses.suspend, by, student_ids=[student.pk], group_id=dice.choice([None, *sorted(joined)]),
                starts_on=first, last_on=first + timedelta(days=9), extends=dice.random() < 0.6,
            )
        )  # fmt: skip
    lessons = Lesson.objects.visible_to(by).filter(held_on__range=(FIRST, by.today)).order_by("id")
    for lesson in dice.sample(list(lessons), 24):
        deeds.append(dice.choice([_taught, _taught, _taught, _cancelled, _moved])(by, dice, lesson))
    for on in dice.sample(range(70), 3):
        deeds.append(
            partial(
                days.add_holiday, by, name="off", starts_on=FIRST + timedelta(days=on),
                affects_payment=dice.random() < 0.7, is_credited=dice.choice([True, False]),
            )
        )  # fmt: skip
    gone = dice.choice(list(Enrolment.objects.visible_to(by).order_by("id")))
    deeds.append(partial(leaving.leave_group, by, enrolment_id=gone.pk, last_on=by.today - timedelta(days=12)))
    return deeds


def _given(by, student, terms):
    return partial(give_discount, by, student_id=student.pk, terms=terms)


def _bound(by, dice, student, starts_on: date, *, is_separate: bool):
    """By its own first day, so that nothing is decided by which was entered first; with its money and its price.

    To a tariff of its own: the same twice at once is refused.
    """
    joined = Enrolment.objects.visible_to(by).filter(student=student).values_list("group_id", flat=True)
    like = Tariff.objects.visible_to(by).get(name=dice.choice(WAYS))
    terms = TariffTerms(
        name=f"{student} {starts_on}", plan=PlanKind(like.plan), currency=like.currency,
        lessons_count=like.lessons_count, subjects=tuple(like.subjects), lesson_types=tuple(like.lesson_types),
        valid_days=like.valid_days,
    )  # fmt: skip
    tariff = add_tariff(by, terms=terms, price=like.prices.get().amount, from_on=date(2025, 1, 1))
    group, money, price = dice.choice([None, *sorted(joined)]), dice.randint(1, 99) * 100_000, dice.randint(1, 99)
    binding = Binding(starts_on, group_id=group, is_separate=is_separate, note=f"{student} {starts_on}")

    def deed() -> None:
        row = bind_tariff(by, student_id=student.pk, tariff_id=tariff.pk, binding=binding)
        set_own_price(by, subscription_id=row.pk, price=price * 100_000, from_on=starts_on + timedelta(days=9))
        if is_separate:
            pay_apart(by, row, money)

    return deed


def _taught(by, dice, lesson):
    chance = {pk: dice.random() for pk in Student.objects.visible_to(by).order_by("id").values_list("id", flat=True)}
    excused = reasons(by)[0].pk

    def deed() -> None:
        people = expected_students(by, lesson.pk)
        absent = {pk: excused if chance[pk] < 0.1 else None for pk in people if chance[pk] < 0.3}
        conduct_lesson(by, lesson_id=lesson.pk, absent=absent, because="typed wrong")

    return deed


def _cancelled(by, dice, lesson):
    return partial(days.cancel_lesson, by, lesson_id=lesson.pk, reason="ill")


def _moved(by, dice, lesson):
    on = lesson.held_on + timedelta(days=dice.randint(0, 15))
    at = time(dice.randint(15, 18), lesson.held_on.toordinal() % 60)  # no two of a group meet
    return partial(moves.move_lesson, by, lesson_id=lesson.pk, held_on=on, starts_time=at)
