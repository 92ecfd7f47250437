"""The demo centre: three branches, 300 students and four months, made by the verbs a centre would call day after day.

The house is opened at once, so that people can sign in; its days are lived by the worker, and go on being lived.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from daftar.attendance.exams import Entry, add_exam, enter_results, results_of
from daftar.attendance.queries import expected_students, reasons
from daftar.attendance.results_of_tests import Taken, add_test_result
from daftar.attendance.rules import Measure
from daftar.attendance.scales import add_scale, scales
from daftar.attendance.services import conduct_lesson
from daftar.courses import services as courses
from daftar.courses.catalogue import add_course, add_room
from daftar.courses.kinds import LessonStatus
from daftar.courses.leaving_reasons import leaving_reasons
from daftar.courses.models import Enrolment, Group, Lesson
from daftar.courses.rules import EVEN, ODD, PlanKind
from daftar.courses.schedules import Schedule
from daftar.finance.queries import desks
from daftar.finance.services import promise, take_payment
from daftar.ledger.queries import balances
from daftar.lib.errors import Refusal
from daftar.lib.period import add_months
from daftar.lib.tenancy import tenant_transaction
from daftar.orgs import services as orgs
from daftar.orgs.founding import found
from daftar.orgs.models import Branch, Member, Organization
from daftar.orgs.work import task
from daftar.people import services as people
from daftar.people.models import Student
from daftar.tuition.jobs import reconcile_all
from daftar.tuition.leaving import leave_group
from daftar.tuition.services import activate

if TYPE_CHECKING:
    from collections.abc import Mapping

    from daftar.attendance.models import Scale
    from daftar.courses.models import Course
    from daftar.orgs.access import Actor

SLUG, ZONE, PASSWORD = "demo", "Asia/Tashkent", "daftar-demo"
MONTHS = 4
LOGINS = {
    "owner": "owner@demo.invalid",
    "administrator": "admin@demo.invalid",
    "cashier": "cashier@demo.invalid",
    "teacher": "teacher@demo.invalid",
}
# Name, subject, way of charging, price in minor units, lessons it is for.
COURSES = (
    ("English IELTS", "English", PlanKind.CALENDAR_MONTH, 60_000_000, 1),
    ("English Beginner", "English", PlanKind.CALENDAR_MONTH, 45_000_000, 1),
    ("Mathematics", "Mathematics", PlanKind.CALENDAR_MONTH, 40_000_000, 1),
    ("Python", "Programming", PlanKind.PER_LESSON, 64_000_000, 8),
    ("Drawing", "Art", PlanKind.PER_LESSON, 8_000_000, 1),
)  # fmt: skip
MEN = (
    "Aziz", "Sardor", "Jasur", "Otabek", "Bekzod", "Rustam", "Sherzod", "Timur", "Doniyor", "Anvar", "Oʻrinboy",
    "Ulugʻbek", "Farruh", "Islom", "Javohir", "Kamron", "Laziz", "Mirzo", "Nodir", "Olim", "Said", "Temur", "Umid",
    "Xurshid", "Ziyod",
)  # fmt: skip
WOMEN = (
    "Malika", "Nilufar", "Dildora", "Shahnoza", "Zilola", "Kamola", "Feruza", "Madina", "Lola", "Sevara", "Barno",
    "Charos", "Durdona", "Gavhar", "Hilola", "Iroda", "Laylo", "Mohira", "Nigora", "Oygul", "Parvina", "Robiya",
    "Sitora", "Umida", "Yulduz",
)  # fmt: skip
FAMILIES = (
    "Karimov", "Rahimov", "Yusupov", "Toshmatov", "Saidov", "Nazarov", "Ahmedov", "Ismoilov", "Qodirov", "Mirzayev",
    "Oripov", "Sobirov",
)  # fmt: skip
HOURS = (9, 11, 15, 17, 19)
MORNING = time(6)
PROMISES_EVERY, EXAMINES_ON = 10, 20
LEAVES_ONE_DAY_OF = 1500


@dataclass(frozen=True)
class House:
    """A branch of the demo centre: its teachers, each with a room, and the courses of their groups."""

    name: str
    address: str
    phone: str
    teachers: Mapping[str, tuple[str, ...]]


HOUSES = (
    House(
        "Chilonzor", "Bunyodkor 12", "+998712000001",
        {
            "Dilnoza Demo": ("English IELTS", "English IELTS", "English Beginner", "English Beginner"),
            "Jamshid Demo": ("Mathematics", "Mathematics", "Mathematics"),
            "Nodira Demo": ("Python", "Python", "Drawing", "Drawing"),
        },
    ),
    House(
        "Yunusobod", "Amir Temur 108", "+998712000002",
        {
            "Gulnoza Demo": ("English IELTS", "English Beginner", "English Beginner"),
            "Sherali Demo": ("Mathematics", "Mathematics", "Python"), "Zuhra Demo": ("Drawing", "Python", "Drawing"),
        },
    ),
    House(
        "Samarqand", "Registon 5", "+998662000003",
        {
            "Akmal Demo": ("English Beginner", "English IELTS", "English Beginner"),
            "Hulkar Demo": ("Mathematics", "Python"), "Bobur Demo": ("Drawing", "Mathematics"),
        },
    ),
)  # fmt: skip
LARGE, SMALL, LARGE_GROUPS = 12, 11, 3


def make_demo(now: datetime) -> Actor:
    """Opens the demo centre as it stood four months before `now`, and asks the worker to live through them."""
    begins = add_months(now.date(), -MONTHS)
    first = HOUSES[0]
    by = found(
        slug=SLUG, name="Bilim Demo", currency="UZS", timezone=ZONE, language="en", branch=first.name,
        owner="Aziza Demo", email=LOGINS["owner"], password=PASSWORD, at=_noon(begins), is_demo=True,
    )  # fmt: skip
    with tenant_transaction(by.org_id):
        _open_house(by, begins, now.date())
        Organization.objects.filter(pk=by.org_id).update(demo_until=begins - timedelta(days=1))
        live_on.defer(org_id=by.org_id)
    return by


@task("demo.live_on")
def live_on(by: Actor) -> None:
    """Lives the next day of the demo centre, if it has come, and asks for the day after it."""
    org = Organization.objects.select_for_update(no_key=True).get(pk=by.org_id)
    if not org.is_demo or org.demo_until is None:
        return
    on = org.demo_until + timedelta(days=1)
    if on > by.today:
        return  # the same job came twice
    live(replace(by, at=min(_noon(on), by.at)), on, is_last=on == by.today)
    org.demo_until = on
    org.save(update_fields=["demo_until"])
    tomorrow = datetime.combine(by.today + timedelta(days=1), MORNING, tzinfo=ZoneInfo(ZONE))
    (live_on if on < by.today else live_on.configure(schedule_at=tomorrow)).defer(org_id=by.org_id)


def _noon(on: date) -> datetime:
    return datetime.combine(on, time(12), tzinfo=ZoneInfo(ZONE)).astimezone(UTC)


def _open_house(by: Actor, begins: date, today: date) -> None:
    orgs.add_member(by, name="Botir Demo", role="administrator", email=LOGINS["administrator"], password=PASSWORD)
    orgs.add_member(by, name="Kamola Demo", role="cashier", email=LOGINS["cashier"], password=PASSWORD)
    made = {
        name: add_course(by, name=name, subject=subject, plan=plan, currency="UZS", price=price, lessons_count=count)
        for name, subject, plan, price, count in COURSES
    }
    add_scale(by, name="Points", measure=Measure(Decimal(0), Decimal(100)), pass_mark=Decimal(60))
    groups: list[Group] = []
    for place, house in enumerate(HOUSES):
        branch = _branch(by, house, is_first=place == 0)
        for number, (teacher, taught) in enumerate(house.teachers.items(), 1):
            groups += _groups(
                by, branch, _teacher(by, branch, teacher), (number, [made[name] for name in taught]), begins
            )
    sizes = [LARGE if place < LARGE_GROUPS else SMALL for place in range(len(groups))]
    places = iter(range(sum(sizes)))
    for group, size in zip(groups, sizes, strict=True):
        for _seat in range(size):
            _join(by, group, next(places), begins, today=today)


def _branch(by: Actor, house: House, *, is_first: bool) -> Branch:
    """The first one was opened with the centre."""
    if is_first:
        own: Branch = Branch.objects.visible_to(by).get()
        values = {"name": house.name, "language": "en", "address": house.address, "phone": house.phone}
        return orgs.edit_branch(by, branch_id=own.pk, **values)
    return orgs.add_branch(
        by, name=house.name, timezone=ZONE, currency="UZS", language="en", address=house.address, phone=house.phone
    )


def _teacher(by: Actor, branch: Branch, name: str) -> Member:
    """The first one signs in."""
    email = LOGINS["teacher"] if name == "Dilnoza Demo" else ""
    password = PASSWORD if email else ""
    return orgs.add_member(by, name=name, role="teacher", branch_ids=[branch.pk], email=email, password=password)


def _groups(
    by: Actor, branch: Branch, teacher: Member, room_and_courses: tuple[int, list[Course]], begins: date
) -> list[Group]:
    """A teacher's groups in the teacher's room, one after the other: on odd and on even days by turns."""
    number, taught = room_and_courses
    room = add_room(by, branch_id=branch.pk, name=f"Room {number}", capacity=14)
    return [
        courses.add_group(
            by, branch_id=branch.pk, name=f"{course.name} {branch.name[0]}{number}{place}", course_id=course.pk,
            starts_on=begins, last_on=add_months(begins, MONTHS + 6),
            schedule=Schedule((ODD, EVEN)[place % 2], time(HOURS[(place + number) % len(HOURS)])),
            teacher_id=teacher.pk, room_id=room.pk, capacity=14,
        )
        for place, course in enumerate(taught, 1)
    ]  # fmt: skip


def name_of(place: int) -> tuple[str, str]:
    """The name of a student and of the family that pays; no name comes twice."""
    families, family = divmod(place, len(FAMILIES))
    is_man = (place + families) % 2
    given = (MEN if is_man else WOMEN)[families % len(MEN)]
    return f"{given} {FAMILIES[family]}{'' if is_man else 'a'}", f"{FAMILIES[family]} family"


def _join(by: Actor, group: Group, place: int, begins: date, *, today: date) -> None:
    """A student who comes some day of the first weeks; every twelfth came lately and is still on trial."""
    name, family = name_of(place)
    is_new = place % 12 == 11
    joined_on = today - timedelta(days=place % 3) if is_new else begins + timedelta(days=place * 7 % 30)
    student = people.add_student(
        by, full_name=name, branch_id=group.branch_id, phone=f"+99890{1000000 + place * 1237}", payer_name=family,
        born_on=date(2008 + place % 8, 1 + place % 12, 1 + place % 28),
    )  # fmt: skip
    courses.enrol_student(by, student_id=student.pk, group_id=group.pk, starts_on=joined_on)


def _as(by: Actor, member: Member | None) -> Actor:
    """What a member of the team does is done in the member's name; where a visitor left none, in the system's."""
    return by if member is None else replace(by, member_id=member.pk, name=member.name)


def live(by: Actor, on: date, *, is_last: bool) -> None:
    """What the centre does on one day: activates, lets go, teaches, charges, takes money; today's lessons are to mark.

    Visitors play with the centre: what they made impossible is left out, and the days go on.
    """
    team = {row.role.code: row for row in Member.objects.visible_to(by).select_related("role").order_by("-id")}
    for row in Enrolment.objects.visible_to(by).filter(activated_on=None, starts_on=on - timedelta(days=3)):
        with suppress(Refusal):
            activate(_as(by, team.get("administrator")), enrolment_id=row.pk, activated_on=on)
    _let_leave(_as(by, team.get("administrator")), on)
    taught_until = on - timedelta(days=1) if is_last else on
    due = Lesson.objects.visible_to(by).filter(held_on__lte=taught_until, status=LessonStatus.PLANNED)
    for lesson in due.select_related("teacher").order_by("starts_at", "id"):
        with suppress(Refusal):
            _teach(_as(by, lesson.teacher), lesson)
    if scale := next((row for row in scales(by) if not row.is_archived and not row.words), None):
        _test_newcomers(_as(by, team.get("administrator")), on, scale)
        if on.day == EXAMINES_ON:
            _examine(by, on, scale)
    if on.day == 1 or is_last:
        reconcile_all(by)
    _collect(_as(by, team.get("cashier")), on)


def _let_leave(by: Actor, on: date) -> None:
    """Some leave after two days of trial, and a few a month who were charged; one in seven says no reason."""
    for row in Enrolment.objects.visible_to(by).filter(ends_on=None, starts_on__lte=on):
        on_trial = row.activated_on is None and row.starts_on == on - timedelta(days=2) and row.student_id % 11 == 3
        if on_trial or (row.activated_on and (row.student_id * 37 + on.toordinal()) % LEAVES_ONE_DAY_OF == 0):
            said = [*(reason.pk for reason in leaving_reasons(by)), None]
            with suppress(Refusal):
                leave_group(by, enrolment_id=row.pk, last_on=on, reason_id=said[row.student_id % len(said)])


def _teach(by: Actor, lesson: Lesson) -> None:
    excused, unexcused = [reason.pk for reason in reasons(by)]
    absent: dict[int, int | None] = {}
    for student_id in expected_students(by, lesson.pk):
        turn = (student_id * 31 + lesson.pk * 17) % 23
        if turn in {3, 11}:
            absent[student_id] = excused if turn == 3 else unexcused
    conduct_lesson(by, lesson_id=lesson.pk, absent=absent, topic=f"Unit {lesson.held_on.isocalendar().week % 12 + 1}")


def _scored(student_id: int, on: date, scale: Scale) -> Decimal:
    """A third of the scale up to all of it, each student now better and now worse."""
    part = 33 + (student_id * 37 + on.toordinal() * 5) % 68
    return scale.lowest + (scale.highest - scale.lowest) * part // 100 // scale.step * scale.step


def _test_newcomers(by: Actor, on: date, scale: Scale) -> None:
    """Whoever begins is tested first."""
    for row in Enrolment.objects.visible_to(by).filter(starts_on=on).select_related("group__course"):
        score, subject = _scored(row.student_id, on, scale), row.group.course.subject
        test = Taken("Placement test", on, scale.pk, score, subject=subject)
        with suppress(Refusal):
            add_test_result(by, student_id=row.student_id, test=test)


def _examine(by: Actor, on: date, scale: Scale) -> None:
    """An exam in every group; one in seventeen is not there."""
    for group in Group.objects.visible_to(by).filter(starts_on__lte=on, ends_on__gt=on).select_related("teacher"):
        teacher = _as(by, group.teacher)
        with suppress(Refusal):
            exam = add_exam(teacher, group_id=group.pk, name=f"Exam {on:%B}", held_on=on, scale_id=scale.pk)
            entries = {
                line.student_id: Entry(is_absent=True)
                if line.student_id % 17 == on.month
                else Entry(_scored(line.student_id, on, scale))
                for line in results_of(by, exam)
            }
            enter_results(teacher, exam_id=exam.pk, entries=entries)


def _collect(by: Actor, on: date) -> None:
    """Most who owe pay on a day of theirs; every ninth is late, a few pay every third month and promise meanwhile."""
    branch_of = dict(Student.objects.visible_to(by).values_list("id", "branch_id"))
    owing = {pk: sum_ for pk, sum_ in balances(by, list(branch_of)).items() if sum_ < 0}
    tills = desks(by)
    for student_id, balance in sorted(owing.items()):
        pays_on = 25 if student_id % 9 == 0 else 2 + student_id % 10
        is_slow = student_id % 31 == 0
        if is_slow and on.day % PROMISES_EVERY == 0:
            promise(by, student_id=student_id, promised_for=on + timedelta(days=student_id % 7))
        elif on.day == pays_on and (not is_slow or on.month % 3 == 0):
            own = [till for till in tills if till.branch_id == branch_of[student_id]]
            if not own:
                continue
            take_payment(
                by, student_id=student_id, desk_id=own[student_id % len(own)].pk, amount=-balance, paid_on=on,
                key=f"demo-{student_id}-{on}",
            )  # fmt: skip
