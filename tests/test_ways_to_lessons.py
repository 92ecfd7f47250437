"""Ways that lead to what a person does with lessons: each is a link on the page where one looks for it."""

from __future__ import annotations

import re
from datetime import timedelta
from html import unescape

import pytest

from daftar.attendance.models import MakeUp
from daftar.attendance.services import conduct_lesson
from daftar.courses.days import add_holiday
from daftar.courses.models import Course, Enrolment, Group, Lesson, Recurrence
from daftar.courses.queries import roster
from daftar.courses.rules import PlanKind
from daftar.lib.tenancy import tenant_transaction
from daftar.orgs.models import Branch, Member, Role
from daftar.orgs.services import change_rights
from tests.cast import a_course, a_group, a_student, enrolled
from tests.probe import client_of
from tests.test_sweep import said


def links(page: str) -> list[str]:
    return [unescape(link) for link in re.findall(r'href="([^"]+)"', page)]


def test_the_card_leads_to_the_calendar_link_of_the_family(ours, owner):
    student_id = ours.ids["student_id"]
    card = owner.get(f"/lingua/students/{student_id}/").content.decode()
    [address] = [link for link in links(card) if "calendars" in link]
    page = owner.get(address).content.decode()
    assert f'value="student:{student_id}"' in page
    assert owner.post(address, {"whose": f"student:{student_id}"}).status_code == 302


def test_a_teacher_notes_from_the_lesson_who_will_be_absent(ours):
    teacher, ids = client_of(ours, "teacher"), ours.ids
    page = teacher.get(f"/lingua/lessons/{ids['lesson_id']}/").content.decode()
    address = f"/lingua/students/{ids['student_id']}/absence/"
    assert address in links(page)
    day = str(ours.by.today + timedelta(days=2))
    assert teacher.post(address, {"starts_on": day, "last_on": day, "note": "", "reason_id": ""}).status_code == 302


def test_a_guest_is_taken_out_from_the_page_of_the_lesson(ours, owner):
    ids = ours.ids
    with tenant_transaction(ours.by.org_id):
        group = Group.objects.visible_to(ours.by).get(pk=ids["group_id"])
        ahead = Lesson.objects.visible_to(ours.by).filter(group=group, held_on=ours.by.today + timedelta(days=3))[0]
    owner.post(f"/lingua/lessons/{ahead.pk}/guest/", {"student": ids["free_student"], "make_up_id": ""})
    page = owner.get(f"/lingua/lessons/{ahead.pk}/").content.decode()
    [address] = [link for link in links(page) if link.endswith("/remove/")]
    assert owner.post(address, {"sent": "on"})["Location"] == f"/lingua/lessons/{ahead.pk}/"
    assert "/remove/" not in owner.get(f"/lingua/lessons/{ahead.pk}/").content.decode()


def test_the_month_of_the_timetable_is_not_left_off_the_paper(ours, owner):
    month = owner.get("/lingua/timetable/?view=month").content.decode()
    [section] = re.findall(r'<section class="([^"]*)" aria-labelledby="day-[^"]*"', month)[:1]
    assert "d-print-none" not in section
    day = owner.get("/lingua/timetable/?view=rooms").content.decode()
    [section] = re.findall(r'<section class="([^"]*)" aria-labelledby="day-[^"]*"', day)[:1]
    assert "d-print-none" in section, "the board of the day stands there already"


@pytest.mark.parametrize("blocks", [False, True])
def test_who_is_added_from_the_card_is_told_of_a_full_group(ours, owner, blocks):
    by, ids = ours.by, ours.ids
    with tenant_transaction(by.org_id):
        Branch.objects.visible_to(by).update(blocks_capacity=blocks)
        full = Group.objects.visible_to(by).get(pk=ids["group_id"])
        Group.objects.visible_to(by).filter(pk=full.pk).update(capacity=1)
        life = {"starts_on": str(by.today), "last_on": str(by.today + timedelta(days=30))}
        free = a_group(by, full.course, "Roomy", weekdays=(), **life)
    address = f"/lingua/students/{ids['free_student']}/enrol/"
    asked = {"starts_on": str(by.today), "start": "trial"}
    page = owner.get(address, asked | {"group_id": full.pk}).content.decode()
    assert "All places are taken" in page
    assert f"/lingua/groups/{full.pk}/waiting/{ids['free_student']}/" in page
    assert "All places are taken" not in owner.get(address, asked | {"group_id": free.pk}).content.decode()


