"""The timetable in a browser: what clashes is seen, a lesson moves by a suggestion or by the mouse, and comes back."""

from __future__ import annotations

from datetime import timedelta

import pytest

from daftar.attendance.makeups import add_guest
from daftar.courses.catalogue import add_room
from daftar.courses.models import Course, Group, Lesson
from daftar.lib.tenancy import tenant_transaction
from tests.cast import a_branch, a_course, a_group, a_student, enrolled
from tests.journeys.conftest import PHONE

EVERY_DAY = (1, 2, 3, 4, 5, 6, 7)


@pytest.fixture
def rooms(centre) -> dict[str, int]:
    """Two groups that meet daily at 14:00 in the room Blue, one of them only today and tomorrow; and a room Green."""
    with tenant_transaction(centre.org_id):
        blue = add_room(centre, branch_id=a_branch(centre).pk, name="Blue").pk
        green = add_room(centre, branch_id=a_branch(centre).pk, name="Green").pk
        course = a_course(centre)
        life = {"starts_on": str(centre.today), "last_on": str(centre.today + timedelta(days=20))}
        group = a_group(centre, course, "IELTS-3", weekdays=(), room_id=blue, **life)
        a_group(centre, course, "Python", weekdays=EVERY_DAY, room_id=blue, **life)
        enrolled(centre, a_student(centre), group, str(centre.today))
    return {"blue": blue, "green": green, "group": group.pk}


@pytest.fixture
def lesson(centre, rooms) -> int:
    """Of IELTS-3, tomorrow at 14:00, over the daily one."""
    from datetime import time

    from daftar.courses.services import plan_lesson

    with tenant_transaction(centre.org_id):
        return plan_lesson(
            centre, group_id=rooms["group"], held_on=centre.today + timedelta(days=1), starts_time=time(14)
        ).pk


def row(centre, lesson: int) -> Lesson:
    with tenant_transaction(centre.org_id):
        return Lesson.objects.visible_to(centre).get(pk=lesson)


def test_a_conflict_is_seen_and_mended_by_a_suggestion_in_four_steps_and_undone_in_one(centre, lesson, visit):
    who, tomorrow = visit("aziza@lingua.example"), centre.today + timedelta(days=1)
    who.open(f"/lingua/timetable/?on={tomorrow}")
    assert "2 conflicts" in who.page.inner_text(".page-header")
    assert "Blue is taken by Python" in who.page.inner_text(f"[data-testid=block-{lesson}]")
    before = row(centre, lesson)

    with who.page.expect_navigation():
        who.click(f"[data-testid=block-{lesson}]")
    with who.page.expect_navigation():
        who.press("m")
    with who.page.expect_navigation():
        who.click("[data-testid=suggestion] >> nth=0")
    who.save()

    assert who.interactions == 4
    moved = row(centre, lesson)
    assert (moved.held_on, moved.starts_time, moved.room_id) != (before.held_on, before.starts_time, before.room_id)
    other = visit("aziza@lingua.example")
    other.open(f"/lingua/timetable/?on={moved.held_on}")
    assert "is taken" not in other.page.inner_text(f"[data-testid=block-{lesson}]")
    with who.page.expect_navigation():
        who.click("[data-testid=toast-undo]")
    again = row(centre, lesson)
    assert (again.held_on, again.starts_time, again.room_id) == (before.held_on, before.starts_time, before.room_id)
    assert who.errors == []


def test_a_lesson_is_dragged_into_another_room(centre, rooms, lesson, visit):
    who, tomorrow = visit("aziza@lingua.example"), centre.today + timedelta(days=1)
    who.open(f"/lingua/timetable/?on={tomorrow}")
    cell = f"td[data-lane='{rooms['green']}'][data-at='10:00']"
    with who.page.expect_navigation():
        who.page.drag_and_drop(f"[data-testid=block-{lesson}]", cell)
    assert "/move/?" in who.page.url
    who.save()
    moved = row(centre, lesson)
    assert (moved.starts_time.hour, moved.room_id) == (10, rooms["green"])
    assert who.errors == []


