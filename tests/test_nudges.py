"""The letter about lessons that nobody marked: by a real worker over a real mail server, and once whatever happens."""

from __future__ import annotations

import os
import re
import signal
import time
from datetime import UTC, datetime, timedelta
from functools import partial
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.test import Client

from daftar.attendance.jobs import begin_nudges, nudge_teachers
from daftar.attendance.models import Nudge
from daftar.attendance.nudges import note_nudge_mailed, nudge_teacher
from daftar.attendance.services import conduct_lesson
from daftar.courses.alone import plan_single_lesson
from daftar.courses.kinds import LessonKind
from daftar.courses.models import Lesson
from daftar.courses.moves import Staffing
from daftar.courses.places import change_hours
from daftar.courses.schedules import Schedule
from daftar.courses.services import add_group, enrol_student
from daftar.lib.tenancy import tenant_transaction
from daftar.office.letters import mail_nudge
from daftar.orgs.models import AuditEntry, Branch, User
from daftar.orgs.services import remember_language
from tests.cast import PASSWORD, a_branch, a_centre, a_course, a_member, a_student
from tests.letters import link_in, text_of
from tests.races.together import kinds, together
from tests.working import a_worker, give_back, work

SITE = "http://testserver"
PATIENCE = 30
DAY = timedelta(days=1)


@pytest.fixture
def by(swept):
    """A centre whose clock shows the late afternoon now, whatever the hour is, and whose letters leave since 15:00."""
    now = datetime.now(UTC)
    by = a_centre(at=now, timezone=zone_where_it_is(16, now))
    with tenant_transaction(by.org_id):
        wanted(by, 15)
    return by


def zone_where_it_is(hour: int, now: datetime) -> str:
    """A zone whose clock shows about this hour now; `Etc/GMT-5` is five hours ahead."""
    ahead = (hour - now.hour + 12) % 24 - 12
    return f"Etc/GMT{-ahead:+d}" if ahead else "Etc/GMT"


def wanted(by, hour: int | None) -> Branch:
    return change_hours(
        by, branch_id=a_branch(by).pk, opens_at=None, closes_at=None, blocks_rooms=False, blocks_teachers=False,
        nudge_hour=hour, nudge_site=SITE,
    )  # fmt: skip


def a_lesson(by, teacher_id: int, name: str = "Lola", hours_ago: int = 2) -> Lesson:
    """Of one student, begun so long ago on the day that it is in the branch."""
    with tenant_transaction(by.org_id):
        here = by.at.astimezone(zone_of(by)) - timedelta(hours=hours_ago)
        return plan_single_lesson(
            by, kind=LessonKind.INDIVIDUAL, student_id=a_student(by, name).pk, course_id=a_course(by, name).pk,
            branch_id=a_branch(by).pk, held_on=here.date(), starts_time=here.time().replace(second=0, microsecond=0),
            staffing=Staffing(None, teacher_id),
        )  # fmt: skip


def zone_of(by):
    return ZoneInfo(a_branch(by).timezone)


def jasur_of(by):
    with tenant_transaction(by.org_id):
        return a_member(by, "Jasur", "teacher")


def nudges(by) -> list[Nudge]:
    with tenant_transaction(by.org_id):
        return list(Nudge.objects.visible_to(by).order_by("id"))


def jobs(name: str) -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT status::text FROM procrastinate_jobs WHERE task_name = %s ORDER BY id", [name])
        return [status for (status,) in cursor.fetchall()]


def signed_in(email: str, path: str = "/login/") -> Client:
    client = Client()
    assert client.post(path, {"login": email, "password": PASSWORD}).status_code == 302
    return client


# --- the letter -------------------------------------------------------------------------------------------------


def test_each_teacher_gets_one_letter_whose_links_lead_to_the_lessons(by, post_office):
    jasur, kamola = jasur_of(by), None
    with tenant_transaction(by.org_id):
        kamola = a_member(by, "Kamola", "teacher")
    first, second = a_lesson(by, jasur.member_id, "Aziz", 4), a_lesson(by, jasur.member_id, "Bek", 2)
    a_lesson(by, kamola.member_id, "Lola")
    begin_nudges(timestamp=0)
    work()
    letters = {letter["To"]: letter for letter in post_office.letters}
    assert sorted(letters) == ["jasur@lingua.example", "kamola@lingua.example"]
    assert len(post_office.letters) == 2
    letter = letters["jasur@lingua.example"]
    assert letter["Subject"].startswith("2 lessons of ")
    text = text_of(letter)
    assert [text.count(f"{SITE}/lingua/lessons/{row.pk}/") for row in (first, second)] == [1, 1]
    assert text.index("Aziz") < text.index("Bek")
    assert "Lola" not in text
    assert link_in(letters["kamola@lingua.example"]).startswith("/lingua/lessons/")
    client = signed_in("jasur@lingua.example")
    assert client.get(link_in(letter)).status_code == 200
    assert {row.mailed_at is None for row in nudges(by)} == {False}


