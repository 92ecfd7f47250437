"""How the page of a lesson begins where a group or a branch wants nobody to be marked."""

from __future__ import annotations

import re

import pytest

from daftar.attendance.announced import restore_announcement, withdraw_announcement
from daftar.attendance.models import AnnouncedAbsence
from daftar.attendance.queries import marks_in
from daftar.attendance.unmarking import take_marks_back
from daftar.courses.models import Group
from daftar.lib.tenancy import tenant_transaction
from daftar.orgs.models import Branch
from tests.probe import Probe, client_of, good_bodies


@pytest.fixture
def fresh(ours: Probe) -> Probe:
    """The lesson of the probe with no mark in it, and nobody who called before."""
    with tenant_transaction(ours.by.org_id):
        take_marks_back(ours.by, lesson_id=ours.ids["lesson_id"], because="x")
        for absence in AnnouncedAbsence.objects.visible_to(ours.by):
            withdraw_announcement(ours.by, absence_id=absence.pk)
    return ours


def lesson_of(ours: Probe) -> str:
    return f"/{ours.slug}/lessons/{ours.ids['lesson_id']}/"


def ticked(text: str) -> list[bool]:
    """Of each row, whether its student begins as present."""
    return ["checked" in box for box in re.findall(r'<input class="att-box"[^>]*>', text)]


def unmarked(text: str) -> list[bool]:
    """Of each row that offers it, whether nothing is said of its student."""
    return ["checked" in box for box in re.findall(r'<input class="[^"]*att-open"[^>]*>', text)]


def test_a_group_is_told_on_its_page_how_its_marks_begin_and_its_lessons_do(fresh, owner):
    home = f"/{fresh.slug}/groups/{fresh.ids['group_id']}/"
    assert f'href="{home}marks/"' in owner.get(f"{home}?tab=lessons").content.decode()
    text = owner.get(lesson_of(fresh)).content.decode()
    assert all(ticked(text)) and unmarked(text) == []
    assert "Now: Everyone is present." in owner.get(f"{home}marks/").content.decode()
    assert owner.post(f"{home}marks/", {"marks_begin": "unmarked"}).status_code == 302
    text = owner.get(lesson_of(fresh)).content.decode()
    assert len(unmarked(text)) == len(ticked(text)) > 1
    assert all(unmarked(text)) and not any(ticked(text))
    assert owner.post(f"{home}marks/", {"marks_begin": "by magic"}).status_code == 422


def test_a_branch_says_it_for_every_group_that_says_nothing(fresh, owner):
    body = good_bodies(fresh)["hours-edit"]
    assert owner.post(f"/{fresh.slug}/settings/hours/{fresh.ids['branch_id']}/", body).status_code == 302
    with tenant_transaction(fresh.by.org_id):
        assert Branch.objects.visible_to(fresh.by).get(pk=fresh.ids["branch_id"]).marks_begin == "unmarked"
    assert all(unmarked(owner.get(lesson_of(fresh)).content.decode()))
    with tenant_transaction(fresh.by.org_id):
        Group.objects.visible_to(fresh.by).filter(pk=fresh.ids["group_id"]).update(marks_begin="present")
    assert all(ticked(owner.get(lesson_of(fresh)).content.decode()))


def test_who_is_marked_is_shown_so_and_the_rest_stays_not_marked(fresh, owner):
    with tenant_transaction(fresh.by.org_id):
        Group.objects.visible_to(fresh.by).filter(pk=fresh.ids["group_id"]).update(marks_begin="unmarked")
    shown = re.findall(r'name="shown" value="(\d+)"', owner.get(lesson_of(fresh)).content.decode())
    here, *rest = shown
    body = {"shown": shown, "present": [here], **{f"reason_{pk}": "unmarked" for pk in shown}}
    refused = owner.post(lesson_of(fresh), body | {"present": []})
    assert refused.status_code == 422
    assert "Nobody is marked yet" in refused.content.decode()
    assert all(unmarked(refused.content.decode()))
    answer = owner.post(lesson_of(fresh), body, follow=True)
    assert f"1 present, 0 absent, {len(rest)} not marked" in answer.content.decode()
    with tenant_transaction(fresh.by.org_id):
        assert {str(pk) for pk in marks_in(fresh.by, fresh.ids["lesson_id"])} == {here}
    text = owner.get(lesson_of(fresh)).content.decode()
    assert sum(ticked(text)) == 1
    assert unmarked(text) == [True] * len(rest)


def test_of_who_came_while_the_page_was_open_nothing_is_said_after_a_refusal(fresh, owner):
    with tenant_transaction(fresh.by.org_id):
        Group.objects.visible_to(fresh.by).filter(pk=fresh.ids["group_id"]).update(marks_begin="unmarked")
    newcomer, *shown = re.findall(r'name="shown" value="(\d+)"', owner.get(lesson_of(fresh)).content.decode())
    body = {"shown": shown, "present": shown, **{f"reason_{pk}": "unmarked" for pk in shown}}
    refused = owner.post(lesson_of(fresh), body)
    assert refused.status_code == 422
    assert ticked(refused.content.decode()) == [False] + [True] * len(shown)
    assert unmarked(refused.content.decode())[0]


def test_an_absence_that_was_told_before_stays_where_nobody_is_marked(fresh, owner):
    with tenant_transaction(fresh.by.org_id):
        Group.objects.visible_to(fresh.by).filter(pk=fresh.ids["group_id"]).update(marks_begin="unmarked")
        restore_announcement(fresh.by, absence_id=fresh.ids["absence_id"])
    text = owner.get(lesson_of(fresh)).content.decode()
    assert len(unmarked(text)) == len(ticked(text)) - 1
    assert "told before" in text


def test_who_does_not_edit_groups_is_not_led_to_it(ours):
    teacher = client_of(ours, "teacher")
    home = f"/{ours.slug}/groups/{ours.ids['group_id']}/"
    assert "/marks/" not in teacher.get(f"{home}?tab=lessons").content.decode()
    assert teacher.get(f"{home}marks/").status_code == 403
