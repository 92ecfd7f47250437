"""The demo centre: sixty students and three months, made by calling the verbs a centre would call, day after day."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from daftar.attendance.queries import expected_students, reasons
from daftar.attendance.services import conduct_lesson
from daftar.courses import services as courses
from daftar.courses.models import Enrolment, Group, Lesson
from daftar.courses.rules import EVEN, ODD, PlanKind
from daftar.finance.queries import desks
from daftar.finance.services import take_payment
from daftar.ledger.queries import balances
from daftar.lib.period import add_months
from daftar.lib.tenancy import tenant_transaction
from daftar.orgs import services as orgs
from daftar.orgs.founding import found
from daftar.orgs.models import Branch, Member
from daftar.people import services as people
from daftar.tuition.jobs import reconcile_all
from daftar.tuition.services import activate

if TYPE_CHECKING:
    from collections.abc import Iterator

    from daftar.orgs.access import Actor

SLUG, ZONE, PASSWORD = "demo", "Asia/Tashkent", "daftar-demo"
LOGINS = {
    "owner": "owner@demo.invalid",
    "administrator": "admin@demo.invalid",
    "cashier": "cashier@demo.invalid",
    "teacher": "teacher@demo.invalid",
}
GIVEN = (
    "Aziz", "Malika", "Sardor", "Nilufar", "Jasur", "Dildora", "Otabek", "Shahnoza", "Bekzod", "Zilola", "Rustam",
    "Kamola", "Sherzod", "Feruza", "Timur", "Madina", "Doniyor", "Lola", "Anvar", "Sevara",
)  # fmt: skip
FAMILY = ("Karimov", "Rahimov", "Yusupov", "Toshmatov", "Saidov", "Nazarov")


@dataclass(frozen=True)
class Plan:
    """A group of the demo centre: name, course, days, hour, teacher (by place in the team) and size."""

    name: str
    course: str
    days: tuple[int, ...]
    hour: int
    teacher: int
    size: int


PLANS = (
    Plan("IELTS-1", "English IELTS", ODD, 15, 0, 12), Plan("IELTS-2", "English IELTS", EVEN, 17, 1, 12),
    Plan("Beginner-4", "English Beginner", EVEN, 9, 0, 11), Plan("Python-2", "Python", (2, 6), 16, 2, 9),
    Plan("Maths-9", "Mathematics", ODD, 10, 2, 10), Plan("Drawing", "Drawing", (6,), 11, 1, 6),
)  # fmt: skip
# Name, way of charging, price in minor units, lessons it is for.
COURSES = (
    ("English IELTS", PlanKind.CALENDAR_MONTH, 60_000_000, 1),
    ("English Beginner", PlanKind.CALENDAR_MONTH, 45_000_000, 1),
    ("Mathematics", PlanKind.CALENDAR_MONTH, 40_000_000, 1), ("Python", PlanKind.PER_LESSON, 64_000_000, 8),
    ("Drawing", PlanKind.PER_LESSON, 8_000_000, 1),
)  # fmt: skip


def make_demo(now: datetime) -> None:
    """Founds the demo centre three months before `now` and lives through them, in one transaction."""
    begins = add_months(now.date(), -3).replace(day=1)
    by = found(
        slug=SLUG, name="Bilim Demo", currency="UZS", timezone=ZONE, language="en", branch="Chilonzor",
        owner="Aziza Demo", email=LOGINS["owner"], password=PASSWORD, at=_noon(begins), is_demo=True,
    )  # fmt: skip
    with tenant_transaction(by.org_id):
        _open_house(by, begins, now.date())
        for on in _days(begins, now.date()):
            _live(replace(by, at=min(_noon(on), now)), on, is_last=on == now.date())


def _noon(on: date) -> datetime:
    return datetime.combine(on, time(12), tzinfo=ZoneInfo(ZONE)).astimezone(UTC)


def _days(first: date, last: date) -> Iterator[date]:
    yield from (first + timedelta(days=count) for count in range((last - first).days + 1))


def _open_house(by: Actor, begins: date, today: date) -> None:
    branch = Branch.objects.visible_to(by).get()
    team: list[Member] = [
        orgs.add_member(by, name="Dilnoza Demo", role="teacher", email=LOGINS["teacher"], password=PASSWORD),
        orgs.add_member(by, name="Jamshid Demo", role="teacher"),
        orgs.add_member(by, name="Nodira Demo", role="teacher"),
    ]
    orgs.add_member(by, name="Botir Demo", role="administrator", email=LOGINS["administrator"], password=PASSWORD)
    orgs.add_member(by, name="Kamola Demo", role="cashier", email=LOGINS["cashier"], password=PASSWORD)
    rooms = [courses.add_room(by, branch_id=branch.pk, name=f"Room {number}", capacity=14) for number in (1, 2, 3)]
    made = {
        name: courses.add_course(by, name=name, plan=plan, currency="UZS", price=price, lessons_count=count)
        for name, plan, price, count in COURSES
    }
    places = iter(range(60))
    for plan in PLANS:
        group = courses.add_group(
            by, branch_id=branch.pk, name=plan.name, course_id=made[plan.course].pk, starts_on=begins,
            last_on=add_months(today, 6), schedule=courses.Schedule(plan.days, time(plan.hour)),
            teacher_id=team[plan.teacher].pk, room_id=rooms[plan.teacher].pk, capacity=14,
        )  # fmt: skip
        for place in (place for _, place in zip(range(plan.size), places, strict=False)):
            _join(by, group, place, begins, today=today)


def _join(by: Actor, group: Group, place: int, begins: date, *, today: date) -> None:
    """A student who comes some day of the first weeks; every twelfth came lately and is still on trial."""
    family = FAMILY[place % len(FAMILY)] + ("a" if place % 2 else "")
    is_new = place % 12 == 11
    joined_on = today - timedelta(days=place % 3) if is_new else begins + timedelta(days=place * 7 % 30)
    student = people.add_student(
        by, full_name=f"{GIVEN[place % len(GIVEN)]} {family}", branch_id=group.branch_id,
        phone=f"+99890{1000000 + place * 1237}", payer_name=f"{family} family",
        born_on=date(2008 + place % 8, 1 + place % 12, 1 + place % 28),
    )  # fmt: skip
    courses.enrol_student(by, student_id=student.pk, group_id=group.pk, starts_on=joined_on)


def _as(by: Actor, member: Member) -> Actor:
    """What a member of the team does is done in the member's name."""
    return replace(by, member_id=member.pk, name=member.name)