def test_it_speaks_the_language_its_reader_chose_and_otherwise_that_of_the_branch(by, post_office):
    jasur = jasur_of(by)
    a_lesson(by, jasur.member_id)
    client = signed_in("jasur@lingua.example")
    client.post("/i18n/set/", {"language": "pl", "next": "/lingua/"})
    nudge_teachers(org_id=by.org_id)
    work()
    (letter,) = post_office.letters
    assert 'lang="pl"' in letter.get_body(("html",)).get_content()


def test_the_language_chosen_before_signing_in_is_remembered_and_no_nonsense_is(by):
    jasur_of(by)
    client = Client()
    client.post("/i18n/set/", {"language": "uz"})
    client.post("/login/", {"login": "jasur@lingua.example", "password": PASSWORD})
    assert User.objects.get(email="jasur@lingua.example").language == "uz"
    client.post("/i18n/set/", {"language": "xx"})
    assert User.objects.get(email="jasur@lingua.example").language == "uz"
    remember_language(User.objects.get(email="jasur@lingua.example").pk, "it")
    signed_in("jasur@lingua.example")
    assert User.objects.get(email="jasur@lingua.example").language == "it"


def test_nobody_is_written_to_where_all_was_marked_meanwhile(by, post_office):
    jasur = jasur_of(by)
    row = a_lesson(by, jasur.member_id)
    nudge_teachers(org_id=by.org_id)
    assert jobs("office.mail_nudge") == ["todo"]
    with tenant_transaction(by.org_id):
        conduct_lesson(by, lesson_id=row.pk, absent={})
    work()
    assert post_office.letters == []
    assert set(jobs("office.mail_nudge")) == {"succeeded"}


def test_without_a_mail_server_nothing_is_wanted_and_what_waited_is_dropped(by, settings):
    jasur = jasur_of(by)
    a_lesson(by, jasur.member_id)
    settings.EMAIL_HOST = ""
    nudge_teachers(org_id=by.org_id)
    assert nudges(by) == []
    assert jobs("office.mail_nudge") == []
    settings.EMAIL_HOST = "127.0.0.1"
    nudge_teachers(org_id=by.org_id)
    settings.EMAIL_HOST = ""
    mail_nudge(org_id=by.org_id, nudge_id=nudges(by)[0].pk, site=SITE)
    assert nudges(by)[0].mailed_at is None


def test_a_branch_that_wants_no_letters_sends_none(by, post_office):
    jasur = jasur_of(by)
    a_lesson(by, jasur.member_id)
    with tenant_transaction(by.org_id):
        wanted(by, None)
    nudge_teachers(org_id=by.org_id)
    work()
    assert (post_office.letters, nudges(by)) == ([], [])


def test_the_history_is_not_filled_with_letters(by, post_office):
    jasur = jasur_of(by)
    a_lesson(by, jasur.member_id)
    before = told(by)
    nudge_teachers(org_id=by.org_id)
    work()
    assert told(by) == before
    assert len(post_office.letters) == 1


def told(by) -> list[str]:
    """The verbs of the history; a worker begun soon after the hour also does that hour's work, which is not ours."""
    with tenant_transaction(by.org_id):
        entries = AuditEntry.objects.visible_to(by).exclude(verb="tuition.keep_forecast").order_by("id")
        return list(entries.values_list("verb", flat=True))


# --- once -------------------------------------------------------------------------------------------------------


def test_eight_runs_at_the_same_instant_want_one_letter_for_each_teacher(by, post_office):
    jasur = jasur_of(by)
    a_lesson(by, jasur.member_id)
    answers = together([partial(nudge_teachers, org_id=by.org_id)] * 8)
    assert kinds(answers) == {"done": 8}
    assert jobs("office.mail_nudge") == ["todo"]
    work()
    nudge_teachers(org_id=by.org_id)
    work()
    assert len(post_office.letters) == len(nudges(by)) == 1


