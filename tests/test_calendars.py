"""Calendar links: what a program reads, whose lessons are in it, and when it reads nothing."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta

import pytest
from django.test import Client
from icalendar import Calendar

from daftar.attendance.makeups import add_guest, remove_guest
from daftar.courses.days import add_holiday, cancel_lesson, restore_lesson
from daftar.courses.feed_models import Feed
from daftar.courses.feeds import feeds, open_feed, withdraw_feed
from daftar.courses.models import Enrolment, Lesson
from daftar.courses.moves import move_lesson
from daftar.courses.services import enrol_student
from daftar.lib.errors import Forbidden
from daftar.lib.tenancy import tenant_transaction
from daftar.orgs.doors import secret_of
from tests.cast import a_centre, a_course, a_group, a_member, a_student

HARD_ZONES = (
    "Africa/Cairo", "Asia/Beirut", "America/Havana", "Africa/Casablanca", "Australia/Lord_Howe", "America/Santiago",
    "Asia/Gaza", "Asia/Almaty", "Europe/Berlin", "Asia/Tashkent",
)  # fmt: skip


@pytest.fixture
def centre(transactional_db):
    return a_centre(at=datetime.now(UTC))


def a_feed(by, of, row) -> Feed:
    with tenant_transaction(by.org_id):
        return open_feed(by, of=of, row_id=row)


def a_weekly_group(by, name="IELTS-3", **values):
    with tenant_transaction(by.org_id):
        life = {"starts_on": str(by.today - timedelta(days=10)), "last_on": str(by.today + timedelta(days=100))}
        return a_group(by, a_course(by, f"Course of {name}"), name, weekdays=(1, 2, 3, 4, 5, 6, 7), **life | values)


def read(feed, client=None, **headers):
    return (client or Client()).get(f"/calendar/{secret_of(feed.nonce)}.ics", headers=headers)


def events(feed) -> list:
    answer = read(feed)
    assert (answer.status_code, answer["Content-Type"]) == (200, "text/calendar; charset=utf-8")
    return Calendar.from_ical(answer.content).walk("VEVENT")


def the_lesson(by, group, day=1) -> Lesson:
    with tenant_transaction(by.org_id):
        return Lesson.objects.visible_to(by).get(group=group, held_on=by.today + timedelta(days=day))


def test_a_calendar_program_reads_every_lesson_with_its_place(centre):
    group = a_weekly_group(centre)
    found = events(a_feed(centre, "group", group.pk))
    assert len(found) == 111
    assert {str(event["summary"]) for event in found} == {"IELTS-3"}
    assert {event.start.time() for event in found} == {time(14)}
    assert len({str(event["uid"]) for event in found}) == 111
    assert all(event.start.tzinfo is not None and event.end - event.start == timedelta(minutes=90) for event in found)


@pytest.mark.parametrize("zone", HARD_ZONES)
def test_wall_time_is_kept_across_clock_changes(transactional_db, zone):
    by = a_centre(at=datetime.now(UTC), timezone=zone)
    group = a_weekly_group(by, last_on=str(by.today + timedelta(days=179)))
    found = events(a_feed(by, "group", group.pk))
    assert {event.start.time() for event in found} == {time(14)}
    with tenant_transaction(by.org_id):
        rows = Lesson.objects.visible_to(by).filter(group=group)
        instants = {row.starts_at for row in rows if row.held_on >= by.today - timedelta(days=30)}
    assert {event.start.astimezone(UTC) for event in found} == instants


def test_what_is_moved_or_cancelled_says_so_with_a_higher_sequence(centre):
    group = a_weekly_group(centre)
    feed, lesson = a_feed(centre, "group", group.pk), the_lesson(centre, group)

    def now() -> tuple[int, str, datetime]:
        event = next(each for each in events(feed) if str(each["uid"]).startswith(f"lesson-{lesson.pk}."))
        return int(event["sequence"]), str(event["status"]), event.start

    first = now()
    with tenant_transaction(centre.org_id):
        move_lesson(centre, lesson_id=lesson.pk, held_on=lesson.held_on, starts_time=time(9))
    second = now()
    assert second[0] > first[0] == 0 and second[2].time() == time(9)
    with tenant_transaction(centre.org_id):
        cancel_lesson(centre, lesson_id=lesson.pk, reason="ill")
    third = now()
    assert third[1] == "CANCELLED" and third[0] >= second[0]
    with tenant_transaction(centre.org_id):
        restore_lesson(centre, lesson_id=lesson.pk)
    assert now()[1] == "CONFIRMED"


def test_each_link_holds_the_lessons_of_its_own_and_a_family_s_no_name(centre):
    with tenant_transaction(centre.org_id):
        teacher = a_member(centre, "Malika", "teacher").member_id
        student = a_student(centre, "Farhod Secretname").pk
    mine = a_weekly_group(centre, "Mine", teacher_id=teacher)
    a_weekly_group(centre, "Other")
    with tenant_transaction(centre.org_id):
        joined = centre.today + timedelta(days=3)
        row = Enrolment.objects.create(org_id=centre.org_id, student_id=student, group=mine, starts_on=joined)
        assert row.pk
    assert {str(event["summary"]) for event in events(a_feed(centre, "teacher", teacher))} == {"Mine"}
    family = a_feed(centre, "student", student)
    assert min(event.start.date() for event in events(family)) == joined
    assert b"Secretname" not in read(family).content


def test_a_family_s_calendar_has_the_lessons_a_child_comes_to_as_a_guest(centre):
    other = a_weekly_group(centre, "Other")
    with tenant_transaction(centre.org_id):
        student = a_student(centre).pk
    family, lesson = a_feed(centre, "student", student), the_lesson(centre, other)
    assert events(family) == []
    with tenant_transaction(centre.org_id):
        add_guest(centre, lesson_id=lesson.pk, student_id=student)
    assert [str(event["uid"]).split(".")[0] for event in events(family)] == [f"lesson-{lesson.pk}"]
    with tenant_transaction(centre.org_id):
        remove_guest(centre, lesson_id=lesson.pk, student_id=student)
    assert events(family) == []


def test_one_link_of_a_family_holds_the_lessons_of_all_children_of_one_payer(centre):
    groups = [a_weekly_group(centre, name) for name in ("Hers", "His", "Nobody's")]
    with tenant_transaction(centre.org_id):
        payer = {"payer_name": "Gulnora", "phone": "+998901234567"}
        children = [a_student(centre, name, **payer) for name in ("Lola", "Aziz")]
        first, second = children
        # The same phone and payer: one family.
        assert first.payer_id == second.payer_id
        for child, group in zip([*children, a_student(centre, "Bek")], groups, strict=True):
            enrol_student(centre, student_id=child.pk, group_id=group.pk, starts_on=centre.today)
    for child in children:
        assert {str(event["summary"]) for event in events(a_feed(centre, "student", child.pk))} == {"Hers", "His"}


def test_on_a_day_off_a_lesson_that_is_not_held_says_so_and_one_that_was_held_does_not(centre):
    group = a_weekly_group(centre)
    feed, days = a_feed(centre, "group", group.pk), [centre.today - timedelta(days=1), centre.today + timedelta(days=1)]
    with tenant_transaction(centre.org_id):
        for day in days:
            add_holiday(centre, name="Feast", starts_on=day)
        Lesson.objects.visible_to(centre).filter(held_on=days[0]).update(status="conducted", conducted_at=centre.at)
    off = {event.start.date(): str(event["status"]) for event in events(feed)}
    assert (off[days[0]], off[days[1]], off[days[1] + timedelta(days=1)]) == ("CONFIRMED", "CANCELLED", "CONFIRMED")


def test_a_withdrawn_link_and_one_that_never_was_open_nothing(centre):
    group = a_weekly_group(centre)
    feed = a_feed(centre, "group", group.pk)
    assert read(feed).status_code == 200
    with tenant_transaction(centre.org_id):
        withdraw_feed(centre, feed_id=feed.pk)
        again = open_feed(centre, of="group", row_id=group.pk)
    assert read(feed).status_code == 404
    assert read(again).status_code == 200
    assert Client().get("/calendar/nothing.ics").status_code == 404


def test_a_program_that_has_the_newest_is_told_so_in_one_word(centre):
    feed = a_feed(centre, "group", a_weekly_group(centre).pk)
    mark = read(feed)["ETag"]
    again = read(feed, if_none_match=mark)
    assert (again.status_code, again.content) == (304, b"")


def test_a_link_is_made_once_and_by_those_who_plan(by):
    teacher = a_member(by, "Malika", "teacher")
    group = a_group(by, teacher_id=teacher.member_id)
    with pytest.raises(Forbidden):
        open_feed(teacher, of="group", row_id=group.pk)
    first = open_feed(by, of="group", row_id=group.pk)
    assert open_feed(by, of="group", row_id=group.pk).pk == first.pk
    assert [row.pk for row in feeds(by)] == [first.pk]


def test_a_teacher_makes_and_withdraws_the_own_link_and_no_other(by):
    malika, nodir = (a_member(by, name, "teacher") for name in ("Malika", "Nodir"))
    other = open_feed(by, of="teacher", row_id=nodir.member_id)
    with pytest.raises(Forbidden):
        open_feed(malika, of="teacher", row_id=nodir.member_id)
    with pytest.raises(Forbidden):
        withdraw_feed(malika, feed_id=other.pk)
    own = open_feed(malika, of="teacher", row_id=malika.member_id)
    assert [row.pk for row in feeds(malika)] == [own.pk]
    assert {row.pk for row in feeds(by)} == {own.pk, other.pk}
    withdraw_feed(malika, feed_id=own.pk)
    assert feeds(malika) == []