def _live(by: Actor, on: date, *, is_last: bool) -> None:
    """What the centre does on one day: activates, teaches, charges, takes money. Today's lessons are left to mark."""
    team = {row.role: row for row in Member.objects.visible_to(by).order_by("-id")}
    for row in Enrolment.objects.visible_to(by).filter(activated_on=None, starts_on=on - timedelta(days=3)):
        activate(_as(by, team["administrator"]), enrolment_id=row.pk, activated_on=on)
    if not is_last:
        for lesson in (
            Lesson.objects.visible_to(by).filter(held_on=on).select_related("teacher").order_by("starts_at", "id")
        ):
            _teach(_as(by, lesson.teacher), lesson)
    if on.day == 1 or is_last:
        reconcile_all(by)
    _collect(_as(by, team["cashier"]), on)


def _teach(by: Actor, lesson: Lesson) -> None:
    excused, unexcused = [reason.pk for reason in reasons(by)]
    absent: dict[int, int | None] = {}
    for student_id in expected_students(by, lesson.pk):
        turn = (student_id * 31 + lesson.pk * 17) % 23
        if turn in {3, 11}:
            absent[student_id] = excused if turn == 3 else unexcused
    conduct_lesson(by, lesson_id=lesson.pk, absent=absent, topic=f"Unit {lesson.held_on.isocalendar().week % 12 + 1}")


def _collect(by: Actor, on: date) -> None:
    """Most who owe pay on a day of theirs; every ninth is late and some of those still owe today."""
    rows = Enrolment.objects.visible_to(by).exclude(activated_on=None).values_list("student_id", flat=True)
    owing = {pk: sum_ for pk, sum_ in balances(by, list(rows)).items() if sum_ < 0}
    tills = desks(by)
    for student_id, balance in sorted(owing.items()):
        pays_on = 25 if student_id % 9 == 0 else 2 + student_id % 10
        if on.day == pays_on:
            take_payment(
                by, student_id=student_id, desk_id=tills[student_id % len(tills)].pk, amount=-balance, paid_on=on,
                key=f"demo-{student_id}-{on}",
            )  # fmt: skip
