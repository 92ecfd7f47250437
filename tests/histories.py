"""Random histories of a centre: one verb after another, in any order; a refusal is an answer too.

A history is a list of facts, each the name of a function below and a seed for what it chooses.
"""

from __future__ import annotations

import random
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.db.models import Q

from daftar.attendance.makeup_lessons import plan_make_up_lesson
from daftar.attendance.makeups import add_guest, make_ups, places_for
from daftar.attendance.models import AbsenceReason, Attendance
from daftar.attendance.queries import expected_students, reasons
from daftar.attendance.reasons import edit_reason
from daftar.attendance.services import conduct_lesson
from daftar.courses import alone, days, moves
from daftar.courses.kinds import LessonKind
from daftar.courses.models import Course, Enrolment, Group, Holiday, Lesson
from daftar.courses.rules import EVEN, PlanKind
from daftar.finance.models import Desk
from daftar.ledger import services as ledger
from daftar.ledger.models import AccountKind, TransferKind
from daftar.ledger.queries import separate_accounts
from daftar.lib.errors import NotFound, Refusal
from daftar.people.models import Student
from daftar.tuition import leaving, prices
from daftar.tuition.discounts import DiscountTerms, change_discount, give_discount, withdraw_discount
from daftar.tuition.jobs import reconcile_all
from daftar.tuition.make_up_days import enrol_for_make_up
from daftar.tuition.models import Discount, Subscription, Tariff
from daftar.tuition.queries import may_pay
from daftar.tuition.services import activate, enrol_active
from daftar.tuition.tariffs import (
    Binding,
    TariffTerms,
    add_tariff,
    bind_tariff,
    change_tariff_price,
    end_own_price,
    end_subscription,
    set_own_price,
    unbind_tariff,
)
from tests.cast import a_course, a_group, a_student, enrolled
from tests.chances import FIRST, around, one_of, perhaps
from tests.decision_facts import charged_absence, decide, decision, decision_of_the_branch
from tests.money_facts import bring_back, correct, edit, give_back, pay, reverse
from tests.pause_facts import (
    come_again,
    longer_pause,
    no_pause,
    other_pause,
    otherwise,
    pause,
    pause_a_group,
    pause_in_a_group,
    shorter_pause,
)

LATEST = date(2025, 8, 20)
TYPES = ((), (), (), ("group",), ("group", "individual"), ("individual", "trial"))
BY_LESSON = [kind.value for kind in (PlanKind.PER_LESSON, PlanKind.MONTH_SPREAD, PlanKind.WEEK_SPREAD)]
NAMES = ("Aziz", "Bek", "Lola", "Nodira")


def a_school(by, seed: int) -> None:
    """Three groups of two courses, nine tariffs and four students.

    Each is active in a group and bound to two tariffs, one with its own money. Each decision has any of its answers.
    """
    dice = random.Random(seed)
    decide(by, seed)
    groups = []
    for number, (weekdays, starts) in enumerate([((1, 3, 5), "2025-04-01"), (EVEN, "2025-05-14")]):
        plan = dice.choice([*PlanKind, *map(PlanKind, BY_LESSON)])
        course = a_course(
            by, f"Course {number}", plan=plan, price=dice.choice([30_000_000, 31_234_500]), lessons_count=8,
            module_lessons=12 if plan is PlanKind.MODULE else None, subject=("english", "")[number],
        )  # fmt: skip
        groups.append(a_group(by, course, f"G{number}", weekdays=weekdays, starts_on=starts, last_on="2025-10-31"))
    a_group(by, groups[0].course, "G2", weekdays=EVEN, starts_on="2025-05-01", last_on="2025-10-31", capacity=3)
    for plan in PlanKind:
        terms = TariffTerms(
            name=plan.value, plan=plan, currency="UZS", lessons_count=dice.choice([1, 3, 8]),
            module_lessons=8 if plan is PlanKind.MODULE else None,
            # Whether a module counts what its subjects do not fit can be read in two ways (R15 of the notes).
            subjects=() if plan is PlanKind.MODULE else dice.choice([(), ("english",)]),
            lesson_types=() if plan is PlanKind.MODULE else dice.choice(TYPES),
            months=dice.choice([None, 2]) if plan is PlanKind.WHOLE_COURSE else None,
            valid_days=dice.choice([None, None, 30]),
        )  # fmt: skip
        add_tariff(by, terms=terms, price=dice.choice([10_000_000, 28_000_000]), from_on=date(2025, 1, 1))
    for number, name in enumerate(NAMES):
        student, group = a_student(by, name), groups[number % 2]
        first = max(group.starts_on, FIRST + timedelta(days=dice.randint(0, 20)))
        enrol_active(by, student_id=student.pk, group_id=group.pk, starts_on=first)
        if number > 1:
            enrolled(by, student, groups[1 - number % 2], "2025-05-15")
        for is_separate in (False, True):
            while not bound(by, dice, student, is_separate=is_separate):
                pass