def test_the_waiting_list_is_reached_where_a_place_is_free_too(ours, owner):
    by, ids = ours.by, ours.ids
    with tenant_transaction(by.org_id):
        course = Group.objects.visible_to(by).get(pk=ids["group_id"]).course
        life = {"starts_on": str(by.today), "last_on": str(by.today + timedelta(days=30))}
        roomy, over = a_group(by, course, "Roomy", weekdays=(), **life), a_group(by, course, "Over", weekdays=())
        waits = a_student(by, "Waits Alone").pk
    home, way = f"/lingua/groups/{roomy.pk}/", f"/lingua/groups/{roomy.pk}/waiting/"
    assert f"{way}" in links(owner.get(f"{home}?tab=students").content.decode())
    for address in (f"{home}add/?student={waits}", f"/lingua/students/{waits}/enrol/?group_id={roomy.pk}&starts_on=x"):
        assert f"{way}{waits}/" in links(owner.get(address).content.decode()), address
    assert (
        f"{way}{waits}/" not in owner.get(f"{home}add/?student={waits}&student={ids['free_student']}").content.decode()
    )
    # Found by typing, asked for a note, and on the list.
    assert "?student=" in owner.get(way, {"q": "Waits"}, headers={"HX-Request": "true"}).content.decode()
    answer = owner.get(way, {"q": "Waits Alone"})
    assert (answer.status_code, answer["Location"]) == (302, f"{way}{waits}/")
    owner.post(answer["Location"], {"note": "mornings"})
    assert "mornings" in owner.get(f"{home}?tab=students").content.decode()
    # Nobody waits for a group that is over, and who does not put students into groups is not led there.
    past = owner.get(f"/lingua/groups/{over.pk}/?tab=students").content.decode()
    assert f"/lingua/groups/{over.pk}/waiting/" not in past
    teacher = client_of(ours, "teacher")
    assert "/waiting/" not in teacher.get(f"/lingua/groups/{ids['group_id']}/?tab=students").content.decode()
    assert teacher.get(way).status_code == 403


def test_one_more_lesson_of_a_group_is_planned_from_the_place_in_the_timetable(ours, owner):
    by, ids = ours.by, ours.ids
    day = str(by.today + timedelta(days=4))
    asked = {"held_on": day, "starts_time": "06:10", "room_id": ids["room_id"], "teacher_id": ids["teacher_id"]}
    page = owner.get("/lingua/lessons/new/", asked).content.decode()
    assert f'<option value="{ids["group_id"]}">' in page
    answer = owner.get("/lingua/lessons/new/", asked | {"group": ids["group_id"]})
    page = owner.get(answer["Location"]).content.decode()
    assert f'value="{day}"' in page
    assert f'<option value="{ids["room_id"]}" selected>' in page
    body = {"held_on": day, "starts_time": "06:10", "room_id": ids["room_id"], "teacher_id": "", "minutes": "30"}
    assert owner.post(answer["Location"], body).status_code == 302
    with tenant_transaction(by.org_id):
        lesson = Lesson.objects.visible_to(by).get(group_id=ids["group_id"], held_on=day, starts_time="06:10")
        usual = Group.objects.visible_to(by).get(pk=ids["group_id"])
    assert (lesson.room_id, lesson.teacher_id) == (ids["room_id"], usual.teacher_id)
    assert owner.get("/lingua/lessons/new/", {"group": "0"}).status_code == 200


