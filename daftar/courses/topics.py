"""The plan of topics of a course: its rows and their order, and how far a group is in it."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db.models import F, Max, Q
from django.utils.translation import gettext_lazy as _

from daftar.courses.kinds import LessonKind, LessonStatus
from daftar.courses.models import Course, Group, Lesson, Topic
from daftar.courses.queries import days_off_of, get_group
from daftar.courses.rules import pace, topics_in
from daftar.lib.errors import Refusal
from daftar.orgs.access import Actor, change, note, question, verb

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

MOST_TOPICS = 500
LONGEST = {"title": 200, "contents": 2000, "homework": 500}


class NoTopicWritten(Refusal):
    field = "lines"
    text = _("Write at least one topic.")


class TooManyTopics(Refusal):
    field = "lines"
    text = _("A plan has at most 500 topics.")


class TopicTooLong(Refusal):
    field = "lines"
    text = _("The line that begins with “%(begins)s” is too long.")


class TopicWithoutTitle(Refusal):
    constraints = ("topic_has_title",)
    field = "title"
    text = _("Write what the topic is called.")


class NoSuchPlace(Refusal):
    field = "place"
    text = _("Write a number from 1 to %(last)s.")


class TopicIsArchived(Refusal):
    text = _("This topic is in the archive.")


# --- the rows ---------------------------------------------------------------------------------------------------


@verb("courses.edit")
def add_topics(by: Actor, *, course_id: int, lines: str) -> list[Topic]:
    """New topics at the end of a course's plan, one to a line; see `rules.topics_in` for columns of a spreadsheet."""
    course = _locked_course(by, course_id)
    found = topics_in(lines)
    if not found:
        raise NoTopicWritten
    for cells in found:
        if any(len(cell) > longest for cell, longest in zip(cells, LONGEST.values(), strict=True)):
            raise TopicTooLong(begins=cells[0][:40])
    last = _last_place(by, course_id)
    if last + len(found) > MOST_TOPICS:
        raise TooManyTopics
    rows: list[Topic] = Topic.objects.bulk_create(
        Topic(org_id=by.org_id, course=course, place=place, title=title, contents=contents, homework=homework)
        for place, (title, contents, homework) in enumerate(found, last + 1)
    )
    note(by, rows[0], was=None, now={"course": course, "topics": [row.title for row in rows]})
    return rows


@verb("courses.edit")
def edit_topic(by: Actor, *, topic_id: int, title: str, contents: str, homework: str) -> Topic:
    """Changes what a topic says; lessons that were taught keep the title they were taught under."""
    row = _locked(by, topic_id)
    if not title.strip():
        raise TopicWithoutTitle
    change(by, row, title=title.strip(), contents=contents.strip(), homework=homework.strip())
    return row


@verb("courses.edit")
def move_topic(by: Actor, *, topic_id: int, place: int) -> Topic:
    """Puts a topic at another place of its plan; those between make room."""
    row = _locked(by, topic_id)
    if row.place is None:
        raise TopicIsArchived
    last = _last_place(by, row.course_id)
    if not 1 <= place <= last:
        raise NoSuchPlace(last=last)
    was, step = row.place, (1 if place < row.place else -1)
    if was == place:
        return row
    between = Q(place__gte=place, place__lt=was) if place < was else Q(place__gt=was, place__lte=place)
    others = _plan(by, row.course_id).filter(between)
    # Out of the row first: the others cannot take its place while it stands there.
    Topic.objects.visible_to(by).filter(pk=row.pk).update(place=None)
    others.update(place=F("place") + step)
    Topic.objects.visible_to(by).filter(pk=row.pk).update(place=place)
    row.place = place
    note(by, row, was={"place": was}, now={"place": place})
    return row


@verb("courses.edit")
def archive_topic(by: Actor, *, topic_id: int) -> Topic:
    """Takes a topic out of the plan; lessons in which it was taught keep it."""
    row = _locked(by, topic_id)
    if row.place is None:
        raise TopicIsArchived
    was = row.place
    change(by, row, place=None)
    _plan(by, row.course_id).filter(place__gt=was).update(place=F("place") - 1)
    return row