def bound(by, dice, student, *, is_separate: bool) -> bool:
    """Whether the tariff that came up needs no group, or got one."""
    try:
        bind(by, dice, student=student, is_separate=is_separate)
    except Refusal:
        return False
    return True


def a_history(seed: int, least: int = 30) -> list[tuple[str, int]]:
    """At least so many facts; in their course lessons are missed that are owed, and made up for, and a group paused."""
    dice = random.Random(seed)
    kinds = [dice.choice(KINDS) for _each in range(dice.randint(least, least + 6))]
    places = sorted(dice.sample(range(len(kinds)), len(SURE)))
    for place, kind in zip(places, SURE, strict=True):
        kinds[place] = kind
    return [(kind, dice.randrange(10**6)) for kind in kinds]


def lived(by, facts: list[tuple[str, int]]) -> Any:
    """The centre after these facts, as the actor at its last moment."""
    for kind, seed in facts:
        by = done(by, kind, seed)
    return by


def done(by, kind: str, seed: int) -> Any:
    """One fact more."""
    dice = random.Random(f"{kind} {seed}")
    if kind == "days":
        on = min(by.today + timedelta(days=dice.randint(1, 25)), LATEST)
        by = replace(by, at=datetime.combine(on, time(12), tzinfo=UTC))
        reconcile_all(by)
        return by
    try:
        with transaction.atomic():
            FACTS[kind](by, dice)
    except (Refusal, NotFound):
        pass
    return by


# --- prices ----------------------------------------------------------------------------------------------------------


def bind(by, dice, *, student=None, is_separate=False) -> None:
    """With an account of its own there is money in it, or else none ever comes."""
    is_poor = student is None and dice.random() < 0.2
    student = student or one_of(by, dice, Student)
    if Subscription.objects.visible_to(by).filter(student=student).count() >= 4:
        return
    joined = Enrolment.objects.visible_to(by).filter(student=student).values_list("group_id", flat=True)
    starts = around(by, dice)
    binding = Binding(
        starts, perhaps(dice, starts + timedelta(days=dice.randint(0, 60))),
        group_id=dice.choice([None, *sorted(joined)]), price=perhaps(dice, dice.randint(1, 400) * 100_000),
        is_separate=is_separate or is_poor, extended_by_suspensions=dice.random() < 0.8,
    )  # fmt: skip
    row = bind_tariff(by, student_id=student.pk, tariff_id=one_of(by, dice, Tariff).pk, binding=binding)
    if is_separate:
        pay_apart(by, row, dice.randint(1, 300) * 100_000)


def pay_apart(by, subscription, amount: int) -> None:
    """Money into the account of one subscription."""
    account = separate_accounts(by, [subscription.student_id])[subscription.pk]
    source = ledger.purpose_account(by, kind=AccountKind.OPENING, currency="UZS")
    ledger.post(by, moves=[ledger.Move(source.pk, account.pk, amount, TransferKind.OPENING, FIRST)])


def end(by, dice) -> None:
    row = one_of(by, dice, Subscription)
    end_subscription(by, subscription_id=row.pk, last_on=perhaps(dice, around(by, dice)))


