"""The lines of the bench: what is done, how often, and what it may cost."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.contrib.auth.hashers import check_password, make_password
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext

from daftar.bench import classes
from daftar.bench.clients import together
from daftar.bench.everyone import Run, charged, next_month
from daftar.bench.load import PASSWORD
from daftar.bench.measure import Browser, Figure, checked_at_once, cpu_of, measured, memory_of
from daftar.bench.timetable import adding_all, generating_all, planning
from daftar.courses.kinds import LessonStatus
from daftar.courses.models import Group, Lesson
from daftar.finance.models import Desk
from daftar.ledger import services as ledger
from daftar.ledger.models import Transfer, TransferKind
from daftar.lib.period import add_months
from daftar.lib.tenancy import tenant_transaction
from daftar.orgs.models import User
from daftar.people.models import Student
from daftar.people.services import add_student
from daftar.reports.debts import debt_totals
from daftar.tuition.jobs import AT_ONCE
from daftar.tuition.services import enrol_active, reconcile
from daftar.tuition.uncharged import uncharged

if TYPE_CHECKING:
    from collections.abc import Callable

    from daftar.bench.load import Centre

REPEATS = 3


@dataclass
class Bench:
    """A centre, the server in front of it, and how often things are done."""

    centre: Centre
    port: int
    web: int
    database: int
    times: int
    browser: Browser = field(init=False)

    def __post_init__(self) -> None:
        self.browser = Browser(self.port)
        self.browser.sign_in(self.centre.email, PASSWORD)

    @cached_property
    def whole_run(self) -> Run:
        """The next month's run over everybody: done once, however many lines tell of it."""
        return charged(self.centre.by.org_id, self.database)

    @cached_property
    def a_class(self) -> classes.Class:
        """Thirty students with a lesson on each day of a month; made once."""
        return classes.a_class(self)

    @cached_property
    def full_day(self) -> classes.Day:
        """A day of two hundred lessons; made once."""
        return classes.a_full_day(self)

    @property
    def root(self) -> str:
        """Where the centre's pages begin."""
        return f"/{self.centre.by.org_slug}/"

    def students(self, count: int, kind: str = "long") -> list[int]:
        """Ids of students of one kind of group, always the same."""
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT %s + number FROM plan_student WHERE kind = %s AND NOT is_trial"
                " ORDER BY number * 7919 %% 1009, 1 LIMIT %s",
                [self.centre.before["student"], kind, count],
            )
            return [row[0] for row in cursor.fetchall()]

    def pages(self, paths: list[str]) -> Figure:
        """What these pages cost, asked in turn until it was enough; each is asked once before, unmeasured."""
        for path in paths[:20]:
            self.open(path)
        turns = [[self._asking(paths[turn % len(paths)]) for turn in range(self.times)] for _ in range(REPEATS)]
        figure = measured(turns, self.web, self.database)
        figure.notes.append(self.statements(paths[0]))
        return figure

    def open(self, path: str) -> str:
        """The text of a page."""
        status, text = self.browser.get(path)
        if status != 200:
            raise RuntimeError(f"{path} was answered with {status}")
        return text

    def _asking(self, path: str) -> Callable[[], object]:
        return lambda: self.open(path)

    def client(self) -> Client:
        """The same person in this process, where statements can be counted."""
        client = Client(headers={"host": "localhost"})
        client.force_login(User.objects.get(email=self.centre.email), settings.AUTHENTICATION_BACKENDS[0])
        return client

    def statements(self, path: str) -> str:
        """How many statements the page asks and how many rows it shows."""
        client = self.client()
        client.get(path)
        with CaptureQueriesContext(connection) as asked:
            text = client.get(path).content.decode()
        lines = len(re.findall(r"<tr\b", text)) - len(re.findall(r"<thead", text))
        rows = max(lines, len(set(re.findall(r"/students/(\d+)/", text))))
        return f"{_counted(asked)} SQL, {rows} rows"


def _counted(asked: CaptureQueriesContext) -> int:
    return sum(not re.match("SAVEPOINT|RELEASE|BEGIN|COMMIT", query["sql"]) for query in asked)


@dataclass(frozen=True)
class Line:
    """One line: what is measured, at most how many milliseconds of CPU, and beside which calibrator."""

    name: str
    run: Callable[[Bench], Figure]
    target: float | None = None
    target_large: float | None = None
    calibrator: str = "fifty rows"
    most: float | None = None  # times the calibrator
    unit: str = "ms"


