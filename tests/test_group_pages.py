"""The pages of a group as a browser asks for them: its money, its comments, its changes and the table of results."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from daftar.courses.comment_models import LONGEST_COMMENT, GroupComment
from daftar.courses.comments import write_comment
from daftar.courses.models import Enrolment, Group, Recurrence
from daftar.finance.models import PaymentKind
from daftar.lib.period import Month
from daftar.lib.tenancy import tenant_transaction
from daftar.orgs.models import Role
from daftar.orgs.services import change_rights
from daftar.people.queries import phones
from daftar.reports.group_income import income_by_group
from daftar.reports.group_money import money_of_group
from tests.cast import a_course, a_group, a_student, enrolled
from tests.probe import Probe, a_probe, client_of
from tests.test_sweep import said

TABS = {"money": "group-money", "comments": "group-comments", "changes": "group-changes"}


def home(ours: Probe, page: str = "") -> str:
    return f"/{ours.slug}/groups/{ours.ids['group_id']}/{page}"


def tabs_of(text: str) -> set[str]:
    header = re.search(r'<div class="card-header scroll-x d-print-none">(.*?)</div>', text, re.DOTALL)
    assert header
    return {each for each in TABS if f"/{each}/" in header[1]}


# --- money --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("role", "seen"),
    [
        ("owner", {"money", "comments", "changes"}), ("administrator", {"money", "comments", "changes"}),
        ("cashier", {"money", "comments"}), ("teacher", {"comments"}),
    ],
)  # fmt: skip
def test_a_tab_shows_to_those_who_may_and_its_address_refuses_all_others(ours, role, seen):
    client = client_of(ours, role)
    assert tabs_of(client.get(home(ours)).content.decode()) == seen
    for tab in TABS:
        assert client.get(home(ours, f"{tab}/")).status_code == (200 if tab in seen else 403), tab


def test_the_sum_of_what_was_paid_is_that_of_the_report_of_income_by_group(ours):
    by, month = ours.by, Month.of(ours.by.today)
    client = client_of(ours, "owner")
    with tenant_transaction(by.org_id):
        days = {"since": month.first, "until": month.last}
        report = income_by_group(by, currency="UZS", kinds=(PaymentKind.INCOME,), **days)
        line = {row.group_id: row.sum for row in report.rows}
    assert line, "the probe paid for some group"
    for group_id, paid in line.items():
        text = client.get(f"/{ours.slug}/groups/{group_id}/money/").content.decode()
        (cell,) = re.findall(r'data-testid="paid-sum">(.*?)</td>', text, re.DOTALL)
        rest = client.get(f"/{ours.slug}/reports/groups/?since={month.first}&until={month.last}&kinds=income")
        amount = re.sub(r"<[^>]+>", " ", re.sub(r'<span class="visually-hidden">.*?</span>', "", cell)).split()
        told = re.sub(r"<[^>]+>", " ", rest.content.decode()).split()
        assert " ".join(amount) in " ".join(told), paid
        csv = said(client.get(f"/{ours.slug}/groups/{group_id}/money/?format=csv"))
        assert f"{paid.amount / 100:g}" in csv.splitlines()[-1]


def test_each_sum_leads_to_the_list_it_comes_from_and_that_list_comes_to_the_same(ours):
    by, client = ours.by, client_of(ours, "owner")
    month = Month.of(by.today)
    with tenant_transaction(by.org_id):
        from daftar.courses.queries import get_group

        found = money_of_group(by, get_group(by, ours.ids["group_id"]), month)
    text = client.get(home(ours, "money/")).content.decode()
    links = set(re.findall(r'href="([^"]*/reports/\?[^"]*)"', text))
    assert len(links) == len(found.rows) + 1
    wanted = sorted(str(row.charged.amount) for row in [*found.rows, *found.totals])
    shown = []
    for link in links:
        page = client.get(link.replace("&amp;", "&")).content.decode()
        assert 'data-testid="whose"' in page
        (sums,) = re.findall(r'<p class="ms-auto mb-0">(.*?)</p>', page, re.DOTALL)
        digits = re.sub(r"\D", "", re.sub(r"<[^>]+>", "", sums).partition(":")[2].replace(".00", ""))
        shown.append(str(int(digits or "0") * 100))
    assert sorted(shown) == wanted
    assert text.count("/statement/?since=") >= len(found.rows)


def test_the_charges_of_a_neighbours_group_or_student_are_not_found(ours):
    other, client = a_probe("other"), client_of(ours, "owner")
    for name in ("group", "student"):
        assert client.get(f"/{ours.slug}/reports/?{name}={other.ids[f'{name}_id']}").status_code == 404


def test_a_month_without_anybody_says_so_and_a_wrong_month_is_the_current_one(ours):
    client = client_of(ours, "owner")
    empty = client.get(home(ours, "money/?month=2001-01")).content.decode()
    assert "Nobody was in the group in this month" in empty
    assert 'data-testid="group-money"' not in empty
    for wrong in ("2026-13", "x", "0000-00", "9999-99"):
        assert 'data-testid="group-money"' in client.get(home(ours, f"money/?month={wrong}")).content.decode()


def test_who_sees_no_payments_sees_the_tab_without_them(ours):
    by = ours.by
    with tenant_transaction(by.org_id):
        cashier = Role.objects.visible_to(by).get(code="cashier")
        taken = [code for code in cashier.rights if code.startswith("finance.")]
        change_rights(by, given={}, taken={cashier.pk: taken})
    text = client_of(ours, "cashier").get(home(ours, "money/")).content.decode()
    assert "Paid for the group" not in text
    assert "Charged" in text


# --- comments -----------------------------------------------------------------------------------------------------


def test_a_comment_is_written_read_changed_taken_away_and_brought_back(ours):
    client = client_of(ours, "teacher")
    answer = client.post(home(ours, "comments/new/"), {"text": "Bring <b>chalk</b>.\nTwice."}, follow=True)
    text = answer.content.decode()
    assert "Bring &lt;b&gt;chalk&lt;/b&gt;.\nTwice." in text
    with tenant_transaction(ours.by.org_id):
        row = GroupComment.objects.visible_to(ours.by).order_by("-id")[0]
    first, then = (f'"comment-{pk}"' for pk in (row.pk, ours.ids["comment_id"]))
    assert text.index(first) < text.index(then)
    assert f"/comments/{row.pk}/remove/" in text  # Undo beside what was said
    own = f"/{ours.slug}/comments/{row.pk}/"
    assert "Bring" in client.get(f"{own}edit/").content.decode()
    client.post(f"{own}edit/", {"text": "Bring a pen."})
    assert "Bring a pen." in client.get(home(ours, "comments/")).content.decode()
    gone = client.post(f"{own}remove/", {"sent": "on", "next": home(ours, "comments/")}, follow=True).content.decode()
    assert "Bring a pen." not in gone
    assert f"{own}restore/" in gone
    assert "Bring a pen." in client.post(f"{own}restore/", {"sent": "on"}, follow=True).content.decode()


@pytest.mark.parametrize(("text", "says"), [("", "remembered"), ("x" * (LONGEST_COMMENT + 1), "at most 2000")])
def test_what_is_refused_is_told_beside_the_field_and_stays_in_it(ours, text, says):
    client = client_of(ours, "owner")
    with tenant_transaction(ours.by.org_id):
        before = GroupComment.objects.visible_to(ours.by).count()
    for path in (home(ours, "comments/new/"), f"/{ours.slug}/comments/{ours.ids['comment_id']}/edit/"):
        answer = client.post(path, {"text": text})
        page = answer.content.decode()
        assert answer.status_code == 422
        beside = re.search(r'id="id_text_error">(.*?)</div>', page)
        assert beside
        assert says in beside[1]
        assert text in page
        assert "maxlength" not in page  # a browser would cut the end off without a word
    with tenant_transaction(ours.by.org_id):
        assert GroupComment.objects.visible_to(ours.by).count() == before


def test_another_ones_comment_is_not_shown_in_a_field_to_be_changed(ours):
    client = client_of(ours, "administrator")
    with tenant_transaction(ours.by.org_id):
        row = GroupComment.objects.visible_to(ours.by).get(pk=ours.ids["comment_id"])
    page = client.get(f"/{ours.slug}/comments/{row.pk}/edit/").content.decode()
    assert row.text not in page
    assert "Only who wrote a comment can change it." in page


def test_phones_in_comments_are_not_for_those_who_may_not_see_contacts(ours):
    by = ours.by
    with tenant_transaction(by.org_id):
        row = write_comment(by, group_id=ours.ids["group_id"], text="call 90 765 11 22 after six")
        GroupComment.objects.visible_to(by).filter(pk=row.pk).update(
            member_id=ours.ids["teacher_id"]
        )  # written while one still had the right
    teacher = client_of(ours, "teacher")
    for path in (
        home(ours, "comments/"),
        f"/{ours.slug}/comments/{row.pk}/edit/",
        f"/{ours.slug}/comments/{row.pk}/remove/",
    ):
        assert "765 11 22" not in teacher.get(path).content.decode(), path
    assert "765 11 22" in client_of(ours, "owner").get(home(ours, "comments/")).content.decode()


# --- changes ------------------------------------------------------------------------------------------------------


def test_changes_tell_in_words_who_did_what_by_kind_and_page_by_page(ours):
    client = client_of(ours, "owner")
    text = client.get(home(ours, "changes/")).content.decode()
    for words in ("commented on the group", "marked the lesson", "enrolled and activated", "added the group"):
        assert words in text + client.get(home(ours, "changes/?before=999999999")).content.decode(), words
    comments = client.get(home(ours, "changes/?kind=comments")).content.decode()
    assert "commented on the group" in comments
    assert "added the group" not in comments
    learning = client.get(home(ours, "changes/?kind=learning")).content.decode()
    assert "exams." not in re.sub(r"<[^>]+>", " ", learning)  # no verb without words
    with tenant_transaction(ours.by.org_id):
        for number in range(60):
            write_comment(ours.by, group_id=ours.ids["group_id"], text=f"number {number:02}")
    first = client.get(home(ours, "changes/?kind=comments")).content.decode()
    assert first.count("history-row") == 50
    (older,) = re.findall(r'href="\?([^"]*before=\d+[^"]*)"', first)
    second = client.get(home(ours, f"changes/?{older.replace('&amp;', '&')}")).content.decode()
    assert second.count("history-row") == 13  # ten more, and three of the probe
    assert "kind=comments" in older


def test_every_verb_in_the_changes_and_in_the_history_of_the_probe_has_words(ours):
    """Read to the end, page by page."""
    client, text = client_of(ours, "owner"), ""
    for start in (home(ours, "changes/"), f"/{ours.slug}/history/"):
        address, page = start, ""
        while address:
            page = client.get(address).content.decode()
            text += re.sub(r"<[^>]+>", " ", page)
            older = re.search(r'href="(\?[^"]*before=\d+[^"]*)"', page)
            address = start + older[1].replace("&amp;", "&") if older else ""
    assert re.findall(r"\b(?:courses|attendance|tuition|finance|orgs)\.[a-z_]+\b", text) == []


# --- results ------------------------------------------------------------------------------------------------------


def test_results_stand_in_a_table_and_in_a_file(ours):
    client = client_of(ours, "teacher")
    text = client.get(home(ours, "exams/results/")).content.decode()
    assert f'data-testid="results-{ours.ids["student"]}"' in text
    assert "Passed" in text
    assert "Absent" in text
    lines = said(client.get(home(ours, "exams/results/?format=csv"))).splitlines()
    assert len(lines) >= 5
    assert "Passed" in "".join(lines)
    assert "100 %" in lines[-1]
    assert home(ours, "exams/results/") in client.get(home(ours, "exams/")).content.decode()


# --- the list ------------------------------------------------------------------------------------------------------


def test_groups_are_listed_by_teacher_course_weekdays_and_days_also_in_a_kept_view_and_in_the_file(ours):
    by, client, there = ours.by, client_of(ours, "owner"), f"/{ours.slug}/groups/"
    with tenant_transaction(by.org_id):
        mine = Group.objects.visible_to(by).get(pk=ours.ids["group_id"])
        course = a_course(by, "Chess")
        other = a_group(by, course, "Sunday chess", starts_on="2040-01-01", last_on="2040-03-31")
        weekly = Recurrence.objects.visible_to(by).filter(group=other)
        weekly.exclude(pk=weekly.order_by("pk").first().pk).delete()
        weekly.update(weekday=7)
        Group.objects.visible_to(by).filter(pk=other.pk).update(teacher=None)
        Recurrence.objects.visible_to(by).filter(group=mine, weekday=7).delete()
        days = set(Recurrence.objects.visible_to(by).filter(group=mine).values_list("weekday", flat=True))

    def listed(query: str) -> set[str]:
        lines = client.get(f"{there}?{query}&file=1").content.decode("utf-8-sig").splitlines()[1:]
        shown = client.get(f"{there}?{query}").content.decode()
        names = {name for name in (mine.name, other.name) if any(name in line for line in lines)}
        assert names == {name for name in (mine.name, other.name) if f">{name}</a>" in shown}
        return names

    assert listed("") == {mine.name, other.name}
    assert listed(f"teacher_id={mine.teacher_id}") == {mine.name}
    assert listed(f"course_id={course.pk}") == {other.name}
    assert listed("weekdays=7") == {other.name}
    assert listed(f"weekdays=7&weekdays={min(days)}") == {mine.name, other.name}
    assert listed("since=2040-03-31&until=2040-04-30") == {other.name}
    assert other.name not in listed("since=2040-04-01")
    assert other.name not in listed("until=2039-12-31")
    assert "No groups like these" in client.get(f"{there}?course_id={course.pk}&until=2039-12-31").content.decode()

    kept = client.post(f"{there}views/keep/?weekdays=7&page=2", {"name": "Sundays"})
    assert kept["Location"] == f"{there}?weekdays=7"
    assert 'href="?weekdays=7"' in client.get(there).content.decode()
    assert "Sundays" not in client_of(ours, "teacher").get(there).content.decode()
    assert client.post(f"{there}views/drop/?name=Sundays", {"sent": "on"}).status_code == 302
    assert 'href="?weekdays=7"' not in client.get(there).content.decode()


def test_a_day_that_is_none_is_said_beside_the_filter_and_hides_no_group(ours):
    answer = client_of(ours, "owner").get(f"/{ours.slug}/groups/?since=yesterday&weekdays=9")
    assert answer.status_code == 422
    assert 'id="id_since_error"' in answer.content.decode()
    assert f"/groups/{ours.ids['group_id']}/" in answer.content.decode()


def test_whoever_was_in_the_group_earlier_stands_apart_from_those_who_are(ours):
    with tenant_transaction(ours.by.org_id):
        gone = a_student(ours.by, "Gone Long Ago")
        group = Group.objects.visible_to(ours.by).get(pk=ours.ids["group_id"])
        row = enrolled(ours.by, gone, group, str(group.starts_on))
        Enrolment.objects.visible_to(ours.by).filter(pk=row.pk).update(ends_on=row.starts_on + timedelta(days=1))
    page = client_of(ours, "owner").get(f"/lingua/groups/{ours.ids['group_id']}/?tab=students").content.decode()
    now, _summary, earlier = page.partition("here earlier")
    assert "Gone Long Ago" in earlier
    assert "Gone Long Ago" not in now
    assert f"/lingua/students/{ours.ids['student_id']}/" in now


# --- students as a file ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("role", "heads"),
    [
        ("owner", ["Student", "State", "In the group since", "Phone", "Balance", "Currency"]),
        ("administrator", ["Student", "State", "In the group since", "Phone", "Balance", "Currency"]),
        ("cashier", ["Student", "State", "In the group since", "Phone", "Balance", "Currency"]),
        ("teacher", ["Student", "State", "In the group since"]),
    ],
)  # fmt: skip
def test_the_students_of_a_group_are_a_file_of_what_the_reader_may_see(ours, role, heads):
    client = client_of(ours, role)
    page = client.get(home(ours, "?tab=students")).content.decode()
    address = re.search(r'href="([^"]+)" download data-testid="students-file"', page)
    assert address
    answer = client.get(address[1].replace("&amp;", "&"))
    assert answer["Content-Type"].startswith("text/csv")
    lines = [line.split(";") for line in said(answer).lstrip("\ufeff").splitlines()]
    assert lines[0] == heads
    with tenant_transaction(ours.by.org_id):
        rows = list(
            Enrolment.objects.visible_to(ours.by)
            .filter(group_id=ours.ids["group_id"], starts_on__lte=ours.by.today)
            .exclude(ends_on__lte=ours.by.today)
            .select_related("student")
        )
        names = {row.student.full_name: row.starts_on.isoformat() for row in rows}
        reach = phones(ours.by, [row.student_id for row in rows])
    assert {line[0]: line[2] for line in lines[1:]} == names
    assert all(line[1] in {"Trial", "Active", "Active, owes", "Active, at zero", "Frozen"} for line in lines[1:])
    assert any(reach.values())
    assert ("Phone" in heads) == any(phone in said(answer) for phone in reach.values() if phone)


def test_who_left_the_group_is_not_in_the_file_of_its_students(ours, owner):
    by = ours.by
    with tenant_transaction(by.org_id):
        gone = Enrolment.objects.visible_to(by).filter(group_id=ours.ids["group_id"], ends_on=None).first()
        Enrolment.objects.visible_to(by).filter(pk=gone.pk).update(
            starts_on=by.today - timedelta(days=9), activated_on=None, entered_on=None, ends_on=by.today
        )
        name = gone.student.full_name
    assert name in owner.get(home(ours, "?tab=students")).content.decode()
    assert name not in said(owner.get(home(ours, "?format=csv")))