def unbind(by, dice) -> None:
    unbind_tariff(by, subscription_id=one_of(by, dice, Subscription, tariff__isnull=False).pk)


def own_price(by, dice) -> None:
    row = one_of(by, dice, Subscription)
    set_own_price(by, subscription_id=row.pk, price=dice.randint(0, 300) * 100_000, from_on=around(by, dice))


def no_own_price(by, dice) -> None:
    row = one_of(by, dice, Subscription, has_own_price=True)
    end_own_price(by, subscription_id=row.pk, from_on=around(by, dice))


def tariff_price(by, dice) -> None:
    row = one_of(by, dice, Tariff)
    deed = {"price": dice.randint(1, 300) * 100_000, "from_on": around(by, dice)}
    change_tariff_price(by, tariff_id=row.pk, bound_follow=dice.random() < 0.7, **deed)


def course_price(by, dice) -> None:
    row = one_of(by, dice, Course)
    deed = {"price": dice.randint(1, 400) * 100_000, "from_on": around(by, dice)}
    prices.change_course_price(by, course_id=row.pk, bound_follow=dice.random() < 0.7, **deed)


def group_price(by, dice) -> None:
    """Of a group; None: as its course."""
    price = dice.choice([None, dice.randint(1, 400) * 100_000])
    deed = {"price": price, "from_on": around(by, dice), "bound_follow": dice.random() < 0.7}
    prices.change_group_price(by, group_id=one_of(by, dice, Group).pk, **deed)


def pick(by, dice) -> None:
    """By hand, for a lesson that the student was marked in, or for one to come; now and then taken back."""
    row = one_of(by, dice, Subscription)
    marked = Attendance.objects.visible_to(by).filter(student=row.student, lesson__held_on__gte=row.starts_on)
    ahead = Q(group_id=row.group_id, held_on__range=(by.today, by.today + timedelta(days=9)))
    lessons = Lesson.objects.visible_to(by).filter(Q(pk__in=marked.values("lesson")) | ahead).order_by("id")
    chosen = dice.sample(list(lessons), min(4, len(lessons)))
    for lesson in chosen:
        if row.pk not in may_pay(by, student_id=row.student_id, lesson_id=lesson.pk):
            continue
        payer = None if dice.random() < 0.15 else row.pk
        prices.choose_payer(by, student_id=row.student_id, lesson_id=lesson.pk, subscription_id=payer)


def discount_terms(by, dice) -> DiscountTerms:
    starts = around(by, dice)
    is_percent = dice.random() < 0.5
    return DiscountTerms(
        starts, perhaps(dice, starts + timedelta(days=dice.randint(0, 60))),
        percent=Decimal(dice.choice(["5", "12.5", "33.33", "100"])) if is_percent else None,
        amount=None if is_percent else dice.randint(1, 90) * 100_000, per=dice.choice(["", "lesson", "subscription"]),
        subjects=dice.choice([(), (), ("english",)]), lesson_types=dice.choice([(), (), ("group",)]),
    )  # fmt: skip


def discount(by, dice) -> None:
    give_discount(by, student_id=one_of(by, dice, Student).pk, terms=discount_terms(by, dice))


def other_discount(by, dice) -> None:
    change_discount(by, discount_id=one_of(by, dice, Discount).pk, terms=discount_terms(by, dice))


def no_discount(by, dice) -> None:
    withdraw_discount(by, discount_id=one_of(by, dice, Discount).pk)


# --- days and memberships --------------------------------------------------------------------------------------------


def leave(by, dice) -> None:
    leaving.leave_group(by, enrolment_id=one_of(by, dice, Enrolment).pk, last_on=around(by, dice), **otherwise(dice))


def stay(by, dice) -> None:
    leaving.undo_leaving(by, enrolment_id=one_of(by, dice, Enrolment, ends_on__isnull=False).pk)


def move(by, dice) -> None:
    row = one_of(by, dice, Enrolment, ends_on=None)
    other, last_on = one_of(by, dice, Group), around(by, dice)
    starts = last_on + timedelta(days=dice.randint(1, 5))
    leaving.transfer(by, enrolment_id=row.pk, group_id=other.pk, last_on=last_on, starts_on=starts, **otherwise(dice))