def students_list(bench: Bench) -> Figure:
    return bench.pages([f"{bench.root}students/"])


def search_name(bench: Bench) -> Figure:
    """What a full page fits in a centre of any size, and what fits nobody."""
    return bench.pages([f"{bench.root}students/?q={q}" for q in ("kar", "Malika", "sardor+a", "zzxxqq")])


def search_phone(bench: Bench) -> Figure:
    """Enough digits for one person: the last four find ten times as many in a centre ten times as large."""
    ids = bench.students(20)
    with tenant_transaction(bench.centre.by.org_id):
        rows = Student.objects.visible_to(bench.centre.by).filter(pk__in=ids).values_list("contacts__digits", flat=True)
        phones = sorted(rows)
    return bench.pages([f"{bench.root}students/?q={phone[-cut:]}" for phone in phones for cut in (7, 9)])


def card(bench: Bench) -> Figure:
    return bench.pages([f"{bench.root}students/{pk}/" for pk in bench.students(100)])


def money(bench: Bench) -> Figure:
    return bench.pages([f"{bench.root}students/{pk}/?tab=money" for pk in bench.students(100)])


def debtors(bench: Bench) -> Figure:
    figure = bench.pages([f"{bench.root}debtors/"])
    figure.notes.append(_exact_debt(bench.centre))
    return figure


def _exact_debt(centre: Centre) -> str:
    """The total the page shows beside the sum of all transfers of all who owe."""
    with tenant_transaction(centre.by.org_id), connection.cursor() as cursor:
        shown = debt_totals(centre.by)
        cursor.execute(
            "SELECT count(*), -sum(total) FROM (SELECT sum(CASE WHEN t.credit_id = a.id THEN amount ELSE -amount END)"
            " AS total FROM daftar_account a JOIN daftar_transfer t ON a.id IN (t.debit_id, t.credit_id)"
            " WHERE a.org_id = %s AND a.kind = 'student' GROUP BY a.id) sums WHERE total < 0",
            [centre.by.org_id],
        )
        count, total = cursor.fetchone()
    if (shown.count, [money.amount for money in shown.totals]) != (count, [int(total)]):
        raise RuntimeError(f"The debtors' total is {shown}, the transfers say {count} owe {total}")
    return f"{count:,} debtors, total exact"