def test_without_the_unique_rule_eight_runs_would_want_many_letters(by, settings):
    """The twin: what the test above would say if nothing held them apart."""
    settings.EMAIL_HOST = "127.0.0.1"
    a_lesson(by, jasur_of(by).member_id)
    with connection.cursor() as cursor:
        cursor.execute("SET ROLE NONE")
        cursor.execute("ALTER TABLE daftar_nudge DROP CONSTRAINT nudged_once_a_day")
        cursor.execute("SET ROLE daftar_app")
    try:
        assert any(letters_of_eight(by) > 1 for _turn in range(20)), "now and then one is done before the next looks"
    finally:
        with connection.cursor() as cursor:
            cursor.execute("SET ROLE NONE")
            cursor.execute("TRUNCATE daftar_nudge")
            cursor.execute('ALTER TABLE daftar_nudge ADD CONSTRAINT nudged_once_a_day UNIQUE (org_id, member_id, "on")')
            cursor.execute("SET ROLE daftar_app")


def letters_of_eight(by) -> int:
    """How many letters eight runs at the same instant want, where none was wanted before."""
    with connection.cursor() as cursor:
        cursor.execute("SET ROLE NONE")
        cursor.execute("TRUNCATE daftar_nudge")
        cursor.execute("SET ROLE daftar_app")
    before = len(jobs("office.mail_nudge"))
    together([partial(nudge_teachers, org_id=by.org_id)] * 8)
    return len(jobs("office.mail_nudge")) - before


def test_eight_who_send_the_same_letter_at_once_send_one(by, post_office):
    a_lesson(by, jasur_of(by).member_id)
    nudge_teachers(org_id=by.org_id)
    send = partial(mail_nudge, org_id=by.org_id, nudge_id=nudges(by)[0].pk, site=SITE)
    assert kinds(together([send] * 8)) == {"done": 8}
    assert len(post_office.letters) == 1


def test_the_row_and_the_letter_in_the_queue_stand_or_fall_together(by):
    jasur = jasur_of(by)
    with pytest.raises(RuntimeError), tenant_transaction(by.org_id):
        nudge_teacher(by, member_id=jasur.member_id, on=by.today, site=SITE)
        assert jobs("office.mail_nudge") == ["todo"], "in the same transaction"
        raise RuntimeError
    assert (nudges(by), jobs("office.mail_nudge")) == ([], [])


def test_two_processes_and_the_same_letter_twice_in_the_queue_send_one(by, post_office):
    jasur = jasur_of(by)
    a_lesson(by, jasur.member_id)
    nudge_teachers(org_id=by.org_id)
    mail_nudge.defer(org_id=by.org_id, nudge_id=nudges(by)[0].pk, site=SITE)
    workers = [a_worker("--one-shot") for _ in range(2)]
    assert [each.wait(120) for each in workers] == [0, 0]
    assert set(jobs("office.mail_nudge")) == {"succeeded"}
    assert len(jobs("office.mail_nudge")) == 2
    assert len(post_office.letters) == 1


@pytest.mark.parametrize("table", ["daftar_lesson", "daftar_nudge"])
def test_a_worker_killed_on_the_way_has_left_either_all_or_nothing(by, post_office, table):
    """Killed while it looks for whom to write to (nothing was wanted yet), or while it writes the letter."""
    jasur = jasur_of(by)
    a_lesson(by, jasur.member_id)
    if table == "daftar_nudge":
        nudge_teachers(org_id=by.org_id)
    else:
        nudge_teachers.defer(org_id=by.org_id)
    with connection.cursor() as cursor:
        cursor.execute("SET ROLE NONE")
        cursor.execute("BEGIN")
        cursor.execute(f"LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE")
        worker = a_worker("--one-shot")
        until(lambda: somebody_waits(cursor))
        os.kill(worker.pid, signal.SIGKILL)
        worker.wait()
        cursor.execute("ROLLBACK")
        cursor.execute("SET ROLE daftar_app")
    assert post_office.letters == []
    until(lambda: not in_the_database())
    give_back()
    work()
    work()
    assert len(post_office.letters) == len(nudges(by)) == 1


def somebody_waits(cursor) -> bool:
    cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted")
    return bool(cursor.fetchone()[0])


