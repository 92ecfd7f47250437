"""Pages on what a group learns: what is typed is kept, what another entered is not overwritten, files say the same."""

from __future__ import annotations

import re
from datetime import timedelta
from decimal import Decimal
from html import unescape

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from daftar.attendance.exams import Entry, ResultLine, add_exam, enter_results
from daftar.attendance.models import ExamResult, TestResult
from daftar.attendance.results_of_tests import Taken, add_test_result
from daftar.attendance.rules import Measure
from daftar.attendance.scales import add_scale
from daftar.courses.models import Course, Lesson, Topic
from daftar.courses.topics import add_topics
from daftar.lib.tenancy import tenant_transaction
from daftar.office.journal.exam_forms import ResultsForm
from daftar.orgs.models import Branch, Member
from tests.cast import PASSWORD, a_centre, a_group
from tests.probe import Probe, a_probe, good_bodies
from tests.test_sweep import said


@pytest.fixture
def ours(db) -> Probe:
    """With an exam of today by points, and a second topic that no lesson was about."""
    ours = a_probe("lingua")
    by, ids = ours.by, ours.ids
    with tenant_transaction(by.org_id):
        points = add_scale(by, name="Points", measure=Measure(Decimal(0), Decimal(100)), pass_mark=Decimal(60))
        values = {"group_id": ids["group_id"], "held_on": by.today, "scale_id": points.pk}
        ids["exam_id"] = add_exam(by, name="Final", **values).pk
    return ours


def results(ours) -> dict[int, Entry]:
    with tenant_transaction(ours.by.org_id):
        rows = ExamResult.objects.visible_to(ours.by).filter(exam_id=ours.ids["exam_id"])
        return {row.student_id: Entry(row.score, row.is_absent, row.comment) for row in rows}


def sent_back(page: str) -> dict[str, str]:
    """The fields of the page as a browser sends them, the hidden ones too."""
    found = {}
    for tag in re.findall(r"<input[^>]*>", page[page.index('<form class="card') :]):
        name, value = re.search(r'name="([^"]*)"', tag), re.search(r'value="([^"]*)"', tag)
        if name and "csrf" not in name[1] and 'type="checkbox"' not in tag:
            found[name[1]] = value[1] if value else ""
    return found


def test_scores_are_entered_with_a_comma_a_dash_and_a_comment(ours, owner):
    one, two = ours.ids["student"], ours.ids["other_student"]
    body = {f"score_{one}": "81", f"comment_{one}": "fine", f"score_{two}": "–"}
    assert owner.post(f"/lingua/exams/{ours.ids['exam_id']}/results/", body).status_code == 302
    assert results(ours) == {one: Entry(Decimal(81), comment="fine"), two: Entry(is_absent=True)}
    page = owner.get(f"/lingua/exams/{ours.ids['exam_id']}/").content.decode()
    assert "Passed" in page
    assert "Absent" in page
    assert "100 %, 1 of 1" in page


def test_a_wrong_score_is_told_beside_it_and_all_that_was_typed_stays(ours, owner):
    one, two = ours.ids["student"], ours.ids["other_student"]
    body = {f"score_{one}": "8l", f"comment_{one}": "typed", f"score_{two}": "101"}
    answer = owner.post(f"/lingua/exams/{ours.ids['exam_id']}/results/", body)
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "<title>Error: " in page
    beside = dict(re.findall(r'id="id_score_(\d+)_error">(.*?)</div>', page))
    assert beside == {str(one): "This is not a number.", str(two): "The scale goes from 0 to 100."}
    for typed in ("8l", "typed", "101"):
        assert f'value="{typed}"' in page
    assert results(ours) == {}