def test_a_group_leads_to_its_own_week_which_can_be_let_go(ours, owner):
    group_id = ours.ids["group_id"]
    page = owner.get(f"/lingua/groups/{group_id}/?tab=students").content.decode()
    [address] = [link for link in links(page) if "/timetable/?" in link]
    assert f"group={group_id}" in address and "view=week" in address
    week = owner.get(address).content.decode()
    assert f'<option value="{group_id}" selected>' in week
    named = Group.objects.visible_to(ours.by).exclude(pk=group_id)
    with tenant_transaction(ours.by.org_id):
        others = set(named.values_list("name", flat=True))
    assert not [name for name in others if f"<b>{name}</b>" in week]
    for view in ("odd", "even", "other"):
        schedule = owner.get(address.replace("view=week", f"view={view}")).content.decode()
        assert not [name for name in others if f"<b>{name}</b>" in schedule]
    assert 'name="group"' not in owner.get("/lingua/timetable/?view=week").content.decode()


def test_a_free_time_begins_a_lesson_with_what_was_asked_for(ours, owner):
    day = str(ours.by.today + timedelta(days=3))
    student_id = ours.ids["student_id"]
    page = owner.get(f"/lingua/timetable/free/?on={day}&minutes=45&student={student_id}").content.decode()
    address = next(link for link in links(page) if "/lessons/new/?" in link)
    form = owner.get(address).content.decode()
    for value in (f'value="{day}"', f'name="student" value="{student_id}"', "selected"):
        assert value in form


def test_a_regular_lesson_in_the_weekly_schedule_leads_to_its_student(ours, owner):
    with tenant_transaction(ours.by.org_id):
        rule = Recurrence.objects.visible_to(ours.by).filter(student__isnull=False).first()
        Recurrence.objects.visible_to(ours.by).filter(pk=rule.pk).update(valid_from=ours.by.today)
    page = owner.get(f"/lingua/timetable/?view=other&branch_id={rule.branch_id}").content.decode()
    assert f"/lingua/students/{rule.student_id}/" in links(page)


def test_a_group_s_list_leads_to_what_can_be_done_with_a_membership_and_back(ours, owner):
    group_id, home = ours.ids["group_id"], f"/lingua/groups/{ours.ids['group_id']}/?tab=students"
    with tenant_transaction(ours.by.org_id):
        group, today = Group.objects.visible_to(ours.by).get(pk=group_id), ours.by.today
        row = enrolled(ours.by, a_student(ours.by, "Fresh"), group, str(today))
        late = enrolled(ours.by, a_student(ours.by, "Late"), group, str(today + timedelta(days=2)))
    here = links(owner.get(home).content.decode())
    for way in ("activate", "move", "weekdays", "leave"):
        assert f"/lingua/enrolments/{row.pk}/{way}/?from_group={group_id}" in here
    # Who was in a lesson is not taken away as if by mistake.
    assert f"/lingua/enrolments/{ours.ids['enrolment_id']}/undo/" not in here
    assert f"/lingua/enrolments/{late.pk}/undo/" in here
    steps = [
        (f"/lingua/enrolments/{row.pk}/activate/", {"activated_on": str(today)}),
        (f"/lingua/students/{row.student_id}/pause/", {"starts_on": str(today), "last_on": "", "gives_credit": "on"}),
        (f"/lingua/enrolments/{row.pk}/end-pause/", {"from_on": str(today + timedelta(days=3))}),
    ]
    for address, values in steps:
        way = f"{address}?from_group={group_id}"
        assert way in links(owner.get(home).content.decode())
        answer = owner.post(way, values)
        assert answer.status_code == 302, (way, re.findall(r"alert-link[^<]*", said(answer)))
        assert answer["Location"] == home


