"""The lessons of a day, where there are more of them than a page shows."""

from datetime import time

import pytest

from daftar.courses import services as courses
from daftar.courses.queries import lessons_on
from tests.cast import a_course, a_group, a_member, at


@pytest.fixture
def three_lessons(by):
    """At 10:00 and 18:00 of somebody, at 08:00 of Nodira's, who asks at 12:00 in Tashkent."""
    nodira = a_member(by, "Nodira", "administrator")
    course = a_course(by)
    for name, hour, teacher in (("Early", 10, None), ("Late", 18, None), ("Hers", 8, nodira.member_id)):
        group = a_group(by, course, name, weekdays=(), teacher_id=teacher)
        courses.plan_lesson(by, group_id=group.pk, held_on=by.today, starts_time=time(hour))
    return nodira


def names(by, most):
    day = lessons_on(by, by.today, most=most)
    return [lesson.group.name for lesson in day.lessons], day.more


def test_a_page_with_room_for_all_shows_them_by_time(three_lessons):
    assert names(three_lessons, None) == (["Hers", "Early", "Late"], 0)
    assert names(three_lessons, 3) == (["Hers", "Early", "Late"], 0)


def test_ones_own_lessons_come_first_then_those_that_are_not_over_and_the_rest_is_counted(three_lessons):
    assert names(three_lessons, 2) == (["Hers", "Late"], 1)
    assert names(three_lessons, 1) == (["Hers"], 2)
    assert names(at(three_lessons, "2025-05-14", hour=4), 2) == (["Hers", "Early"], 1)
