"""Pages that plan or move one lesson, asked by the live preview: the conflicts are told, and nothing is saved."""

from __future__ import annotations

from datetime import time, timedelta
from html import unescape

import pytest

from daftar.courses.models import Lesson
from daftar.courses.services import plan_lesson
from daftar.lib.tenancy import tenant_transaction
from tests.probe import client_of

LIVE = {"HX-Request": "true"}


@pytest.fixture
def taken(ours):
    """The lesson in the room at 06:00 in three days, a time at which nobody else is anywhere."""
    on = ours.by.today + timedelta(days=3)
    with tenant_transaction(ours.by.org_id):
        made = plan_lesson(
            ours.by, group_id=ours.ids["group_id"], held_on=on, starts_time=time(6), minutes=60,
            room_id=ours.ids["room_id"],
        )  # fmt: skip
        return Lesson.objects.visible_to(ours.by).select_related("room", "group").get(pk=made.pk)


def pages(ours, taken) -> dict[str, dict[str, object]]:
    """The addresses with what their forms ask besides the time and the room."""
    home, course = f"/{ours.slug}", taken.group.course_id
    alone = {"course_id": course, "branch_id": taken.branch_id}
    return {
        f"{home}/groups/{ours.ids['into_group']}/lessons/new/": {},
        f"{home}/lessons/new/": alone | {"student": ours.ids["student_id"]},
        f"{home}/lessons/new/?kind=trial": alone | {"kind": "trial"},
        f"{home}/lessons/{ours.ids['lesson_id']}/move/": {},
    }


def lessons(ours) -> list[tuple[object, ...]]:
    with tenant_transaction(ours.by.org_id):
        return list(Lesson.objects.visible_to(ours.by).order_by("pk").values_list("pk", "starts_at", "room_id"))


@pytest.mark.parametrize("page", range(4))
def test_a_live_preview_tells_what_a_lesson_clashes_with_and_saves_nothing(ours, taken, page):
    client, before = client_of(ours, "owner"), lessons(ours)
    url, rest = list(pages(ours, taken).items())[page]
    words = f"{taken.room} is taken by {taken.group}"

    def told(at: str) -> str:
        values = {"held_on": str(taken.held_on), "starts_time": at, "room_id": taken.room_id, **rest}
        answer = client.get(url.split("?")[0], values, headers=LIVE)
        assert answer.status_code == 200
        text = unescape(answer.content.decode())
        return text[text.index('id="conflicts"') :]

    assert words in told("06:30")
    assert words not in told("07:00")
    assert "is taken" not in told("")
    assert lessons(ours) == before


def test_regular_lessons_are_many_and_are_not_asked_for_conflicts(ours, taken):
    text = client_of(ours, "owner").get(f"/{ours.slug}/lessons/regular/new/?kind=trial").content.decode()
    assert 'id="conflicts"' not in text


@pytest.mark.parametrize("page", range(4))
def test_the_statements_of_a_preview_do_not_grow_with_the_lessons_that_are_in_the_way(ours, taken, page):
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    client = client_of(ours, "owner")
    url, rest = list(pages(ours, taken).items())[page]
    values = {"held_on": str(taken.held_on), "starts_time": "06:30", "room_id": taken.room_id, **rest}

    def statements() -> int:
        client.get(url.split("?")[0], values, headers=LIVE)
        with CaptureQueriesContext(connection) as asked:
            answer = client.get(url.split("?")[0], values, headers=LIVE)
        text = unescape(answer.content.decode())
        counted.append(text.count("is taken by"))
        return len(asked)

    counted: list[int] = []
    few = statements()
    with tenant_transaction(ours.by.org_id):
        for minute in (5, 10, 15):
            plan_lesson(
                ours.by, group_id=ours.ids["group_id"], held_on=taken.held_on, starts_time=time(6, minute), minutes=60,
                room_id=taken.room_id,
            )  # fmt: skip
    assert statements() == few
    assert counted[-1] > counted[0]