def test_moving_one_or_several_tells_of_a_full_group(ours, owner):
    ids = ours.ids
    with tenant_transaction(ours.by.org_id):
        group = Group.objects.visible_to(ours.by).get(pk=ids["group_id"])
        life = {"starts_on": str(ours.by.today), "last_on": str(ours.by.today + timedelta(days=60))}
        small = a_group(ours.by, group.course, "Small", capacity=1, weekdays=(), **life)
    day = str(ours.by.today)
    asked = {"group_id": small.pk, "last_on": day, "starts_on": day, "gives_credit": ""}
    hx = {"headers": {"HX-Request": "true"}}
    address = f"/lingua/enrolments/{ids['enrolment_id']}/move/"
    assert "All places are taken" not in owner.get(address, asked, **hx).content.decode()
    several = {"deed": "transfer", "group_id": small.pk, "on": day}
    with tenant_transaction(ours.by.org_id):
        here = [row.pk for row in roster(ours.by, group.pk)]
    page = owner.get(f"/lingua/groups/{group.pk}/several/", several | {"enrolment_ids": here[:2]}, **hx)
    assert ("Only 1 place is free" in page.content.decode()) == (len(here) > 1)
    with tenant_transaction(ours.by.org_id):
        enrolled(ours.by, a_student(ours.by, "Takes it"), small, day)
    page = owner.get(address, asked, **hx).content.decode()
    assert "All places are taken" in page
    assert f"/lingua/groups/{small.pk}/waiting/" in page


def test_the_timetable_leads_a_teacher_to_the_own_calendar_link(ours):
    teacher = client_of(ours, "teacher")
    address = "/lingua/timetable/calendars/"
    assert address in links(teacher.get("/lingua/timetable/").content.decode())
    [whose] = re.findall(r'<option value="(teacher:\d+)"', teacher.get(address).content.decode())
    assert teacher.post(address, {"whose": whose}).status_code == 302
    assert teacher.get(address).content.decode().count("calendar-") >= 1
    assert teacher.post(address, {"whose": f"group:{ours.ids['group_id']}"}).status_code == 422


def test_a_lesson_attended_without_a_price_leads_to_a_tariff_for_its_group_from_its_day_on(ours, owner):
    """And without the right to give prices there is no such link."""
    with tenant_transaction(ours.by.org_id):
        course = a_course(ours.by, "Drawing", plan=PlanKind.PER_LESSON, price=None)
        group, student = a_group(ours.by, course, "Drawing-1"), a_student(ours.by, "Nigora Unpriced")
        member = enrolled(ours.by, student, group, "2025-05-01")
        Enrolment.objects.visible_to(ours.by).filter(pk=member.pk).update(activated_on=member.starts_on)
        held = Lesson.objects.visible_to(ours.by).filter(group=group, held_on__lt=ours.by.today).order_by("-held_on")[0]
        conduct_lesson(ours.by, lesson_id=held.pk, absent={}, because="typed later")
    report = f"/lingua/reports/unpriced/?since={held.held_on}&until={held.held_on}"
    [address] = [link for link in links(owner.get(report).content.decode()) if f"/{student.pk}/tariff/" in link]
    page = owner.get(address).content.decode()
    assert f'value="{held.held_on}"' in page
    assert re.search(rf'<option value="{group.pk}"[^>]* selected', page)
    cashier = client_of(ours, "cashier").get(report).content.decode()
    assert "Nigora Unpriced" in cashier
    assert not [link for link in links(cashier) if "/tariff/" in link]


def test_whoever_plans_lessons_reaches_the_opening_hours_from_the_timetable(ours):
    """Where a branch says whether a taken room or a full group refuses, and what becomes of forgotten lessons."""
    administrator = client_of(ours, "administrator")
    [address] = [link for link in links(administrator.get("/lingua/timetable/").content.decode()) if "hours" in link]
    assert administrator.get(address).status_code == 200
    assert not [
        link for link in links(client_of(ours, "teacher").get("/lingua/timetable/").content.decode()) if "hours" in link
    ]


def test_lessons_of_what_is_over_are_found_too_and_a_teacher_filters_by_type_and_subject(ours, owner):
    with tenant_transaction(ours.by.org_id):
        group = Group.objects.visible_to(ours.by).get(pk=ours.ids["group_id"])
        Group.objects.visible_to(ours.by).filter(pk=group.pk).update(ends_on=ours.by.today)
        Course.objects.visible_to(ours.by).filter(pk=group.course_id).update(is_archived=True)
        Member.objects.visible_to(ours.by).filter(pk=ours.ids["teacher_id"]).update(is_active=False)
    since = str(ours.by.today - timedelta(days=40))
    for name, pk in (("group_id", group.pk), ("course_id", group.course_id), ("teacher_id", ours.ids["teacher_id"])):
        answer = owner.get("/lingua/lessons/", {"since": since, name: pk})
        page = answer.content.decode()
        assert answer.status_code == 200, name
        assert re.search(rf'<option value="{pk}" selected', page), name
    assert (
        f"/lingua/lessons/{ours.ids['lesson_id']}/"
        in owner.get("/lingua/lessons/", {"since": since, "group_id": group.pk}).content.decode()
    )
    with tenant_transaction(ours.by.org_id):
        Member.objects.visible_to(ours.by).filter(pk=ours.ids["teacher_id"]).update(is_active=True)
    own = client_of(ours, "teacher").get("/lingua/lessons/").content.decode()
    assert 'name="type_id"' in own
    assert 'name="subject"' in own