def trial(by, dice) -> None:
    leaving.return_to_trial(by, enrolment_id=one_of(by, dice, Enrolment).pk, from_on=around(by, dice))


def start(by, dice) -> None:
    activate(by, enrolment_id=one_of(by, dice, Enrolment, activated_on=None).pk, activated_on=around(by, dice, 10))


def holiday(by, dice) -> None:
    days.add_holiday(
        by, name="off", starts_on=around(by, dice), affects_payment=dice.random() < 0.7,
        is_credited=dice.choice([True, False, None]),
    )  # fmt: skip
    reconcile_all(by)


def no_holiday(by, dice) -> None:
    days.remove_holiday(by, holiday_id=one_of(by, dice, Holiday).pk)
    reconcile_all(by)


def teach(by, dice) -> None:
    """Some lessons that have come by now, most of them for the first time."""
    come = FIRST, by.today
    for _each in range(dice.randint(2, 8)):
        lesson = one_of(by, dice, Lesson, held_on__range=come, status=dice.choice(["planned"] * 3 + ["conducted"]))
        held(by, dice, lesson)


def held(by, dice, lesson: Lesson, missing: float = 0.3) -> None:
    """With some who are missing, if its day has come."""
    if lesson.held_on > by.today:
        return
    known = [None, *(reason.pk for reason in reasons(by))]
    people = sorted(expected_students(by, lesson.pk))
    absent = {pk: dice.choice(known) for pk in people if dice.random() < missing}
    conduct_lesson(by, lesson_id=lesson.pk, absent=absent, because="typed wrong")


def cancel(by, dice) -> None:
    days.cancel_lesson(by, lesson_id=one_of(by, dice, Lesson, status="planned").pk, reason="ill")


def restore(by, dice) -> None:
    days.restore_lesson(by, lesson_id=one_of(by, dice, Lesson, status="cancelled").pk)


def move_a_lesson(by, dice) -> None:
    lesson = one_of(by, dice, Lesson, status="planned", held_on__lte=by.today + timedelta(days=10))
    on = lesson.held_on + timedelta(days=dice.randint(-15, 15))
    moves.move_lesson(by, lesson_id=lesson.pk, held_on=on, starts_time=time(dice.randint(15, 18)))


# --- lessons without a group, guests, and those who make up for a miss ------------------------------------------------


def own_lesson(by, dice) -> None:
    student = one_of(by, dice, Student)
    held(by, dice, _alone(by, dice, LessonKind.INDIVIDUAL, student_id=student.pk))


def own_lessons(by, dice) -> None:
    """Weekly ones."""
    starts, course = around(by, dice), one_of(by, dice, Course)
    alone.plan_regular_lessons(
        by, kind=LessonKind.INDIVIDUAL, course_id=course.pk, branch_id=Desk.objects.visible_to(by)[0].branch_id,
        weekdays=dice.sample(range(1, 8), 2), starts_time=time(10), starts_on=starts,
        last_on=starts + timedelta(days=dice.randint(7, 40)), student_id=one_of(by, dice, Student).pk,
    )  # fmt: skip


def open_lesson(by, dice) -> None:
    """A trial of no group to which one comes or two."""
    lesson = _alone(by, dice, LessonKind.TRIAL)
    for pk in {one_of(by, dice, Student).pk, one_of(by, dice, Student).pk}:
        add_guest(by, lesson_id=lesson.pk, student_id=pk)
    held(by, dice, lesson)


def _alone(by, dice, kind: LessonKind, **values) -> Lesson:
    return alone.plan_single_lesson(
        by, kind=kind, course_id=one_of(by, dice, Course).pk, branch_id=Desk.objects.visible_to(by)[0].branch_id,
        held_on=around(by, dice, 20, 4), starts_time=time(dice.randint(8, 20)), **values,
    )  # fmt: skip


