"""The plan of topics: what is pasted, in which order it stands, and how far a group is in it."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from django.db import IntegrityError, transaction

from daftar.attendance.services import conduct_lesson, undo_marks
from daftar.attendance.topics import TopicStays, choose_topic, undo_topic
from daftar.courses.days import add_holiday, cancel_lesson
from daftar.courses.models import Lesson, Topic
from daftar.courses.rules import pace, topics_in
from daftar.courses.services import plan_lesson
from daftar.courses.topics import (
    NoSuchPlace,
    NoTopicWritten,
    TopicTooLong,
    add_topics,
    archive_topic,
    edit_topic,
    move_topic,
    plan_of_group,
    restore_topic,
    topics_for,
    topics_of,
)
from daftar.lib.errors import Forbidden, NotFound
from daftar.orgs.models import AuditEntry
from tests.cast import a_centre, a_course, a_group, a_member, at, owner_of

UNITS = ("Greetings", "Numbers", "Family", "Food", "Travel")


@pytest.fixture
def course(by):
    return a_course(by)


@pytest.fixture
def plan(by, course) -> list[int]:
    return [row.pk for row in add_topics(by, course_id=course.pk, lines="\n".join(UNITS))]


@pytest.fixture
def group(by, course):
    """Odd days from Monday 5 May 2025; the centre stands on Wednesday 14 May at noon, two hours before the lesson."""
    return a_group(by, course, starts_on="2025-05-05", last_on="2025-05-23")


def titles(by, course) -> list[str]:
    return [row.title for row in topics_of(by, course.pk) if row.place is not None]


def lesson_on(by, group, day: str) -> Lesson:
    return Lesson.objects.visible_to(by).select_related("group").get(group=group, held_on=date.fromisoformat(day))


def teach(by, group, day: str, topic: int | None, words: str = "") -> Lesson:
    lesson = lesson_on(by, group, day)
    return conduct_lesson(at(by, day), lesson_id=lesson.pk, absent={}, plan_topic_id=topic, topic=words).lesson


# --- what is pasted -----------------------------------------------------------------------------------------------


def test_one_line_is_one_topic_and_empty_lines_are_none():
    assert topics_in(" Greetings \n\n  \nNumbers\r\n") == [("Greetings", "", ""), ("Numbers", "", "")]


def test_columns_of_a_spreadsheet_are_what_is_done_and_homework():
    pasted = 'Greetings\t"Dialogue,\nroles"\tPage 3\nNumbers\n\tlost\t\nFood\tMenu\tPage 5\textra'
    assert topics_in(pasted) == [
        ("Greetings", "Dialogue,\nroles", "Page 3"), ("Numbers", "", ""), ("Food", "Menu", "Page 5"),
    ]  # fmt: skip


def test_a_quotation_mark_in_a_list_is_only_a_letter():
    assert topics_in('"Hamlet", act 1\n"Hamlet') == [('"Hamlet", act 1', "", ""), ('"Hamlet', "", "")]


def test_a_list_is_added_at_the_end_and_said_in_the_history(by, course, plan):
    add_topics(by, course_id=course.pk, lines="Shopping\tRole play\tPage 9")
    assert titles(by, course) == [*UNITS, "Shopping"]
    last = topics_of(by, course.pk)[-1]
    assert (last.place, last.contents, last.homework) == (6, "Role play", "Page 9")
    assert AuditEntry.objects.visible_to(by).order_by("-id")[0].changes[0]["now"]["topics"] == ["Shopping"]


@pytest.mark.parametrize(("lines", "refusal"), [("  \n \t \n", NoTopicWritten), ("x" * 201, TopicTooLong)])
def test_nothing_and_too_much_are_refused_and_nothing_is_added(by, course, lines, refusal):
    with pytest.raises(refusal):
        add_topics(by, course_id=course.pk, lines=f"{lines}")
    assert titles(by, course) == []


# --- order --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("which", "place", "then"),
    [
        (0, 5, ["Numbers", "Family", "Food", "Travel", "Greetings"]),
        (4, 1, ["Travel", "Greetings", "Numbers", "Family", "Food"]),
        (2, 2, ["Greetings", "Family", "Numbers", "Food", "Travel"]),
        (1, 2, list(UNITS)),
    ],
)
def test_a_topic_moves_and_the_others_make_room(by, course, plan, which, place, then):
    move_topic(by, topic_id=plan[which], place=place)
    assert titles(by, course) == then
    assert [row.place for row in topics_of(by, course.pk)] == [1, 2, 3, 4, 5]


@pytest.mark.parametrize("place", [0, 6, -1])
def test_there_is_no_place_outside_the_plan(by, plan, place):
    with pytest.raises(NoSuchPlace):
        move_topic(by, topic_id=plan[0], place=place)


def test_the_archive_closes_the_gap_and_undo_opens_it_again(by, course, plan):
    archive_topic(by, topic_id=plan[1])
    assert titles(by, course) == ["Greetings", "Family", "Food", "Travel"]
    restore_topic(by, topic_id=plan[1], place=2)
    assert titles(by, course) == list(UNITS)
    archive_topic(by, topic_id=plan[1])
    restore_topic(by, topic_id=plan[1])
    assert titles(by, course)[-1] == "Numbers"


def test_two_topics_in_one_place_are_refused_by_the_database(by, plan):
    with pytest.raises(IntegrityError, match="topic_place_once"), transaction.atomic():
        Topic.objects.visible_to(by).filter(pk=plan[0]).update(place=2)


def test_a_teacher_writes_no_plan_and_no_neighbour_finds_it(by, course, plan):
    other = a_centre("other")
    teacher = a_member(by, "Tohir", "teacher")
    with pytest.raises(Forbidden):
        add_topics(teacher, course_id=course.pk, lines="Mine")
    for verb in (archive_topic, restore_topic):
        with pytest.raises(NotFound):
            verb(other, topic_id=plan[0])


# --- in the lessons of a group --------------------------------------------------------------------------------------


def test_a_lesson_is_offered_the_first_topic_the_group_had_not(by, group, plan):
    assert topics_for(by, lesson_on(by, group, "2025-05-05")).chosen_id == plan[0]
    teach(by, group, "2025-05-05", plan[0])
    teach(by, group, "2025-05-07", plan[2])
    offer = topics_for(by, lesson_on(by, group, "2025-05-09"))
    assert (offer.chosen_id, offer.taught) == (plan[1], {plan[0], plan[2]})


def test_another_group_of_the_course_begins_at_the_beginning(by, course, group, plan):
    teach(by, group, "2025-05-05", plan[0])
    second = a_group(by, course, "Second", starts_on="2025-05-05", last_on="2025-05-23")
    assert topics_for(by, lesson_on(by, second, "2025-05-05")).chosen_id == plan[0]


def test_what_was_said_is_not_guessed_again_and_a_lesson_ahead_is_not_guessed(by, group, plan):
    teach(by, group, "2025-05-05", None, "A film")
    assert topics_for(by, lesson_on(by, group, "2025-05-05")).chosen_id is None
    assert topics_for(by, lesson_on(by, group, "2025-05-16")).chosen_id is None


def test_a_conducted_lesson_keeps_the_topic_and_its_title_of_that_day(by, group, plan):
    lesson = teach(by, group, "2025-05-05", plan[0], "not this")
    edit_topic(by, topic_id=plan[0], title="Hello", contents="", homework="")
    lesson.refresh_from_db()
    assert (lesson.plan_topic_id, lesson.topic) == (plan[0], "Greetings")


def test_a_topic_of_another_course_is_not_found(by, group, plan):
    maths = a_group(by, a_course(by, "Maths"), "Sums", starts_on="2025-05-05", last_on="2025-05-23")
    (elsewhere,) = add_topics(by, course_id=maths.course_id, lines="Adding")
    with pytest.raises(NotFound):
        teach(by, group, "2025-05-05", elsewhere.pk)


def test_a_topic_is_put_right_later_and_the_history_says_what_it_was(by, group, plan):
    lesson = teach(by, group, "2025-05-05", plan[0])
    choose_topic(at(by, "2025-05-20"), lesson_id=lesson.pk, plan_topic_id=None, topic="A film")
    lesson.refresh_from_db()
    assert (lesson.plan_topic_id, lesson.topic, lesson.status) == (None, "A film", "conducted")
    told = AuditEntry.objects.visible_to(by).order_by("-id")[0]
    assert told.verb == "attendance.choose_topic"
    assert told.changes[0]["was"] == {"plan_topic_id": plan[0], "topic": "Greetings"}


def test_undo_gives_the_lesson_its_former_topic(by, group, plan):
    owner = owner_of(by)
    lesson = lesson_on(by, group, "2025-05-12")
    conduct_lesson(owner, lesson_id=lesson.pk, absent={}, plan_topic_id=plan[0])
    undo_marks(owner, lesson_id=lesson.pk)
    lesson.refresh_from_db()
    assert (lesson.plan_topic_id, lesson.topic, lesson.status) == (None, "", "planned")


def test_only_who_conducts_the_lesson_says_what_it_is_about(by, group, plan):
    stranger = a_member(by, "Tohir", "teacher")
    with pytest.raises(NotFound):
        choose_topic(stranger, lesson_id=lesson_on(by, group, "2025-05-12").pk, plan_topic_id=plan[0])


# --- how far a group is ---------------------------------------------------------------------------------------------


def test_the_plan_shows_what_was_taught_when_and_when_the_rest_is_expected(by, group, plan):
    teach(by, group, "2025-05-05", plan[0])
    teach(by, group, "2025-05-07", plan[1])
    teach(by, group, "2025-05-09", None, "A film")
    found = plan_of_group(by, group.pk)
    shown = [
        (line.topic.title, [str(row.held_on) for row in line.taught], str(line.expected_on)) for line in found.lines
    ]
    assert shown == [
        ("Greetings", ["2025-05-05"], "None"), ("Numbers", ["2025-05-07"], "None"),
        ("Family", [], "2025-05-14"), ("Food", [], "2025-05-16"), ("Travel", [], "2025-05-19"),
    ]  # fmt: skip
    assert found.next is not None
    assert (found.next.title, [row.topic for row in found.others]) == ("Family", ["A film"])
    # The 9th and the 12th are over and taught nothing of the plan.
    assert found.ahead == -2


def test_days_off_cancelled_lessons_and_topics_given_ahead_move_what_is_expected(by, group, plan):
    add_holiday(by, name="Feast", starts_on=date(2025, 5, 16))
    cancel_lesson(by, lesson_id=lesson_on(by, group, "2025-05-19").pk, reason="ill")
    choose_topic(by, lesson_id=lesson_on(by, group, "2025-05-23").pk, plan_topic_id=plan[0])
    found = plan_of_group(by, group.pk)
    assert {line.topic.title: str(line.expected_on) for line in found.lines} == {
        "Greetings": "2025-05-23", "Numbers": "2025-05-14", "Family": "2025-05-21", "Food": "None", "Travel": "None",
    }  # fmt: skip
    assert (found.left_over, found.ahead) == (2, None)


def test_a_cancelled_lesson_puts_a_group_behind_and_one_planned_by_hand_back_in_step(by, group, plan):
    teach(by, group, "2025-05-05", plan[0])
    teach(by, group, "2025-05-07", plan[1])
    cancel_lesson(at(by, "2025-05-08"), lesson_id=lesson_on(by, group, "2025-05-09").pk, reason="ill")
    assert plan_of_group(at(by, "2025-05-10"), group.pk).ahead == -1
    start = lesson_on(by, group, "2025-05-05").starts_time
    extra = plan_lesson(by, group_id=group.pk, held_on=date(2025, 5, 10), starts_time=start)
    conduct_lesson(at(by, "2025-05-10"), lesson_id=extra.pk, absent={}, plan_topic_id=plan[2])
    assert plan_of_group(at(by, "2025-05-11"), group.pk).ahead == 0


def test_a_day_off_puts_nobody_behind(by, group, plan):
    teach(by, group, "2025-05-05", plan[0])
    teach(by, group, "2025-05-07", plan[1])
    add_holiday(by, name="Feast", starts_on=date(2025, 5, 9))
    assert plan_of_group(at(by, "2025-05-10"), group.pk).ahead == 0


def test_pace_counts_from_the_first_topic_on_and_never_past_the_end():
    days = [date(2025, 5, 5) + timedelta(days=count) for count in range(10)]
    assert pace(5, 0, None, days) is None
    assert pace(5, 2, days[8], days) == 0
    assert pace(5, 5, days[0], days) == 0
    assert pace(5, 4, days[0], days) == -1
    assert pace(5, 3, days[8], days) == 1


def test_a_topic_chosen_by_mistake_is_taken_back_within_ten_minutes_by_who_chose_it(by, group, plan):
    lesson = lesson_on(by, group, "2025-05-12")
    choose_topic(by, lesson_id=lesson.pk, plan_topic_id=plan[0])
    choose_topic(by, lesson_id=lesson.pk, plan_topic_id=None, topic="A film")
    for stranger in (a_member(by, "Malika", "owner"), replace(by, at=by.at + timedelta(minutes=11))):
        with pytest.raises(TopicStays):
            undo_topic(stranger, lesson_id=lesson.pk)
    undo_topic(by, lesson_id=lesson.pk)
    lesson.refresh_from_db()
    assert (lesson.plan_topic_id, lesson.topic) == (plan[0], lesson.plan_topic.title)
    with pytest.raises(TopicStays):
        undo_topic(by, lesson_id=lesson.pk)