def test_on_a_phone_the_day_is_a_list_and_a_week_of_one_room_too(centre, lesson, visit):
    who, tomorrow = visit("aziza@lingua.example", viewport=PHONE, has_touch=True), centre.today + timedelta(days=1)
    for view in ("rooms", "week"):
        who.open(f"/lingua/timetable/?view={view}&on={tomorrow}")
        assert "Blue is taken by Python" in who.text()
        assert not who.page.is_visible(".board")
        assert who.page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]


def test_keys_step_from_day_to_day(centre, lesson, visit):
    who = visit("aziza@lingua.example")
    who.open("/lingua/timetable/")
    with who.page.expect_navigation():
        who.press("BracketRight")
    assert f"on={centre.today + timedelta(days=1)}" in who.page.url


def test_a_lesson_of_a_type_of_ones_own_is_planned_and_stands_in_the_timetable(centre, rooms, visit):
    who, tomorrow = visit("aziza@lingua.example"), str(centre.today + timedelta(days=1))
    who.open("/lingua/courses/lesson-types/new/")
    who.fill(name="Speaking club")
    who.save()
    who.open(f"/lingua/groups/{rooms['group']}/lessons/new/")
    who.fill(held_on=tomorrow, starts_time="17:00", minutes="45", type_id="Speaking club")
    who.save()
    assert "Speaking club" in who.page.inner_text(".page-header")
    who.open(f"/lingua/timetable/?on={tomorrow}")
    assert "17:00–17:45" in who.text() and "Speaking club" in who.text()
    assert who.errors == []


def test_when_a_student_is_free_is_found_by_the_name_and_from_the_card(centre, rooms, visit):
    who, tomorrow = visit("aziza@lingua.example"), centre.today + timedelta(days=1)
    with tenant_transaction(centre.org_id):
        pupil, python = a_student(centre, "Guli Free").pk, Group.objects.visible_to(centre).get(name="Python")
        other = a_student(centre, "Guli Other").pk
        lesson = Lesson.objects.visible_to(centre).get(group=python, held_on=tomorrow)
        add_guest(centre, lesson_id=lesson.pk, student_id=pupil)

    who.open(f"/lingua/timetable/free/?on={tomorrow}&minutes=90&room_id={rooms['green']}")
    assert who.page.inner_text("main .hour") == "08:00\n21:00"
    who.page.fill("#student-q", "Guli")
    with who.page.expect_navigation():
        who.press("Enter")
    assert "Guli Other" in who.text()
    with who.page.expect_navigation():
        who.click("text=Guli Free")
    assert who.page.locator("main .hour").all_inner_texts() == ["08:00\n14:00", "15:30\n21:00"]
    with who.page.expect_navigation():
        who.click("text=Anybody")
    assert who.page.inner_text("main .hour") == "08:00\n21:00"
    who.page.fill("#student-q", "Guli Oth")
    with who.page.expect_navigation():
        who.press("Enter")
    assert f"student={other}" in who.page.url

    who.open(f"/lingua/students/{pupil}/")
    assert f"/lingua/timetable/free/?student={pupil}" in who.page.content()
    assert who.errors == []


