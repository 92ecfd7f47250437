"""What a group learns, in a browser: a plan of topics to a conducted lesson, an exam entered by keyboard."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest

from daftar.attendance.rules import Measure
from daftar.attendance.scales import add_scale
from daftar.courses.models import Lesson, Topic
from daftar.lib.tenancy import tenant_transaction
from tests.cast import a_course, a_group, a_student, enrolled

EVERY_DAY = (1, 2, 3, 4, 5, 6, 7)


@pytest.fixture
def taught(centre) -> dict[str, int]:
    """A group of every day since three days ago, with three students."""
    begun = centre.today - timedelta(days=3)
    with tenant_transaction(centre.org_id):
        course = a_course(centre)
        life = {"starts_on": str(begun), "last_on": str(centre.today + timedelta(days=30))}
        group = a_group(centre, course, "Mornings", weekdays=EVERY_DAY, **life)
        ids = {}
        for name in ("Aziz", "Barno", "Davron"):
            student = a_student(centre, name)
            enrolled(centre, student, group, str(begun))
            ids[name] = student.pk
        lesson = Lesson.objects.visible_to(centre).get(group=group, held_on=begun)
        return ids | {"group": group.pk, "course": course.pk, "lesson": lesson.pk}


def test_from_a_scale_to_results_typed_down_a_column(centre, taught, visit):
    who = visit("aziza@lingua.example")
    who.open("/lingua/settings/scales/new/")
    who.fill(name="Hundred", pass_mark="60")
    who.save()
    assert "0 to 100" in who.text()

    who.open(f"/lingua/groups/{taught['group']}/")
    with who.page.expect_navigation():
        who.page.get_by_role("link", name="Exams").click()
    with who.page.expect_navigation():
        who.press("n")
    who.fill(name="Midterm")
    who.save()
    with who.page.expect_navigation():
        who.press("e")

    # The first field has the focus: only keys from here on.
    keys = who.page.keyboard
    keys.type("81")
    keys.press("Enter")
    keys.type("1o")
    keys.press("Tab")
    keys.type("-")
    keys.press("Enter")
    assert who.page.evaluate("document.activeElement.hasAttribute('data-save')"), "after the last comes the button"
    with who.page.expect_navigation():
        keys.press("Enter")
    assert "This is not a number." in who.text()
    typed = [who.page.input_value(f"[name=score_{taught[name]}]") for name in ("Aziz", "Barno", "Davron")]
    assert typed == ["81", "1o", "-"]
    who.page.focus(f"[name=score_{taught['Barno']}]")
    keys.press("Control+a")
    keys.type("40")
    with who.page.expect_navigation():
        keys.press("Control+Enter")
    check_results(who, taught)
    assert [error for error in who.errors if "422" not in error] == []


def check_results(who, taught: dict[str, int]) -> None:
    """What the page of the exam and a card say, in words."""
    said = {name: who.page.inner_text(f"[data-testid=result-{taught[name]}]") for name in ("Aziz", "Barno", "Davron")}
    assert "81" in said["Aziz"] and "Passed" in said["Aziz"] and "Not" not in said["Aziz"]
    assert "40" in said["Barno"] and "Not passed" in said["Barno"]
    assert "Absent" in said["Davron"]
    assert "60.5" in who.text() and "50 %, 1 of 2" in who.text()
    who.open(f"/lingua/students/{taught['Barno']}/")
    assert "Midterm" in who.text() and "Not passed" in who.text()


def test_results_of_a_test_are_entered_one_after_another_and_taken_back(centre, taught, visit):
    who = visit("aziza@lingua.example")
    with tenant_transaction(centre.org_id):
        letters = Measure.of_words(("A", "B", "F"))
        add_scale(centre, name="Letters", measure=letters, pass_mark=Decimal(2))
    who.open(f"/lingua/groups/{taught['group']}/tests/")
    assert "No test results yet" in who.text()
    with who.page.expect_navigation():
        who.press("n")
    who.fill(student_id="Aziz", name="Unit 3", score="C", teacher_id="Aziza", comment="in a hurry")
    who.save()
    assert "Write one of these: A, B, F." in who.text()
    assert who.page.input_value("[name=comment]") == "in a hurry", "what was typed is there"
    who.fill(score="b")
    who.save()
    assert "B" in who.page.inner_text(f"[data-testid=test-of-{taught['Aziz']}]")

    # The next one of the same test: the student and the score, nothing else.
    with who.page.expect_navigation():
        who.press("n")
    assert who.page.input_value("[name=name]") == "Unit 3"
    assert who.page.input_value("[name=student_id]") == ""
    who.fill(student_id="Barno", score="F")
    with who.page.expect_navigation():
        who.press("Control+Enter")
    assert who.page.locator("main section").count() == 1, "one test with two results"
    assert "Average B" in who.text().replace("\n", " ")

    who.click(f"[data-testid=test-of-{taught['Barno']}] .row-link")
    who.click("main .row-link:has-text('Unit 3')")
    with who.page.expect_navigation():
        who.click("text=Delete this result")
    who.save()
    assert "Unit 3" not in who.text()
    with who.page.expect_navigation():
        who.click("[data-testid=toast-undo]")
    assert "Unit 3" in who.text()
    who.open(f"/lingua/groups/{taught['group']}/changes/?kind=learning")
    assert "brought back the test result of" in who.text()
    assert [error for error in who.errors if "422" not in error] == []


def test_from_a_pasted_plan_to_a_conducted_lesson(centre, taught, visit):
    who = visit("aziza@lingua.example")
    who.open(f"/lingua/courses/{taught['course']}/topics/")
    who.type("[name=lines]", "Numbers\tUp to ten\tPage 1\nGreetings\tDialogues\tPage 3\nFamily")
    who.save()
    with tenant_transaction(centre.org_id):
        greetings = Topic.objects.visible_to(centre).get(title="Greetings").pk

    who.page.focus(f"[data-testid=topic-up-{greetings}]")
    with who.page.expect_navigation():
        who.press("Enter")
    titles = who.page.locator("ol .row-link").all_inner_texts()
    assert titles == ["Greetings", "Numbers", "Family"]
    with who.page.expect_navigation():
        who.page.locator(f"#topic-{greetings} [data-testid=topic-down-{greetings}]").press("Enter")
    # The next press finds the button where it was.
    who.page.wait_for_function("id => document.activeElement.dataset.testid === id", arg=f"topic-down-{greetings}")

    who.open(f"/lingua/lessons/{taught['lesson']}/")
    chosen = who.page.locator("[name=plan_topic_id] option:checked")
    assert chosen.inner_text() == "1. Numbers"
    who.click("[data-fill=id_homework]")
    assert who.page.input_value("[name=homework]") == "Page 1"
    assert not who.page.is_visible("[name=topic]")
    who.page.select_option("[name=plan_topic_id]", value="")
    assert who.page.is_visible("[name=topic]")
    who.page.select_option("[name=plan_topic_id]", label="2. Greetings")
    who.page.locator("[name=homework]").fill("page 3")
    who.page.wait_for_timeout(300)
    who.page.reload()
    # What was chosen and not saved yet is there after a reload.
    who.page.wait_for_function("document.querySelector('[name=plan_topic_id] option:checked').text === '2. Greetings'")
    with who.page.expect_navigation():
        who.click("[data-testid=att-save]")

    who.open(f"/lingua/groups/{taught['group']}/plan/")
    text = who.text()
    assert "1 of 3 topics" in text
    assert "behind the timetable" in who.page.inner_text("[data-testid=pace]")
    assert who.page.locator(".step-done").count() == 1
    with tenant_transaction(centre.org_id):
        lesson = Lesson.objects.visible_to(centre).get(pk=taught["lesson"])
        assert (lesson.topic, lesson.plan_topic_id) == ("Greetings", greetings)
    assert who.errors == []