def test_what_another_entered_meanwhile_is_not_overwritten_by_an_old_page(ours, owner):
    one, two = ours.ids["student"], ours.ids["other_student"]
    address = f"/lingua/exams/{ours.ids['exam_id']}/results/"
    old = sent_back(owner.get(address).content.decode())
    with tenant_transaction(ours.by.org_id):
        enter_results(ours.by, exam_id=ours.ids["exam_id"], entries={one: Entry(Decimal(90), comment="by another")})
    assert owner.post(address, old | {f"score_{two}": "55"}).status_code == 302
    assert results(ours) == {one: Entry(Decimal(90), comment="by another"), two: Entry(Decimal(55))}


def test_a_form_that_did_not_remember_what_it_showed_would_overwrite(ours):
    """The twin: compared with what stands now, and not with what the page showed, an empty field takes a score back."""
    one = ours.ids["student"]
    now = [ResultLine(one, "Farhod", Entry(Decimal(90)))]
    old_page = {f"score_{one}": "", f"initial-score_{one}": ""}
    form = ResultsForm(old_page, lines=now, measure=Measure(Decimal(0), Decimal(100)))
    assert form.is_valid()
    assert form.cleaned_data["entries"] == {}
    careless = ResultsForm(old_page, lines=now, measure=Measure(Decimal(0), Decimal(100)))
    for field in careless.fields.values():
        field.show_hidden_initial = False
    assert careless.is_valid()
    assert careless.cleaned_data["entries"] == {one: Entry()}


def test_a_score_is_taken_back_by_emptying_it(ours, owner):
    one = ours.ids["student"]
    address = f"/lingua/exams/{ours.ids['exam_id']}/results/"
    owner.post(address, {f"score_{one}": "81"})
    page = sent_back(owner.get(address).content.decode())
    assert page[f"initial-score_{one}"] == "81"
    owner.post(address, page | {f"score_{one}": ""})
    assert results(ours) == {}


def test_the_file_of_an_exam_says_what_its_page_says(ours, owner):
    one, two = ours.ids["student"], ours.ids["other_student"]
    with tenant_transaction(ours.by.org_id):
        said = {one: Entry(Decimal(59), comment="=1+1"), two: Entry(is_absent=True)}
        enter_results(ours.by, exam_id=ours.ids["exam_id"], entries=said)
    answer = owner.get(f"/lingua/exams/{ours.ids['exam_id']}/?format=csv")
    lines = answer.content.decode("utf-8-sig").splitlines()
    assert answer["Content-Disposition"] == f'attachment; filename="exam-{ours.ids["exam_id"]}.csv"'
    assert lines[0] == "Student;Score;Result;Comment"
    assert [line.split(";")[1:] for line in lines[1:]] == [["59", "Not passed", "'=1+1"], ["", "Absent", ""]]


def test_the_card_of_a_student_tells_the_exams(ours, owner):
    one = ours.ids["student"]
    with tenant_transaction(ours.by.org_id):
        enter_results(ours.by, exam_id=ours.ids["exam_id"], entries={one: Entry(Decimal(59))})
    page = owner.get(f"/lingua/students/{one}/").content.decode()
    assert f"/lingua/exams/{ours.ids['exam_id']}/" in page
    assert "Not passed" in page


def test_a_lesson_is_offered_the_next_topic_and_keeps_what_was_typed_when_it_is_refused(ours, owner):
    by, ids = ours.by, ours.ids
    with tenant_transaction(by.org_id):
        lesson = Lesson.objects.visible_to(by).get(group=ids["group_id"], held_on=by.today - timedelta(days=2))
        course_id = Topic.objects.visible_to(by).get(pk=ids["topic_id"]).course_id
        (second,) = add_topics(by, course_id=course_id, lines="Conditionals")
    address = f"/lingua/lessons/{lesson.pk}/"
    assert f'<option value="{ids["topic_id"]}" selected>1. ' in owner.get(address).content.decode()
    stale = {"shown": ["0"], "plan_topic_id": str(second.pk)}
    answer = owner.post(address, stale)
    assert answer.status_code == 422
    assert f'<option value="{second.pk}" selected>3. Conditionals' in answer.content.decode()
    assert owner.post(address, {"plan_topic_id": str(second.pk)}).status_code == 302
    assert f'<option value="{second.pk}" selected>' in owner.get(address).content.decode()
    plan = owner.get(f"/lingua/groups/{ids['group_id']}/plan/").content.decode()
    assert "1 of 3 topics" in plan