@verb("courses.edit")
def restore_topic(by: Actor, *, topic_id: int, place: int | None = None) -> Topic:
    """Brings a topic back into the plan: to a place of it, or (None) to its end."""
    row = _locked(by, topic_id)
    if row.place is not None:
        return row
    last = _last_place(by, row.course_id)
    if last >= MOST_TOPICS:
        raise TooManyTopics
    at = last + 1 if place is None or not 1 <= place <= last else place
    _plan(by, row.course_id).filter(place__gte=at).update(place=F("place") + 1)
    change(by, row, place=at)
    return row


def chosen_topic(by: Actor, lesson: Lesson, plan_topic_id: int | None, topic: str) -> dict[str, Any]:
    """What a lesson keeps of a choice: a row of its course's plan with the title of now, or one's own words."""
    if plan_topic_id is None:
        return {"plan_topic_id": None, "topic": topic.strip()}
    row: Topic = _topics_beside(by, lesson).one(pk=plan_topic_id)
    return {"plan_topic_id": row.pk, "topic": row.title}


def _locked_course(by: Actor, course_id: int) -> Course:
    """The course, locked: whoever changes the order of its plan waits here."""
    course: Course = Course.objects.visible_to(by).select_for_update(no_key=True).one(pk=course_id)
    return course


def _locked(by: Actor, topic_id: int) -> Topic:
    _locked_course(by, Topic.objects.visible_to(by).one(pk=topic_id).course_id)
    row: Topic = Topic.objects.visible_to(by).one(pk=topic_id)
    return row


def _plan(by: Actor, course_id: int) -> Any:
    return Topic.objects.visible_to(by).filter(course_id=course_id, place__isnull=False)


def _topics_beside(by: Actor, lesson: Lesson) -> Any:
    """The topics of the course that the lesson is of; whoever gives the lesson need not see the group."""
    if lesson.group_id is None:
        return Topic.objects.visible_to(by).filter(course_id=lesson.course_id)
    courses = Group.unguarded.filter(org_id=by.org_id, pk=lesson.group_id).values("course_id")
    return Topic.objects.visible_to(by).filter(course_id__in=courses)


def _in_order(rows: Any) -> Any:
    return rows.order_by(F("place").asc(nulls_last=True), "title", "id")


def _last_place(by: Actor, course_id: int) -> int:
    found: int | None = _plan(by, course_id).aggregate(last=Max("place"))["last"]
    return found or 0


# --- what may be asked ------------------------------------------------------------------------------------------


@question("courses.view")
def topics_of(by: Actor, course_id: int) -> list[Topic]:
    """The plan of a course in order, and after it what is in the archive."""
    return list(_in_order(Topic.objects.visible_to(by).filter(course_id=course_id)))


@question("courses.view")
def topic_counts(by: Actor) -> dict[int, int]:
    """How many topics the plan of each course has, of those that have one."""
    rows = Topic.objects.visible_to(by).filter(place__isnull=False).values("course_id")
    return dict(rows.annotate(last=Max("place")).values_list("course_id", "last"))


@question("courses.see_all")
def get_topic(by: Actor, topic_id: int) -> Topic:
    """The topic with its course; NotFound when invisible."""
    row: Topic = Topic.objects.visible_to(by).select_related("course").one(pk=topic_id)
    return row


@dataclass(frozen=True)
class Offer:
    """The topics a lesson may be about, those that its group had already, and which is chosen (None: none)."""

    topics: list[Topic]
    taught: frozenset[int]
    chosen_id: int | None