def guest(by, dice) -> None:
    """Somebody comes to a lesson of any group, and makes up for nothing."""
    near = by.today - timedelta(days=9), by.today + timedelta(days=2)
    lesson = one_of(by, dice, Lesson, held_on__range=near, student=None, status="planned")
    add_guest(by, lesson_id=lesson.pk, student_id=one_of(by, dice, Student).pk)
    held(by, dice, lesson)


def make_up(by, dice) -> None:
    """What some are owed is made up for in another group, or in a lesson made for it, before today too.

    First of those who pay for its lessons one by one: to the others it most often costs nothing.
    """
    rows = list(make_ups(by).select_related("missed"))
    if not rows:
        raise NotFound
    bound = set(Subscription.objects.visible_to(by).filter(plan__in=BY_LESSON).values_list("student_id", "group_id"))
    dice.shuffle(rows)
    rows.sort(key=lambda row: (row.student_id, row.missed.group_id) not in bound)
    for row in rows[:3]:
        with suppress(Refusal, NotFound), transaction.atomic():
            made_up(by, dice, row)


def made_up(by, dice, row) -> None:
    """In it most often nobody is missing: who is pays for nothing."""
    earlier = replace(by, at=by.at - timedelta(days=14))
    if dice.random() < 0.6 and (places := places_for(dice.choice([by, earlier]), row)[:6]):
        lesson = dice.choice(places).lesson
        if lesson.group_id is not None and dice.random() < 0.4:
            enrol_for_make_up(
                by, student_id=row.student_id, group_id=lesson.group_id, starts_on=lesson.held_on,
                last_on=lesson.held_on, make_up_id=row.pk, is_active=dice.random() < 0.5,
            )  # fmt: skip
        else:
            add_guest(by, lesson_id=lesson.pk, student_id=row.student_id, make_up_id=row.pk)
    else:
        on = by.today + timedelta(days=dice.randint(-9, 0))
        lesson = plan_make_up_lesson(by, make_up_ids=[row.pk], held_on=on, starts_time=time(dice.randint(8, 20)))
    held(by, dice, lesson, missing=0.1)


def owed(by, dice) -> None:
    """Everybody of a lesson missed it for a reason that gives it back, and that most often does not charge.

    Most often a lesson of a group whose lessons somebody pays for one by one: what makes up for another costs nothing.
    """
    free = dice.random() < 0.8
    reason = one_of(by, dice, AbsenceReason, **({"charges": False} if free else {}))
    edit_reason(
        by, reason_id=reason.pk, name=reason.name, charges=reason.charges, pays_teacher=False, gives_credit=True,
        place=reason.place, credit_days=None,
    )  # fmt: skip
    recent = {"held_on__range": (by.today - timedelta(days=20), by.today), "status": "planned"}
    bound = Subscription.objects.visible_to(by).filter(group__isnull=False, plan__in=BY_LESSON)
    if dice.random() < 0.8 and bound:
        recent["group__in"] = bound.values("group")
    lesson = one_of(by, dice, Lesson, **recent)
    everybody = sorted(expected_students(by, lesson.pk))
    conduct_lesson(by, lesson_id=lesson.pk, absent=dict.fromkeys(everybody, reason.pk))


FACTS = {
    each.__name__: each
    for each in (
        bind, unbind, end, own_price, tariff_price, course_price, discount, other_discount, no_discount, pay, reverse,
        edit, give_back, correct, bring_back, pause, pause_in_a_group, pause_a_group, other_pause, longer_pause,
        shorter_pause, come_again, no_pause, leave, stay, move, trial, start, holiday, no_holiday, teach, cancel,
        restore, move_a_lesson, own_lesson, own_lessons, open_lesson, guest, make_up, owed, pick, group_price,
        no_own_price, decision, decision_of_the_branch, charged_absence,
    )
}  # fmt: skip
SURE = ("days", "pause_in_a_group", "owed", "owed", "longer_pause", "make_up", "make_up")
KINDS = (*["days"] * 4, *["teach"] * 6, "pick", "discount", "pause", "pay", *FACTS)