def in_the_database() -> bool:
    """Whether the killed worker's connections are still being ended by the server."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() "
            "AND state <> 'idle'"
        )
        return bool(cursor.fetchone()[0])


def until(holds) -> None:
    end = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < end, "it waits for ever"
        time.sleep(0.05)


def test_a_letter_that_could_not_leave_is_sent_later_and_carries_the_same_number(by, post_office):
    jasur = jasur_of(by)
    a_lesson(by, jasur.member_id)
    post_office.fails = 1
    nudge_teachers(org_id=by.org_id)
    work()
    assert post_office.letters == []
    with connection.cursor() as cursor:
        cursor.execute("UPDATE procrastinate_jobs SET scheduled_at = now() WHERE status = 'todo'")
    work()
    (letter,) = post_office.letters
    (nudge,) = nudges(by)
    assert letter["Message-ID"] == f"<nudge.{by.org_id}.{nudge.pk}@testserver>"
    # Killed after the letter had left and before that was noted, it would leave again under the number it had.
    with tenant_transaction(by.org_id):
        note_nudge_mailed(by, nudge_id=nudge.pk)
        Nudge.objects.visible_to(by).update(mailed_at=None)
    mail_nudge(org_id=by.org_id, nudge_id=nudge.pk, site=SITE)
    assert len({each["Message-ID"] for each in post_office.letters}) == 1


# --- the pages --------------------------------------------------------------------------------------------------


def count_on(client: Client, path: str) -> tuple[str, str] | None:
    """The count beside Today and where it leads."""
    found = re.search(
        r'href="([^"]+)" aria-label="([^"]+)"[^>]*data-testid="to-mark"', client.get(path).content.decode()
    )
    return (found[2], found[1].replace("&amp;", "&")) if found else None


def test_every_page_tells_a_teacher_how_many_of_hers_lie_unmarked_and_leads_to_just_these(by):
    jasur = jasur_of(by)
    mine = [a_lesson(by, jasur.member_id, "Aziz", 4), a_lesson(by, jasur.member_id, "Bek", 2)]
    with tenant_transaction(by.org_id):
        kamola = a_member(by, "Kamola", "teacher")
    a_lesson(by, kamola.member_id, "Lola")
    client = signed_in("jasur@lingua.example")
    for path in ("/lingua/", "/lingua/groups/", f"/lingua/lessons/{mine[0].pk}/"):
        text, url = count_on(client, path)
        assert text == "2 lessons are not marked"
        assert listed(client, url) == {row.pk for row in mine}
    owner = signed_in("aziza@lingua.example")
    text, url = count_on(owner, "/lingua/students/")
    assert text == "3 lessons are not marked"
    assert len(listed(owner, url)) == 3
    client.post(f"/lingua/lessons/{mine[0].pk}/", {"topic": "", "present": []})
    assert count_on(client, "/lingua/")[0] == "1 lesson is not marked"


def test_what_a_substitute_gives_is_the_substitutes_on_the_page_and_in_the_list(by):
    jasur = jasur_of(by)
    with tenant_transaction(by.org_id):
        kamola = a_member(by, "Kamola", "teacher")
        here = by.at.astimezone(zone_of(by))
        group = add_group(
            by, branch_id=a_branch(by).pk, name="G", course_id=a_course(by).pk, starts_on=here.date() - DAY,
            last_on=here.date() + DAY, schedule=Schedule((1, 2, 3, 4, 5, 6, 7), here.time().replace(hour=12)),
            teacher_id=jasur.member_id,
        )  # fmt: skip
        enrol_student(by, student_id=a_student(by).pk, group_id=group.pk, starts_on=here.date() - DAY)
        yesterday, today = Lesson.objects.visible_to(by).filter(held_on__lte=here.date()).order_by("held_on")
        Lesson.objects.visible_to(by).filter(pk=yesterday.pk).update(teacher=kamola.member_id)
    for who, row in (("jasur", today), ("kamola", yesterday)):
        client = signed_in(f"{who}@lingua.example")
        text, url = count_on(client, "/lingua/")
        assert text == "1 lesson is not marked"
        assert listed(client, url) == {row.pk}


def listed(client: Client, url: str) -> set[int]:
    """The lessons that the list shows."""
    return {
        int(pk) for pk in re.findall(r'row-link tap" href="/lingua/lessons/(\d+)/', client.get(url).content.decode())
    }


def test_who_may_not_mark_is_told_of_none(by):
    a_lesson(by, jasur_of(by).member_id)
    with tenant_transaction(by.org_id):
        a_member(by, "Karim", "cashier")
    assert count_on(signed_in("karim@lingua.example"), "/lingua/") is None


def test_the_page_of_hours_switches_the_letter_on_and_off(by):
    owner = signed_in("aziza@lingua.example")
    with tenant_transaction(by.org_id):
        branch_id = a_branch(by).pk
    body = {"blocks_rooms": "no", "blocks_teachers": "no", "blocks_capacity": "yes", "unmarked_become": ""}
    body |= {"marks_begin": "present"}
    for sent, kept in (("21", 21), ("0", 0), ("", None)):
        answer = owner.post(f"/lingua/settings/hours/{branch_id}/", body | {"nudge_hour": sent})
        assert answer.status_code == 302
        with tenant_transaction(by.org_id):
            row = a_branch(by)
        assert (row.nudge_hour, row.nudge_site) == (kept, "http://testserver")
    assert owner.post(f"/lingua/settings/hours/{branch_id}/", body | {"nudge_hour": "24"}).status_code == 422