def test_the_card_tells_exams_and_tests_by_day_and_a_cashier_changes_none(ours, owner):
    by, ids = ours.by, ours.ids
    with tenant_transaction(by.org_id):
        values = {"scale_id": ids["scale_id"], "score": Decimal(3)}
        for name, days in (("Placement", 3), ("Unit 1", 1)):
            test = Taken(name=name, taken_on=by.today - timedelta(days=days), **values)
            add_test_result(by, student_id=ids["free_student"], test=test)
    page = owner.get(f"/lingua/students/{ids['free_student']}/").content.decode()
    assert page.index("Unit 1") < page.index("Placement")
    assert f"/lingua/students/{ids['free_student']}/tests/new/" in page
    cashier = Client()
    cashier.post("/login/", {"login": ours.logins["cashier"], "password": PASSWORD})
    page = cashier.get(f"/lingua/students/{ids['free_student']}/").content.decode()
    assert "Unit 1" in page
    assert "/tests/" not in page


def test_the_file_of_tests_says_what_the_page_says(ours, owner):
    address = f"/lingua/groups/{ours.ids['group_id']}/tests/"
    page, file = owner.get(address).content.decode(), said(owner.get(f"{address}?format=csv"))
    heads, line = [row.split(";") for row in file.lstrip("\ufeff").splitlines()]
    assert heads[:4] == ["Test", "Date", "Student", "Score"]
    assert line[1] == str(ours.by.today)
    assert line[3] == "A"
    assert all(text in page for text in (line[0], line[2], line[5]))


def test_a_changed_result_keeps_a_teacher_who_left_and_a_subject_that_no_course_has(ours, owner):
    by, ids = ours.by, ours.ids
    with tenant_transaction(by.org_id):
        TestResult.objects.visible_to(by).filter(pk=ids["test_id"]).update(group=None, subject="Latin")
        Member.objects.visible_to(by).filter(pk=ids["teacher_id"]).update(is_active=False)
    page = owner.get(f"/lingua/tests/{ids['test_id']}/edit/").content.decode()
    assert f'<option value="{ids["teacher_id"]}" selected>' in page
    assert '<option value="Latin" selected>' in page
    body = {"name": "T", "taken_on": str(by.today), "scale_id": ids["scale_id"], "score": "B", "group_id": ""}
    kept = {"teacher_id": ids["teacher_id"], "subject": "Latin", "comment": ""}
    assert owner.post(f"/lingua/tests/{ids['test_id']}/edit/", body | kept).status_code == 302
    with tenant_transaction(by.org_id):
        row = TestResult.objects.visible_to(by).get(pk=ids["test_id"])
    assert (row.name, row.teacher_id, row.subject) == ("T", ids["teacher_id"], "Latin")


def test_a_deleted_result_opened_by_its_address_offers_to_bring_it_back(ours, owner):
    address = f"/lingua/tests/{ours.ids['test_id']}/"
    assert owner.get(f"{address}delete/").content.decode().count("Delete this result") == 1
    owner.post(f"{address}delete/", {"sent": "on"})
    answer = owner.get(f"{address}edit/")
    assert answer["Location"] == f"{address}restore/"
    owner.post(f"{address}restore/", {"sent": "on"})
    assert owner.get(f"{address}edit/").status_code == 200


