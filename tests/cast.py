"""The fixed cast: one centre, its people, and the neighbour with rows of the same shape, so that a leak shows.

Builders set only what a row needs; state that comes from a process is built by calling the verbs.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time
from typing import TYPE_CHECKING, Any

from daftar.courses import services as courses
from daftar.courses.catalogue import add_course
from daftar.courses.rules import ODD, PlanKind
from daftar.orgs import services as orgs
from daftar.orgs.founding import found
from daftar.orgs.models import Branch, Member
from daftar.orgs.queries import actor_for, places_of, settled
from daftar.people import services as people

if TYPE_CHECKING:
    from daftar.courses.models import Course, Enrolment, Group
    from daftar.orgs.access import Actor
    from daftar.people.models import Student

PASSWORD = "a-long-password"
NOON = datetime(2025, 5, 14, 7, 0, tzinfo=UTC)  # 12:00 in Tashkent


def a_centre(
    slug: str = "lingua", *, currency: str = "UZS", timezone: str = "Asia/Tashkent", at: datetime = NOON
) -> Actor:
    """A centre with Aziza as its owner; answers the system acting for it."""
    return found(
        slug=slug, name=slug.title(), currency=currency, timezone=timezone, language="en", branch="Main",
        owner="Aziza", email=f"aziza@{slug}.example", password=PASSWORD, at=at,
    )  # fmt: skip


def a_member(by: Actor, name: str, role: str) -> Actor:
    """Someone who signs in as name@slug.example and acts at the same moment."""
    email = f"{name.lower()}@{by.org_slug}.example"
    member: Member = orgs.add_member(by, name=name, role=role, email=email, password=PASSWORD)
    return acting(by, member)


def acting(by: Actor, member: Member) -> Actor:
    """The member as an actor at the moment of `by`."""
    actor, row = actor_for(int(member.user_id or 0), by.org_slug, by.language)
    return replace(settled(actor, row, places_of(actor, row)), at=by.at)


def owner_of(by: Actor) -> Actor:
    """Aziza."""
    return acting(by, Member.objects.visible_to(by).get(role__code="owner"))


def at(by: Actor, on: date | str, hour: int = 12) -> Actor:
    """The same actor on another day, at this hour of UTC."""
    day = date.fromisoformat(on) if isinstance(on, str) else on
    return replace(by, at=datetime.combine(day, time(hour), tzinfo=UTC))


def a_branch(by: Actor) -> Branch:
    """The first branch."""
    branch: Branch = Branch.objects.visible_to(by).order_by("id")[0]
    return branch


def a_student(by: Actor, name: str = "Farhod Karimov", **values: Any) -> Student:
    return people.add_student(by, full_name=name, branch_id=a_branch(by).pk, **values)


def a_course(
    by: Actor, name: str = "English", *, plan: PlanKind = PlanKind.CALENDAR_MONTH, price: int | None = 30_000_000,
    lessons_count: int = 1, **values: Any,
) -> Course:  # fmt: skip
    """A course priced in minor units: 300 000 soum a month unless told otherwise."""
    currency = a_branch(by).currency
    return add_course(by, name=name, plan=plan, currency=currency, price=price, lessons_count=lessons_count, **values)


def a_group(
    by: Actor, course: Course | None = None, name: str = "IELTS-3", *, weekdays: tuple[int, ...] = ODD,
    starts_on: str = "2025-03-01", last_on: str = "2026-03-01", **values: Any,
) -> Group:  # fmt: skip
    """A group on odd days at 14:00 for a year."""
    return courses.add_group(
        by, branch_id=a_branch(by).pk, name=name, course_id=(course or a_course(by)).pk,
        starts_on=date.fromisoformat(starts_on), last_on=date.fromisoformat(last_on),
        schedule=courses.Schedule(weekdays, time(14, 0) if weekdays else None), **values,
    )  # fmt: skip


def enrolled(by: Actor, student: Student, group: Group, on: str) -> Enrolment:
    """On trial from a day."""
    return courses.enrol_student(by, student_id=student.pk, group_id=group.pk, starts_on=date.fromisoformat(on))