def save_attendance(bench: Bench) -> Figure:
    """Twenty students marked and charged in one request; a lesson of theirs that nobody had marked."""
    lessons = _open_lessons(bench)
    per_batch = max(1, (len(lessons) - 2) // REPEATS)
    figure_notes = [_saving(bench, lessons.pop()), _saving_counted(bench, lessons.pop())]
    forms = [(f"{bench.root}lessons/{pk}/", _ticks(bench, pk)) for pk in lessons[: per_batch * REPEATS]]
    batches = [
        [_sending(bench, path, form) for path, form in forms[turn * per_batch : (turn + 1) * per_batch]]
        for turn in range(REPEATS)
    ]
    figure = measured(batches, bench.web, bench.database)
    figure.notes += figure_notes[1:]
    return figure


def _open_lessons(bench: Bench) -> list[int]:
    by = bench.centre.by
    with tenant_transaction(by.org_id):
        rows = Lesson.objects.visible_to(by).filter(
            status=LessonStatus.PLANNED, held_on__lt=by.today, pk__gt=bench.centre.before["lesson"]
        )
        return list(rows.order_by("held_on", "id").values_list("id", flat=True))


def _ticks(bench: Bench, lesson_id: int) -> list[tuple[str, str]]:
    """What the lesson's page sends when two of the twenty are missing."""
    text = bench.open(f"{bench.root}lessons/{lesson_id}/")
    shown = re.findall(r'name="shown" value="(\d+)"', text)
    form = [("topic", "Unit 1"), *(("shown", pk) for pk in shown), *(("present", pk) for pk in shown[2:])]
    if len(shown) != 20:
        raise RuntimeError(f"Lesson {lesson_id} has {len(shown)} students and not twenty")
    return form


def _sending(bench: Bench, path: str, form: list[tuple[str, str]]) -> Callable[[], object]:
    def send() -> None:
        status, text = bench.browser.post(path, form)
        if status != 302:
            raise RuntimeError(f"{path} was answered with {status}: {text[:300]}")

    return send


def _saving(bench: Bench, lesson_id: int) -> str:
    _sending(bench, f"{bench.root}lessons/{lesson_id}/", _ticks(bench, lesson_id))()
    return ""


def _saving_counted(bench: Bench, lesson_id: int) -> str:
    path, form = f"{bench.root}lessons/{lesson_id}/", _ticks(bench, lesson_id)
    body = {name: [value for key, value in form if key == name] for name, _value in form}
    client = bench.client()
    with CaptureQueriesContext(connection) as asked:
        client.post(path, body)
    return f"{_counted(asked)} SQL, 20 students, one transaction"


def month(bench: Bench) -> Figure:
    """The next month's charges of a sample, by the door the job uses; again it posts nothing; undone afterwards."""
    by = bench.centre.by
    later = next_month(by)
    ids = _sample(bench, 40 * bench.times)
    parts = [ids[start : start + AT_ONCE] for start in range(0, len(ids), AT_ONCE)]
    posted, again, cost = [], [], []
    with tenant_transaction(by.org_id), transaction.atomic():
        checked_at_once()
        for part in parts:
            before = cpu_of(bench.database) + time.process_time()
            posted.append(reconcile(later, student_ids=part, since=date.max))
            cost.append((cpu_of(bench.database) + time.process_time() - before) * 1000 / len(part))
        again = [reconcile(later, student_ids=part) for part in parts]
        transaction.set_rollback(True)
    if sum(again) or sum(posted) != len(ids):
        raise RuntimeError(f"{sum(posted)} charges for {len(ids)} students, and {sum(again)} more when done again")
    cost.sort()
    figure = Figure(cost[len(cost) // 2], cost, 0.0, 0.0, len(ids))
    figure.notes.append(f"{len(ids):,} students, each charged once")
    return figure


def everyone(bench: Bench) -> Figure:
    """The next month's run over the whole centre, those charged lesson by lesson looked at too."""
    run = bench.whole_run
    cost = (run.worker + run.database) * 1000 / run.charges
    shares = f"{run.worker * 1000 / run.charges:.3f} ms of it the worker's"
    return Figure(cost, [cost], 0.0, 0.0, run.students, [f"{run.students:,} students, {run.charges:,} charges", shares])


def memory_of_run(bench: Bench) -> Figure:
    """The most memory that the process of the same run had at any moment."""
    run = bench.whole_run
    return Figure(run.peak, [run.peak], 0.0, 0.0, 1, [f"RSS at its peak, {run.students:,} students"])


def year(bench: Bench) -> Figure:
    """Somebody put into a group a year back: membership, subscription and the charges of every month since; undone."""
    by, since = bench.centre.by, add_months(bench.centre.by.today.replace(day=1), -12)
    cost = []
    for number in range(REPEATS * 3):
        with tenant_transaction(by.org_id), transaction.atomic():
            group = Group.objects.visible_to(by).filter(starts_on__lte=since).exclude(course__plan="per_lesson")[0]
            pupil = add_student(by, full_name=f"Year {number}", branch_id=group.branch_id)
            checked_at_once()
            before = cpu_of(bench.database) + time.process_time()
            enrol_active(by, student_id=pupil.pk, group_id=group.pk, starts_on=since)
            cost.append((cpu_of(bench.database) + time.process_time() - before) * 1000)
            charged = Transfer.objects.visible_to(by).filter(debit__student=pupil).count()
            transaction.set_rollback(True)
    if charged != 13:
        raise RuntimeError(f"{charged} charges for a year")
    cost.sort()
    return Figure(cost[len(cost) // 2], cost, 0.0, 0.0, len(cost), [f"{charged} charges"])


def not_charged(bench: Bench) -> Figure:
    """The first page of whom this month did not charge, with the reasons, and the count of all."""
    by, repeats = bench.centre.by, []
    for _ in range(REPEATS):
        with tenant_transaction(by.org_id):
            before = cpu_of(bench.database) + time.process_time()
            rows, page = uncharged(by, by.today.replace(day=1))
            repeats.append((cpu_of(bench.database) + time.process_time() - before) * 1000)
    return Figure(sorted(repeats)[1], repeats, 0.0, 0.0, REPEATS, [f"{len(rows)} of {page.total:,} rows"])


def _sample(bench: Bench, count: int) -> list[int]:
    """Students of usual groups that are charged by the month: whole groups, spread over the whole centre."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT %s + number FROM plan_student WHERE plan = 'calendar_month' AND kind = 'usual' AND NOT is_trial"
            " ORDER BY group_number * 7919 %% 100003, number LIMIT %s",
            [bench.centre.before["student"], count],
        )
        return sorted(row[0] for row in cursor.fetchall())


def raw_month(bench: Bench) -> Figure:
    """Calibrator (d): as many rows into the same table by one statement, and one update of the balances; undone."""
    by, ids = bench.centre.by, _sample(bench, 40 * bench.times)
    values: dict[str, Any] = {
        "org": by.org_id, "ids": ids, "at": by.at, "on": add_months(by.today.replace(day=1), 1)
    }  # fmt: skip
    cost = []
    for _ in range(REPEATS):
        with tenant_transaction(by.org_id), transaction.atomic(), connection.cursor() as cursor:
            checked_at_once()
            before = cpu_of(bench.database)
            cursor.execute(RAW, values)
            cost.append((cpu_of(bench.database) - before) * 1000 / len(ids))
            transaction.set_rollback(True)
    return Figure(sorted(cost)[1], cost, 0.0, 0.0, len(ids), [f"{len(ids):,} rows"])


RAW = """
    WITH accounts AS (
        SELECT a.id, (SELECT id FROM daftar_account WHERE org_id = %(org)s AND kind = 'income') AS income, s.id AS sub
        FROM daftar_account a JOIN daftar_subscription s ON s.org_id = a.org_id AND s.student_id = a.student_id
        WHERE a.org_id = %(org)s AND a.student_id = ANY (%(ids)s)
    ), posted AS (
        INSERT INTO daftar_transfer (
            org_id, debit_id, credit_id, amount, kind, effective_on, posted_at, charge_key, turn, why, note
        )
        SELECT %(org)s, id, income, 60000000, 'charge', %(on)s, %(at)s, sub || ':raw', 0, (
            SELECT why FROM daftar_transfer WHERE org_id = %(org)s AND kind = 'charge' LIMIT 1), ''
        FROM accounts RETURNING debit_id, amount
    )
    UPDATE daftar_account a SET balance = balance - posted.amount,
        owes_since = CASE WHEN balance - posted.amount < 0 THEN coalesce(owes_since, %(on)s) END
    FROM posted WHERE a.id = posted.debit_id AND a.org_id = %(org)s
"""


def posting(bench: Bench) -> Figure:
    """One payment as the ledger posts it: a transfer and two kept balances, its own transaction, in this process."""
    by, ids = bench.centre.by, bench.students(100)
    with tenant_transaction(by.org_id):
        rows = list(Student.objects.visible_to(by).filter(pk__in=ids).select_related("branch"))
        desk = Desk.objects.visible_to(by).order_by("id")[0].account_id
        accounts = ledger.student_accounts(by.trusted(), students=rows)
    income = [account.pk for account in accounts.values()]

    def one(turn: int) -> Callable[[], object]:
        move = ledger.Move(desk, income[turn % len(income)], 100, TransferKind.OPENING, by.today)

        def send() -> None:
            with tenant_transaction(by.org_id):
                ledger.post(by.trusted(), moves=[move])

        return send

    batches = [[one(turn) for turn in range(2 * bench.times)] for _ in range(REPEATS)]
    costs = []
    for batch in batches:
        before = cpu_of(bench.database) + time.process_time()
        for operation in batch:
            operation()
        costs.append((cpu_of(bench.database) + time.process_time() - before) * 1000 / len(batch))
    with CaptureQueriesContext(connection) as asked:
        one(0)()
    return Figure(sorted(costs)[1], costs, 0.0, 0.0, 2 * bench.times * REPEATS, [f"{_counted(asked)} SQL, 1 transfer"])


def payment(bench: Bench) -> Figure:
    """The request that records a payment: form, receipt, transfer, history."""
    by, ids = bench.centre.by, bench.students(100)
    with tenant_transaction(by.org_id):
        branch_of = dict(Student.objects.visible_to(by).filter(pk__in=ids).values_list("id", "branch_id"))
        desks = dict(Desk.objects.visible_to(by).order_by("-id").values_list("branch_id", "id"))
    stamp = time.time_ns()

    def one(turn: int) -> Callable[[], object]:
        pk = ids[turn % len(ids)]
        form = [
            ("student", str(pk)), ("amount", "1000"), ("desk_id", str(desks[branch_of[pk]])),
            ("paid_on", str(by.today)), ("key", f"{stamp}-{turn}"),
        ]  # fmt: skip
        return _sending(bench, f"{bench.root}payments/new/", form)

    one(-1)()
    return measured(
        [[one(batch * bench.times + turn) for turn in range(bench.times)] for batch in range(REPEATS)],
        bench.web, bench.database,
    )  # fmt: skip


def login(bench: Bench) -> Figure:
    """Signing in and the first page, the hashing of the password apart."""
    email, kept = bench.centre.email, make_password(PASSWORD)
    began = time.process_time()
    for _ in range(5):
        check_password(PASSWORD, kept)
    hashing = (time.process_time() - began) * 1000 / 5

    def one() -> None:
        browser = Browser(bench.port)
        browser.sign_in(email, PASSWORD)
        if browser.get(bench.root)[0] != 200:
            raise RuntimeError("The first page did not open")

    count = min(8, bench.times)  # more than sixty a minute from one address would be refused
    figure = measured([[one] * count for _ in range(REPEATS)], bench.web, bench.database)
    figure.cpu -= hashing
    figure.repeats = [each - hashing for each in figure.repeats]
    figure.notes.append(f"and {hashing:.0f} ms of hashing")
    return figure


def rate(*paths: str) -> Callable[[Bench], Figure]:
    """Requests a second of eight clients over some pages."""

    def run(bench: Bench) -> Figure:
        ids = bench.students(100)
        asked = [bench.root + path.format(pk) for path in paths for pk in (ids if "{}" in path else ids[:1])]
        walls, seconds = together(bench.port, bench.browser.cookies, asked, seconds=min(8.0, bench.times / 8))
        walls.sort()
        figure = Figure(len(walls) / seconds, [], walls[len(walls) // 2], walls[int(len(walls) * 0.95)], len(walls))
        figure.notes.append(f"p50 {figure.p50:.0f} ms, p95 {figure.p95:.0f} ms (target 100)")
        return figure

    return run


def memory(bench: Bench) -> Figure:
    """Megabytes of the web tier after all of the above."""
    found = memory_of(bench.web)
    return Figure(found["pss"], [], 0.0, 0.0, 1, [f"RSS {found['rss']:.0f} MB, after the requests above"])


LINES = (
    Line("students list, first page", students_list, 12, most=4),
    Line("search by name", search_name, 12),
    Line("search by phone", search_phone, 12),
    Line("student card", card, 12),
    Line("money page, two years", money, 15),
    Line("save attendance of 20, charged", save_attendance, 25),
    Line("debtors, first page and exact total", debtors, 40, 60),
    Line("monthly charge, per student", month, calibrator="raw charges", most=5),
    Line("whole monthly run, per charge", everyone, calibrator="raw charges", most=5),
    Line("memory of the monthly run", memory_of_run, 600, calibrator="", unit="MB"),
    Line("a year of one student", year, 50),
    Line("not charged and why, first page", not_charged),
    Line("five years of lessons of a group", planning, 30, calibrator="raw charges"),
    Line("five years of lessons of 1,000 groups", generating_all, 30_000, calibrator=""),
    Line("adding 1,000 groups with five years of lessons", adding_all, calibrator=""),
    Line("journal of 30 x 31", classes.journal, 150),
    Line("one saved cell of it", classes.saved_cell, 60),
    Line("timetable of 200 lessons by rooms", classes.timetable("rooms"), 150),
    Line("timetable of 200 lessons by teachers", classes.timetable("teachers"), 150),
    Line("one posting", posting, 1.9, calibrator="one query"),
    Line("record a payment (request)", payment),
    Line("login and first page, hashing apart", login, 50),
    Line("students list, 8 clients", rate("students/"), 150, calibrator="", unit="/s"),
    Line("student card, 8 clients", rate("students/{}/"), 150, calibrator="", unit="/s"),
    Line("memory of the web tier", memory, 180, calibrator="", unit="MB"),
)