def test_a_result_changed_from_the_page_of_its_group_is_seen_there_again(ours, owner):
    by, ids = ours.by, ours.ids
    body = good_bodies(ours)["test-edit"]
    home = f"/lingua/groups/{ids['group_id']}/tests/"
    assert f"/lingua/tests/{ids['test_id']}/edit/?group={ids['group_id']}" in owner.get(home).content.decode()
    edit, delete = (f"/lingua/tests/{ids['test_id']}/{deed}/" for deed in ("edit", "delete"))
    assert f'href="{delete}?group={ids["group_id"]}"' in owner.get(f"{edit}?group={ids['group_id']}").content.decode()
    assert f'href="{delete}"' in owner.get(edit).content.decode()
    assert owner.post(f"{edit}?group={ids['group_id']}", body)["Location"] == home
    with tenant_transaction(by.org_id):
        student_id = TestResult.objects.visible_to(by).get(pk=ids["test_id"]).student_id
    assert owner.post(edit, body)["Location"] == f"/lingua/students/{student_id}/"


def test_a_subject_that_no_course_has_any_more_narrows_the_lessons_no_more(ours, owner):
    def rows(query: str) -> int:
        return owner.get(f"/lingua/lessons/?{query}").content.decode().count("<tr>")

    with tenant_transaction(ours.by.org_id):
        Course.objects.visible_to(ours.by).filter(pk=ours.ids["course_id"]).update(subject="Latin")
    assert 1 < rows("subject=Latin") < rows("subject=Gone") == rows("")
    assert "Select a valid choice" not in owner.get("/lingua/lessons/?subject=Gone").content.decode()


def test_a_lesson_is_planned_from_the_list_for_what_the_list_shows(ours, owner):
    ids = ours.ids

    def leads(**asked: int) -> str:
        page = owner.get("/lingua/lessons/", asked).content.decode()
        [link] = re.findall(r'href="([^"]+)"[^>]*data-key="KeyN"', page)
        return unescape(link)

    assert leads() == "/lingua/lessons/new/"
    assert leads(group_id=ids["group_id"]) == f"/lingua/groups/{ids['group_id']}/lessons/new/"
    of_one = leads(student_id=ids["student_id"], teacher_id=ids["teacher_id"], room_id=ids["room_id"])
    page = owner.get(of_one).content.decode()
    assert f'name="student" value="{ids["student_id"]}"' in page
    assert f'<option value="{ids["teacher_id"]}" selected>' in page
    teacher = Client()
    teacher.post("/login/", {"login": ours.logins["teacher"], "password": PASSWORD})
    assert "KeyN" not in teacher.get("/lingua/lessons/").content.decode()


def test_a_form_without_a_student_or_sent_twice_enters_nothing_more_and_says_so(ours, owner):
    ids = ours.ids
    address, body = f"/lingua/groups/{ids['group_id']}/tests/new/", good_bodies(ours)["group-test-new"]
    answer = owner.post(address, body | {"student_id": ""})
    assert answer.status_code == 422
    assert "This field is required." in answer.content.decode()
    assert owner.post(address, body).status_code == 302
    answer = owner.post(address, body)
    assert answer.status_code == 422
    page = answer.content.decode()
    assert "The student has a result of this test on this day already." in page
    assert 'value="T new"' in page
    assert owner.get(f"/lingua/groups/{ids['group_id']}/tests/").content.decode().count("T new") == 1


def test_the_next_result_begins_with_the_test_of_one_of_this_group_only(ours, owner):
    by, ids = ours.by, ours.ids
    address = f"/lingua/groups/{ids['group_id']}/tests/new/"
    with tenant_transaction(by.org_id):
        row = TestResult.objects.visible_to(by).get(pk=ids["test_id"])
        alone = TestResult.objects.visible_to(by).filter(group=None)[0]
    assert row.name in owner.get(f"{address}?like={row.pk}").content.decode()
    assert alone.name not in owner.get(f"{address}?like={alone.pk}").content.decode()
    assert owner.get(f"{address}?like=99999999").status_code == 200