def test_a_lesson_on_a_day_off_is_told_as_one_and_not_as_forgotten(ours, owner):
    day = ours.by.today - timedelta(days=1)
    with tenant_transaction(ours.by.org_id):
        life = {"starts_on": str(day), "last_on": str(day + timedelta(days=30))}
        group = a_group(ours.by, a_course(ours.by, "Off"), "Off-1", weekdays=(1, 2, 3, 4, 5, 6, 7), **life)
        student = a_student(ours.by, "Nigora")
        enrolled(ours.by, student, group, str(day))
    pages = (f"/lingua/groups/{group.pk}/?tab=lessons", f"/lingua/lessons/?since={day}&until={day}&group_id={group.pk}")
    for path in pages:
        page = owner.get(path).content.decode()
        assert "Not marked" in page.partition("<main")[2]
    with tenant_transaction(ours.by.org_id):
        add_holiday(ours.by, name="Feast", starts_on=day)
        lesson = Lesson.objects.visible_to(ours.by).get(group=group, held_on=day)
    for path in pages:
        rows = re.findall(r"<(?:li|tr)[ >].*?</(?:li|tr)>", owner.get(path).content.decode(), re.DOTALL)
        [row] = [each for each in rows if f"/lessons/{lesson.pk}/" in each][:1]
        assert "Day off" in row
        assert "Not marked" not in row
    assert "This is a day off" in owner.get(f"/lingua/lessons/{lesson.pk}/").content.decode()
    assert "Day off" in owner.get(f"{pages[1]}&file=1").content.decode()


def test_the_ways_to_make_up_for_a_miss_are_told_with_what_they_cost_to_those_who_may_go_them(ours, owner):
    by, ids = ours.by, ours.ids
    address = f"/lingua/make-ups/{ids['make_up_id']}/"

    def told(client) -> list[str]:
        page = client.get(address).content.decode()
        [ways] = re.findall(r'data-testid="ways">(.*?)</ul>', page, re.DOTALL) or [""]
        return [text.split(":")[0] for text in re.findall(r"<li>(.*?)</li>", ways)]

    with tenant_transaction(by.org_id):
        MakeUp.objects.visible_to(by).filter(pk=ids["make_up_id"]).update(until=None)
        missed = MakeUp.objects.visible_to(by).get(pk=ids["make_up_id"]).missed
        Lesson.objects.visible_to(by).filter(group__course=missed.group.course).exclude(group=missed.group).delete()
    assert told(owner) == ["Plan a lesson for it"], "there is no place"
    with tenant_transaction(by.org_id):
        life = {"starts_on": str(by.today), "last_on": str(by.today + timedelta(days=9))}
        a_group(by, missed.group.course, "Has places", weekdays=(1, 2, 3, 4, 5, 6, 7), **life)
        role = Role.objects.visible_to(by).get(code="administrator")
    assert told(owner) == ["Choose", "Member for the day", "Plan a lesson for it"]
    with tenant_transaction(by.org_id):
        change_rights(by, given={}, taken={role.pk: ["courses.edit", "courses.enrol"]})
    assert told(client_of(ours, "administrator")) == ["Choose"]
    assert "pays as a guest does" in owner.get(f"{address}lesson/").content.decode()
    assert "Find a place offers them" in owner.get("/lingua/make-ups/").content.decode()
    assert "Find a place offers them" not in client_of(ours, "cashier").get("/lingua/make-ups/").content.decode()
