"""A worker killed in the middle of a file: the next one goes on, and in the end it is as if nothing had happened."""

from __future__ import annotations

import os
import random
import signal
import time
from datetime import UTC, date, datetime

import pytest
from django.db import connection

from daftar.ledger.queries import drift
from daftar.lib.tenancy import tenant_transaction
from daftar.transfer import services
from daftar.transfer.groups import from_json
from daftar.transfer.rules import Field
from tests.cast import a_branch, a_centre
from tests.working import a_worker, give_back, work

pytestmark = [pytest.mark.crash, pytest.mark.django_db(transaction=True)]
# Every time, and before a release as many as a large centre brings.
ROWS, KILLS = 3_000 if int(os.environ.get("DAFTAR_CRASH_KILLS", "10")) <= 10 else 10_000, 10
OPENS = date(2026, 9, 30)
TABLES = """
    SELECT 'student', s.full_name, s.born_on::text, s.import_key, s.note, s.extra::text, coalesce(p.name, '')
        FROM daftar_student s LEFT JOIN daftar_payer p ON p.id = s.payer_id WHERE s.org_id = %(org)s
    UNION ALL SELECT 'contact', s.full_name, c.kind, c.raw, c.value, '', ''
        FROM daftar_contact c JOIN daftar_student s ON s.id = c.student_id WHERE c.org_id = %(org)s
    UNION ALL SELECT 'enrolment', s.full_name, g.name, e.starts_on::text, coalesce(e.activated_on::text, ''), '', ''
        FROM daftar_enrolment e JOIN daftar_student s ON s.id = e.student_id JOIN daftar_group g ON g.id = e.group_id
        WHERE e.org_id = %(org)s
    UNION ALL SELECT 'price', s.full_name, b.plan, b.starts_on::text, t.from_on::text, t.amount::text, ''
        FROM daftar_subscription b JOIN daftar_student s ON s.id = b.student_id
        JOIN daftar_pricestep t ON t.subscription_id = b.id WHERE b.org_id = %(org)s
    UNION ALL SELECT 'transfer', coalesce(s.full_name, ''), t.kind, t.effective_on::text, t.amount::text, '', ''
        FROM daftar_transfer t JOIN daftar_account a ON a.id IN (t.debit_id, t.credit_id)
        LEFT JOIN daftar_student s ON s.id = a.student_id WHERE t.org_id = %(org)s
    UNION ALL SELECT 'balance', s.full_name, a.balance::text, '', '', '', ''
        FROM daftar_account a JOIN daftar_student s ON s.id = a.student_id WHERE a.org_id = %(org)s
    UNION ALL SELECT 'row', r.number::text, r.verdict, r.problems::text, r.is_done::text, coalesce(s.full_name, ''), ''
        FROM daftar_importrow r LEFT JOIN daftar_student s ON s.id = r.student_id WHERE r.org_id = %(org)s
"""


@pytest.fixture(autouse=True)
def empty_queue(transactional_db):
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM procrastinate_jobs")


def a_file() -> bytes:
    """People in fifty groups, every fiftieth twice, every seventieth with a mistake, with payers, debts and prices."""
    lines = ["ФИО;Дата рождения;Телефон;Группа;Курс;Цена в месяц;Остаток;Плательщик"]
    for number in range(ROWS):
        who = number - 1 if number % 50 == 49 else number
        born = "31.02.2014" if number % 70 == 69 else f"{who % 28 + 1:02}.{who % 12 + 1:02}.20{who % 15:02}"
        price = 3000 + who % 3 * 500
        lines.append(
            f"Ученик {who:05};{born};8912{who:07};Г-{who % 50};Курс {who % 5};{price};{who % 9 * 100 - 400};"
            f"Родитель {who // 2}"
        )
    return "\n".join(lines).encode("cp1251")


def started(slug: str, content: bytes):
    """A centre whose import waits for a worker, with the seconds its check took."""
    by = a_centre(slug, currency="RUB", timezone="Europe/Moscow", at=datetime(2026, 11, 25, 9, tzinfo=UTC))
    with tenant_transaction(by.org_id):
        began = time.monotonic()
        row = services.begin_import(by, branch_id=a_branch(by).pk, file_name="all.csv", content=content, opens_on=OPENS)
        read = time.monotonic()
        row = services.choose_columns(by, import_id=row.pk, fields=[Field(name) for name in row.fields])
        services.choose_groups(by, import_id=row.pk, choices=from_json(row.groups))
        checked = time.monotonic()
        services.start_import(by, import_id=row.pk)
    return by, row.pk, (read - began, checked - read)


def taken(by, import_id: int) -> tuple[int, str]:
    with tenant_transaction(by.org_id), connection.cursor() as cursor:
        cursor.execute(
            "SELECT (SELECT count(*) FROM daftar_importrow WHERE file_id = %s AND student_id IS NOT NULL), state "
            "FROM daftar_import WHERE id = %s",
            [import_id, import_id],
        )
        return cursor.fetchone()


def state_of(by) -> str:
    """A hash over everything the file brought, without ids and clocks."""
    with tenant_transaction(by.org_id), connection.cursor() as cursor:
        cursor.execute(
            f"SELECT md5(string_agg(line::text, E'\\n' ORDER BY line::text COLLATE \"C\")) FROM ({TABLES}) line",
            {"org": by.org_id},
        )
        return cursor.fetchone()[0]


def test_a_file_whose_worker_is_killed_ten_times_is_as_one_taken_at_once(capsys):
    content, seed = a_file(), random.randrange(10**9)
    dice = random.Random(seed)
    calm, calm_id, (read, checked) = started("calm", content)
    began = time.monotonic()
    work()
    at_once = time.monotonic() - began
    assert taken(calm, calm_id)[1] == "done"
    hit, hit_id, _seconds = started("hit", content)
    everyone, points = taken(calm, calm_id)[0], []
    for kill in range(KILLS):
        worker = a_worker()
        while taken(hit, hit_id)[0] < everyone * kill // KILLS:
            assert worker.poll() is None
            time.sleep(0.01)
        time.sleep(dice.uniform(0, 0.4) if kill else 2.0)
        points.append(taken(hit, hit_id)[0])
        worker.send_signal(signal.SIGKILL)
        worker.wait()
        give_back()
    assert taken(hit, hit_id)[1] == "running", "the last kill came before the end"

    work()

    with capsys.disabled():
        print(
            f"\nimport: {ROWS} rows, read {read:.1f} s, checked {checked:.1f} s, {everyone} taken in {at_once:.1f} s, "
            f"seed {seed}, killed at {points}"
        )
    assert taken(hit, hit_id) == (everyone, "done")
    assert state_of(hit) == state_of(calm)
    for by in (calm, hit):
        with tenant_transaction(by.org_id):
            assert drift(by) == []


def test_the_state_would_notice_one_person_less():
    content = "ФИО;Остаток\nИванов;5\nПетров;7\n".encode()
    ours, other = started("ours", content)[0], started("other", content.replace(b"7", b"8"))[0]
    work()
    assert state_of(ours) != state_of(other)