@question("courses.view")
def topics_for(by: Actor, lesson: Lesson) -> Offer:
    """The plan of the lesson's course, and what is offered of it.

    From its day on, while nothing was said: the first topic that no other lesson of its group, or of its one student in
    the course, is about. A lesson of whoever comes is offered none.
    """
    own = lesson.plan_topic_id
    found = list(_in_order(_topics_beside(by, lesson).filter(Q(place__isnull=False) | Q(pk=own))))
    others = Lesson.objects.visible_to(by).filter(
        group_id=lesson.group_id, course_id=lesson.course_id, student_id=lesson.student_id, plan_topic__isnull=False
    )
    others = others.exclude(status=LessonStatus.CANCELLED).exclude(pk=lesson.pk)
    taken = frozenset(others.values_list("plan_topic_id", flat=True))
    is_due = lesson.status == LessonStatus.PLANNED and lesson.held_on <= by.today
    is_open = own is None and not lesson.topic and is_due and lesson.kind != LessonKind.TRIAL
    ahead = next((row.pk for row in found if row.pk not in taken), None) if is_open else None
    return Offer(found, taken, own if own is not None else ahead)


@dataclass(frozen=True)
class PlanLine:
    """A topic as a group had it: the lessons it was taught in, or the day on which it is expected (None: none left)."""

    topic: Topic
    taught: Sequence[Any]
    expected_on: date | None


@dataclass(frozen=True)
class GroupPlan:
    """A plan as a group follows it.

    `ahead`: topics ahead of the timetable, below zero behind it, None: not begun. `left_over`: topics that no lesson
    is left for. `others`: conducted lessons with a topic that is not of the plan.
    """

    lines: list[PlanLine]
    ahead: int | None
    left_over: int
    others: list[Any]

    @property
    def next(self) -> Topic | None:
        """The first topic that was not taught yet."""
        return next((line.topic for line in self.lines if not line.taught), None)


@question("courses.view")
def plan_of_group(by: Actor, group_id: int) -> GroupPlan:
    """Which topic a group was taught when, what is ahead on which days, and how far it is ahead or behind."""
    group = get_group(by, group_id)
    rows = _lessons(by, group_id)
    taught: dict[int, list[Any]] = defaultdict(list)
    for row in rows:
        if row.status == LessonStatus.CONDUCTED and row.plan_topic_id is not None:
            taught[row.plan_topic_id].append(row)
    topics = [row for row in topics_of(by, group.course_id) if row.place is not None or row.pk in taught]
    off = set(days_off_of(by, group.branch_id).values_list("on", flat=True))
    expected = _expected(by, rows, [row.pk for row in topics if row.pk not in taught], off)
    over = [
        row.held_on
        for row in rows
        if not row.is_extra
        and (row.status == LessonStatus.CONDUCTED or (row.ends_at <= by.at and row.held_on not in off))
    ]
    first_on = min((row.held_on for lessons in taught.values() for row in lessons), default=None)
    lines = [PlanLine(row, taught.get(row.pk, []), expected.get(row.pk)) for row in topics]
    others = [row for row in rows if row.status == LessonStatus.CONDUCTED and row.topic and row.plan_topic_id is None]
    left_over = sum(not line.taught and line.expected_on is None for line in lines)
    return GroupPlan(lines, pace(len(topics), len(taught), first_on, over), left_over, others)


def _lessons(by: Actor, group_id: int) -> list[Any]:
    """All lessons of a group in order, as plain rows: there are hundreds."""
    columns = (
        "id", "held_on", "starts_time", "ends_at", "status", "is_extra", "topic", "plan_topic_id",
    )  # fmt: skip
    rows = Lesson.objects.visible_to(by).filter(group_id=group_id)
    return list(rows.order_by("starts_at", "id").values_list(*columns, named=True))


def _expected(by: Actor, rows: list[Any], left: list[int], off: set[date]) -> dict[int, date]:
    """The day of each topic that is left: that of the lesson it was put into, or of the next lesson without a topic."""
    ahead = [
        row for row in rows if row.status == LessonStatus.PLANNED and row.held_on >= by.today and row.held_on not in off
    ]
    found = {row.plan_topic_id: row.held_on for row in reversed(ahead) if row.plan_topic_id is not None}
    free = [row.held_on for row in ahead if not row.topic]
    return found | dict(zip([pk for pk in left if pk not in found], free, strict=False))