def test_the_list_of_lessons_is_narrowed_to_a_subject_and_a_student_and_kept(centre, rooms, visit):
    with tenant_transaction(centre.org_id):
        Course.objects.visible_to(centre).update(subject="Languages")
        chess = a_course(centre, "Chess", subject="Games")
        life = {"starts_on": str(centre.today), "last_on": str(centre.today + timedelta(days=20))}
        enrolled(centre, a_student(centre, "Guli One"), a_group(centre, chess, "C-1", weekdays=EVERY_DAY, **life),
                 str(centre.today))  # fmt: skip
        a_student(centre, "Guli Two")
    who = visit("aziza@lingua.example")

    who.open(f"/lingua/lessons/?since={centre.today}&until={centre.today}")
    assert {"Python", "C-1"} <= set(who.page.locator("table .row-link").all_inner_texts())
    who.page.select_option("[name=subject]", "Games")
    with who.page.expect_navigation():  # by the mouse: nothing may lie over the filters
        who.click("form.asked button")
    assert who.page.locator("table .row-link").all_inner_texts() == ["C-1"]
    who.page.fill("#student-q", "Guli")
    with who.page.expect_navigation():
        who.press("Enter")
    with who.page.expect_navigation():
        who.click("text=Guli One")
    assert "subject=Games" in who.page.url and "student_id=" in who.page.url
    assert who.page.locator("table .row-link").all_inner_texts() == ["C-1"]
    with who.page.expect_navigation():
        who.click("text=Keep this view")
    who.fill(name="Games of Guli")
    who.save()
    assert "subject=Games" in who.page.url and "Guli One" in who.text()
    kept = who.page.url
    with who.page.expect_navigation():
        who.press("n")
    who.fill(course_id="Chess", starts_time="20:15")
    who.save()
    assert "The lesson of Guli One on" in who.page.inner_text("body")
    who.page.goto(kept)
    assert "20:15" in who.page.inner_text("table")
    with who.page.expect_navigation():
        who.click("text=Anybody")
    assert "student_id" not in who.page.url
    assert who.errors == []


def words_of(who) -> str:
    return who.page.inner_text("#conflicts")


def heard(who, *, gone: str = "", said: str = "") -> None:
    """Waits until the words beside the form are there, or gone."""
    found = "document.querySelector('#conflicts').innerText.includes(word)"
    if said:
        who.page.wait_for_function(f"word => {found}", arg=said)
    if gone:
        who.page.wait_for_function(f"word => !{found}", arg=gone)


def test_one_more_lesson_tells_that_the_room_is_taken_before_it_is_saved(centre, rooms, visit):
    who, tomorrow = visit("aziza@lingua.example"), centre.today + timedelta(days=1)
    who.open(f"/lingua/groups/{rooms['group']}/lessons/new/")
    assert words_of(who) == ""
    who.fill(held_on=str(tomorrow), starts_time="14:30")
    who.press("Tab")
    heard(who, said="Blue is taken by Python")
    assert "1 conflict" in words_of(who)
    who.fill(starts_time="17:00")
    who.press("Tab")
    heard(who, gone="is taken")
    who.save()
    with tenant_transaction(centre.org_id):
        planned = Lesson.objects.visible_to(centre).get(group_id=rooms["group"])
    assert (planned.held_on, planned.starts_time.hour, planned.room_id) == (tomorrow, 17, rooms["blue"])
    assert who.errors == []


def test_a_lesson_that_is_dragged_into_a_taken_room_tells_it_before_it_is_saved(centre, rooms, lesson, visit):
    who, tomorrow = visit("aziza@lingua.example"), centre.today + timedelta(days=1)
    who.open(f"/lingua/lessons/{lesson}/move/?held_on={tomorrow}&starts_time=15:00&room_id={rooms['blue']}")
    assert "Blue is taken by Python" in words_of(who)
    who.fill(room_id="Green")
    heard(who, gone="is taken")
    who.fill(room_id="Blue")
    heard(who, said="Blue is taken by Python")
    who.save()
    assert row(centre, lesson).starts_time.hour == 15
    assert who.errors == []


def test_a_trial_lesson_tells_that_the_room_is_taken_before_it_is_saved(centre, rooms, visit):
    who, tomorrow = visit("aziza@lingua.example"), centre.today + timedelta(days=1)
    who.open(f"/lingua/lessons/new/?kind=trial&held_on={tomorrow}&starts_time=14:00&room_id={rooms['blue']}")
    assert "Blue is taken by Python" in words_of(who)
    who.fill(starts_time="18:00")
    who.press("Tab")
    heard(who, gone="is taken")
    who.fill(starts_time="14:45")
    who.press("Tab")
    heard(who, said="Blue is taken by Python")
    assert who.errors == []