def test_an_exam_without_a_scale_says_what_to_do_first(db):
    by = a_centre("empty")
    with tenant_transaction(by.org_id):
        group = a_group(by)
    client = Client()
    client.post("/login/", {"login": "aziza@empty.example", "password": PASSWORD})
    page = client.get(f"/empty/groups/{group.pk}/exams/new/").content.decode()
    assert "No scale yet" in page
    assert "/empty/settings/scales/new/" in page
    page = client.get(f"/empty/groups/{group.pk}/tests/new/").content.decode()
    assert "No scale yet" in page
    assert "A result needs a scale" in page


# --- files --------------------------------------------------------------------------------------------------------


def test_a_file_goes_out_to_be_saved_and_as_nothing_a_browser_runs(ours, owner):
    lesson = ours.ids["lesson_id"]
    page = b"%PDF-1.7 <script>alert(1)</script>"
    sent = SimpleUploadedFile("Дарс 1.pdf", page, content_type="text/html")
    assert owner.post(f"/lingua/lessons/{lesson}/files/new/", {"file": sent}).status_code == 302
    text = owner.get(f"/lingua/lessons/{lesson}/").content.decode()
    address = re.search(r'<a class="row-link" href="(/lingua/materials/\d+/)" dir="auto">Дарс 1.pdf', text)
    assert address
    answer = owner.get(address[1])
    assert b"".join(answer.streaming_content) == page
    assert answer["Content-Type"] == "application/pdf"
    assert answer["Content-Disposition"].startswith("attachment; filename*=utf-8''")
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert answer["Cache-Control"] == "no-store"
    assert owner.post(f"{address[1]}remove/", {"sent": "on"}).status_code == 302
    assert owner.get(address[1]).status_code == 404
    assert owner.post(f"{address[1]}restore/", {"sent": "on"}).status_code == 302
    assert b"".join(owner.get(address[1]).streaming_content) == page


def test_a_correction_of_long_ago_asks_why_beside_its_field_and_keeps_what_was_typed(ours, owner):
    with tenant_transaction(ours.by.org_id):
        held = Lesson.objects.visible_to(ours.by).filter(status="conducted", held_on__lt=ours.by.today)
        lesson_id, branch_id = held.order_by("-held_on", "id").values_list("pk", "branch_id")[0]
        held.update(corrected_because="")
        Branch.objects.visible_to(ours.by).filter(pk=branch_id).update(correction_days=0)
    url = f"/{ours.slug}/lessons/{lesson_id}/"
    page = owner.get(url).content.decode()
    shown = re.findall(r'name="shown" value="(\d+)"', page)
    there = re.findall(r'name="present" value="(\d+)" checked', page)
    assert 'name="because"' in page
    sent = {"shown": shown, "present": [pk for pk in shown if pk not in there], "topic": "Typed"}
    refused = owner.post(url, sent)
    assert refused.status_code == 422
    assert re.search(r'invalid-feedback d-block" id="because-note">This lesson was on', refused.content.decode())
    assert 'value="Typed"' in refused.content.decode()
    assert owner.post(url, sent | {"because": "Paper journal"}).status_code == 302
    assert 'name="because"' not in owner.get(url).content.decode(), "asked for once"


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [("x.svg", b"<svg/>", "not taken"), ("x.png", b"<svg/>", "not what its name says"), ("x.pdf", b"", "empty")],
)
def test_a_file_that_is_not_taken_is_told_beside_its_field(ours, owner, name, content, says):
    address = f"/lingua/groups/{ours.ids['group_id']}/materials/new/"
    answer = owner.post(address, {"file": SimpleUploadedFile(name, content)})
    beside = re.search(r'id="id_file_error">(.*?)</div>', answer.content.decode())
    assert answer.status_code == 422
    assert beside
    assert says in beside[1]


def test_a_page_sent_within_the_site_would_be_noticed(ours, owner):
    """The twin: every other page of the site is no attachment and may run scripts of the site."""
    answer = owner.get(f"/lingua/lessons/{ours.ids['lesson_id']}/")
    assert "Content-Disposition" not in answer
    assert "script-src 'self'" in answer["Content-Security-Policy"]
