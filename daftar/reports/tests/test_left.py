"""Who left an active group and who left after trial (E28, E29), and what is no leaving: by the verbs, and as a law."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from random import Random
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from daftar.courses.leaving_reasons import archive_leaving_reason, leaving_reasons
from daftar.courses.models import Enrolment, Group
from daftar.courses.rules import EVEN, ODD, End, Left, kind_of_leaving
from daftar.courses.services import enrol_student, undo_enrolment
from daftar.ledger.queries import balances
from daftar.lib.errors import NotFound
from daftar.lib.tenancy import tenant_transaction
from daftar.orgs.models import Member
from daftar.reports.left import NO_REASON, WantedLeft, leavings, left_counts, left_page, left_this_month
from daftar.tuition import several
from daftar.tuition.leaving import leave_group, return_to_trial, transfer, undo_leaving
from daftar.tuition.services import activate, enrol_active
from tests.cast import a_centre, a_group, a_member, a_student, acting, at, enrolled, owner_of

pytestmark = pytest.mark.django_db

MAY = {"since": date(2025, 5, 1), "until": date(2025, 5, 31)}
NOBODY = {Left.ACTIVE: 0, Left.TRIAL: 0}
ONE_ACTIVE = {Left.ACTIVE: 1, Left.TRIAL: 0}
ONE_TRIAL = {Left.ACTIVE: 0, Left.TRIAL: 1}


@pytest.fixture
def by():
    system = a_centre()
    with tenant_transaction(system.org_id):
        yield at(owner_of(system), "2025-05-25")


@pytest.fixture
def group(by):
    return a_group(by, weekdays=EVEN)


def kinds(by, **asked: Any) -> dict[Left, int]:
    return left_counts(by, WantedLeft(**{**MAY, **asked})).kinds


def active(by, group, name="Farhod Karimov", on="2025-05-01") -> Enrolment:
    """Charged from a day on."""
    early = at(by, on)
    row: Enrolment = enrol_active(
        early, student_id=a_student(early, name).pk, group_id=group.pk, starts_on=date.fromisoformat(on)
    )
    return row


def on_trial(by, group, name="Nodira Aliyeva", on="2025-05-05") -> Enrolment:
    return enrolled(by, a_student(by, name), group, on)


# --- E28 and E29 ------------------------------------------------------------------------------------------------


def test_e28_who_leaves_while_charged_is_credited_and_has_left_an_active_group(by, group):
    row = active(by, group)
    assert balances(by, [row.student_id]) == {row.student_id: -30_000_000}
    leave_group(by, enrolment_id=row.pk, last_on=date(2025, 5, 20))
    assert balances(by, [row.student_id]) == {row.student_id: -30_000_000 + 10_714_300}
    assert kinds(by) == ONE_ACTIVE


def test_e29_who_leaves_without_having_been_activated_has_left_after_trial(by, group):
    row = on_trial(by, group)
    leave_group(by, enrolment_id=row.pk, last_on=date(2025, 5, 12))
    assert balances(by, [row.student_id]) == {row.student_id: 0}
    assert kinds(by) == ONE_TRIAL


def test_who_was_to_become_active_after_the_last_day_has_left_after_trial(by, group):
    row = on_trial(by, group)
    activate(by, enrolment_id=row.pk, activated_on=date(2025, 5, 21))
    leave_group(by, enrolment_id=row.pk, last_on=date(2025, 5, 20))
    assert kinds(by) == ONE_TRIAL
    undo_leaving(by, enrolment_id=row.pk)
    leave_group(by, enrolment_id=row.pk, last_on=date(2025, 5, 21))
    assert kinds(by) == ONE_ACTIVE


# --- what is no leaving -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("join", [active, on_trial])
def test_who_moves_to_another_group_has_not_left(by, group, join):
    row, other = join(by, group), a_group(by, group.course, "IELTS-4", weekdays=ODD)
    days = {"last_on": date(2025, 5, 12), "starts_on": date(2025, 5, 19)}
    moved = transfer(by, enrolment_id=row.pk, group_id=other.pk, **days)
    assert kinds(by) == NOBODY
    leave_group(by, enrolment_id=moved.pk, last_on=date(2025, 5, 24))
    assert kinds(by) == (ONE_ACTIVE if join is active else ONE_TRIAL)
    assert kinds(by, group_id=other.pk) == kinds(by)


def test_who_moved_and_was_then_taken_out_of_the_other_group_has_left_the_first(by, group):
    row, other = on_trial(by, group), a_group(by, group.course, "IELTS-4", weekdays=ODD)
    moved = transfer(by, enrolment_id=row.pk, group_id=other.pk, last_on=date(2025, 5, 12), starts_on=date(2025, 5, 13))
    undo_enrolment(by, enrolment_id=moved.pk)
    assert kinds(by) == ONE_TRIAL


def test_who_leaves_one_of_two_groups_has_left_it(by, group):
    row, other = active(by, group), a_group(by, group.course, "Chess", weekdays=ODD)
    enrol_student(by, student_id=row.student_id, group_id=other.pk, starts_on=date(2025, 5, 21))
    leave_group(by, enrolment_id=row.pk, last_on=date(2025, 5, 20))
    assert kinds(by) == ONE_ACTIVE


def test_who_is_on_trial_again_has_not_left_and_then_leaves_after_trial(by, group):
    row = active(by, group)
    again = return_to_trial(by, enrolment_id=row.pk, from_on=date(2025, 5, 13))
    assert kinds(by) == NOBODY
    leave_group(by, enrolment_id=again.pk, last_on=date(2025, 5, 20))
    assert kinds(by) == ONE_TRIAL
    assert left_page(by, WantedLeft(**MAY))[0][0].days == 20  # from the first day on, not from the return


def test_who_came_for_a_day_or_to_a_day_agreed_has_not_left(by, group):
    student, day = a_student(by), date(2025, 5, 6)
    enrol_student(by, student_id=student.pk, group_id=group.pk, starts_on=day, last_on=day)
    enrol_active(by, student_id=student.pk, group_id=group.pk, starts_on=date(2025, 5, 8), last_on=date(2025, 5, 10))
    assert kinds(by) == NOBODY


def test_who_leaves_before_the_day_agreed_has_left(by, group):
    agreed = {"starts_on": date(2025, 5, 6), "last_on": date(2025, 5, 29)}
    row = enrol_student(by, student_id=a_student(by).pk, group_id=group.pk, **agreed)
    leave_group(by, enrolment_id=row.pk, last_on=date(2025, 5, 26))
    assert kinds(by) == ONE_TRIAL


def test_whose_group_ended_has_not_left(by):
    group = a_group(by, last_on="2025-05-15")
    active(by, group)
    told = on_trial(by, group)
    leave_group(at(by, "2025-05-14"), enrolment_id=told.pk, last_on=date(2025, 5, 15))
    assert kinds(by) == NOBODY


def test_who_comes_back_the_next_day_has_not_left_and_who_comes_back_later_has(by, group):
    first, second = on_trial(by, group, "A"), on_trial(by, group, "B")
    for row, back in ((first, 13), (second, 14)):
        leave_group(by, enrolment_id=row.pk, last_on=date(2025, 5, 12))
        enrol_student(by, student_id=row.student_id, group_id=group.pk, starts_on=date(2025, 5, back))
    assert [row.name for row in left_page(by, WantedLeft(**MAY))[0]] == ["B"]
    assert kinds(by) == ONE_TRIAL


def test_undo_takes_the_leaving_away(by, group):
    row, other = active(by, group), on_trial(by, group)
    leave_group(by, enrolment_id=row.pk, last_on=date(2025, 5, 20))
    done = several.leave_together(by, enrolment_ids=[other.pk], last_on=date(2025, 5, 20))
    assert kinds(by) == {Left.ACTIVE: 1, Left.TRIAL: 1}
    undo_leaving(by, enrolment_id=row.pk)
    several.take_back_together(by, done_id=done.id)
    assert kinds(by) == NOBODY
    gone = Enrolment.objects.visible_to(by).filter(left_at=None, left_by=None, moved_to=None, ends_on=None)
    assert gone.count() == 2


def test_a_move_that_is_taken_back_and_then_a_leaving_is_a_leaving(by, group):
    row, other = active(by, group), a_group(by, group.course, "IELTS-4", weekdays=ODD)
    days = {"last_on": date(2025, 5, 25), "starts_on": date(2025, 5, 26)}
    done = several.transfer_one(by, enrolment_id=row.pk, group_id=other.pk, **days)
    several.take_back_together(by, done_id=done.id)
    assert Enrolment.objects.visible_to(by).get(pk=row.pk).moved_to_id is None
    leave_group(by, enrolment_id=row.pk, last_on=date(2025, 5, 25))
    assert kinds(by) == ONE_ACTIVE


# --- reasons, the month and who may see ---------------------------------------------------------------------------


def test_reasons_are_counted_with_none_given_among_them(by, group):
    price, time = leaving_reasons(by)[1:3]
    for name, reason in (("A", price.pk), ("B", price.pk), ("C", time.pk), ("D", None)):
        leave_group(
            by, enrolment_id=on_trial(by, group, name).pk, last_on=date(2025, 5, 12), reason_id=reason, reason="words"
        )
    found = left_counts(by, WantedLeft(**MAY))
    assert found.reasons == [(price.pk, "The price", 2), (NO_REASON, "", 1), (time.pk, "No time", 1)]
    chosen = left_counts(by, WantedLeft(**MAY, reason_id=price.pk, kind=Left.TRIAL))
    assert (chosen.total, chosen.kinds[Left.TRIAL], len(chosen.reasons)) == (2, 2, 3)
    assert left_counts(by, WantedLeft(**MAY, kind=Left.ACTIVE)).reasons == []
    assert kinds(by, reason_id=price.pk)[Left.TRIAL] == 2
    assert kinds(by, reason_id=NO_REASON)[Left.TRIAL] == 1
    rows = left_page(by, WantedLeft(**MAY))[0]
    assert {(row.reason, row.words, row.told_by) for row in rows} == {
        ("The price", "words", "Aziza"), ("No time", "words", "Aziza"), ("", "words", "Aziza"),
    }  # fmt: skip


def test_an_archived_reason_is_not_taken(by, group):
    reason = leaving_reasons(by)[0]
    archive_leaving_reason(by, reason_id=reason.pk)
    with pytest.raises(NotFound):
        leave_group(by, enrolment_id=on_trial(by, group).pk, last_on=date(2025, 5, 12), reason_id=reason.pk)


def test_the_month_is_from_its_first_day_to_today(by, group):
    for name, last in (("A", "2025-05-01"), ("B", "2025-05-25"), ("C", "2025-05-26"), ("D", "2025-04-30")):
        row = on_trial(at(by, "2025-04-30"), group, name, "2025-04-30")
        leave_group(at(by, "2025-04-30"), enrolment_id=row.pk, last_on=date.fromisoformat(last))
    assert left_this_month(by)[Left.TRIAL] == 2
    # 20:00 in Greenwich is the 26th in Tashkent.
    assert left_this_month(at(by, "2025-05-25", 20))[Left.TRIAL] == 3
    assert left_this_month(at(by, "2025-05-31", 20))[Left.TRIAL] == 0


def test_who_does_not_see_all_groups_counts_those_who_left_the_own_ones(by, group):
    a_member(by, "Bek", "teacher")
    bek = acting(by, Member.objects.visible_to(by).get(name="Bek"))
    own = a_group(by, group.course, "Own", teacher_id=bek.member_id)
    for name, where in (("A", group), ("B", own)):
        leave_group(by, enrolment_id=on_trial(by, where, name).pk, last_on=date(2025, 5, 12))
    seeing = replace(at(bek, "2025-05-25"), permissions=bek.permissions | {"people.view"})
    rows, _page, counts = left_page(seeing, WantedLeft(**MAY))
    assert ([row.name for row in rows], counts.total) == (["B"], 1)
    assert (rows[0].balance, rows[0].phone) == (None, "")


# --- the law --------------------------------------------------------------------------------------------------------


def test_sql_counts_what_the_rule_says_of_each_row(by):
    for seed in range(6):
        live(by, Random(seed), seed)
    said = {
        row.pk: kind_of_leaving(end_of(by, row)) for row in Enrolment.objects.visible_to(by).select_related("group")
    }
    found = dict(leavings(by).values_list("pk", "kind"))
    assert found == {pk: kind.value for pk, kind in said.items() if kind is not None}
    assert set(found.values()) == {"active", "trial"}
    assert len(found) < len(said) / 2  # most of what is made here is no leaving


@pytest.mark.parametrize(
    "fault",
    [
        lambda end: end._replace(is_moved=False), lambda end: end._replace(goes_on=False),
        lambda end: end._replace(is_told=True), lambda end: end._replace(group_ends_on=date.max),
        lambda end: end._replace(activated_on=end.activated_on and end.activated_on - timedelta(days=1)),
    ],
    ids=["a move counted", "a return counted", "a day agreed counted", "the group's end counted", "a day off by one"],
)  # fmt: skip
def test_a_rule_that_counts_otherwise_would_be_noticed(by, fault):
    for seed in range(6):
        live(by, Random(seed), seed)
    rows = Enrolment.objects.visible_to(by).select_related("group")
    said = {row.pk: kind_of_leaving(fault(end_of(by, row))) for row in rows}
    assert dict(leavings(by).values_list("pk", "kind")) != {pk: kind.value for pk, kind in said.items() if kind}


def end_of(by, row: Enrolment) -> End:
    """What the rows say, read one by one."""
    others = Enrolment.objects.visible_to(by).filter(student_id=row.student_id, group_id=row.group_id)
    return End(
        row.ends_on, row.group.ends_on, row.activated_on, row.left_at is not None, row.moved_to_id is not None,
        any(other.starts_on == row.ends_on for other in others),
    )  # fmt: skip


def live(by, chance: Random, seed: int) -> None:
    """Random rows: memberships one after another in two groups, with and without days between them."""
    first = a_group(by, None if seed == 0 else Group.objects.visible_to(by)[0].course, f"G{seed}", last_on="2025-05-20")
    groups = [first, a_group(by, first.course, f"H{seed}")]
    for person in range(12):
        student, on, last = a_student(by, f"S{seed} {person}"), date(2025, 5, 1), None
        for group in (groups[0], groups[0], groups[1], groups[1]):
            ends = on + timedelta(days=chance.randrange(1, 12))
            told = chance.random() < 0.7
            row = Enrolment.objects.create(
                org_id=by.org_id, student=student, group=group, starts_on=on, ends_on=ends,
                activated_on=chance.choice([None, on, ends - timedelta(days=1), ends, ends + timedelta(days=3)]),
                left_at=by.at if told else None,
            )  # fmt: skip
            if last is not None and last.left_at and chance.random() < 0.4:
                last.moved_to = row
                last.save(update_fields=["moved_to"])
            last, on = row, ends + timedelta(days=chance.choice([0, 0, 1, 4]))


# --- a hundred thousand memberships ---------------------------------------------------------------------------------

MANY = 100_000


def test_of_a_hundred_thousand_memberships_only_those_that_ended_in_the_days_are_read(by, group):
    fill(by, group)
    counted, listed = plans_of(by)
    assert "Index Scan using enrolment_left" in counted, counted
    assert "Index Scan using enrolment_left" in listed, listed
    assert "Seq Scan on daftar_enrolment" not in counted + listed


def test_without_its_index_all_memberships_would_be_read(by, group):
    fill(by, group)
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL ROLE NONE")
        cursor.execute("DROP INDEX enrolment_left")
        cursor.execute("SET LOCAL ROLE daftar_app")
    assert "enrolment_left" not in "".join(plans_of(by))


def fill(by, group) -> None:
    """Memberships of four years, two of five ended by leaving; each of one student of many."""
    with connection.cursor() as cursor:
        cursor.execute(f"""
            INSERT INTO daftar_student (
                id, org_id, branch_id, full_name, sort_key, search_key, stage, source, study_status, note, extra,
                added_at
            )
            SELECT 9000000 + n, {by.org_id}, {group.branch_id}, 'S', 's' || n, 's', 'client', '', '', '', '{{}}',
                now()
            FROM generate_series(1, {MANY}) n
        """)
        analyze(cursor, "student")  # or each key would be looked for by a plan made for an empty table
        cursor.execute(f"""
            INSERT INTO daftar_enrolment (org_id, student_id, group_id, starts_on, ends_on, left_at, left_because)
            SELECT {by.org_id}, 9000000 + n, {group.pk}, date '2021-01-01' + n % 1601,
                CASE WHEN n % 5 < 2 THEN date '2021-02-01' + n % 1601 END, CASE WHEN n % 5 < 2 THEN now() END, ''
            FROM generate_series(1, {MANY}) n
        """)
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        analyze(cursor, "enrolment")


def analyze(cursor, table: str) -> None:
    cursor.execute("SET LOCAL ROLE NONE")
    cursor.execute(f"ANALYZE daftar_{table}")
    cursor.execute("SET LOCAL ROLE daftar_app")


def plans_of(by) -> list[str]:
    """How the count and the page are planned."""
    with CaptureQueriesContext(connection) as said:
        left_page(by, WantedLeft(**MAY))
    found = [query["sql"] for query in said if "daftar_enrolment" in query["sql"]][:2]
    with connection.cursor() as cursor:
        plans = []
        for sql in found:
            cursor.execute(f"EXPLAIN {sql}")
            plans.append("\n".join(line for (line,) in cursor.fetchall()))
    return plans
