"""The statements that fill a centre, in order; the values in them are those of `bench.load`."""

from __future__ import annotations

from daftar.ledger.queries import SINCE

PLANS = """
    DROP TABLE IF EXISTS plan_group, plan_name, plan_student, plan_payment;
    CREATE TEMP TABLE plan_group (
        number bigint PRIMARY KEY, kind text, plan text, size int, starts_on date, weekdays int[]
    );
    CREATE TEMP TABLE plan_name (number int PRIMARY KEY, name text, sort_key text, search_key text);
    CREATE TEMP TABLE plan_student (
        number bigint PRIMARY KEY, group_number bigint, kind text, plan text, branch int, joined_on date, is_trial bool
    );
    CREATE TEMP TABLE plan_payment (
        number bigint PRIMARY KEY, student bigint, branch int, amount bigint, paid_on date, receipt int
    );
"""

# The last of every tenth usual group came three days ago and is on trial.
_STUDENTS = """
    INSERT INTO plan_student
    SELECT row_number() OVER (ORDER BY g.number, place), g.number, g.kind, g.plan, 1 + g.number %% 4,
        CASE WHEN trial THEN greatest(g.starts_on, %(today)s - 3) ELSE g.starts_on END, trial
    FROM plan_group g, generate_series(1, g.size) place,
        LATERAL (SELECT g.kind = 'usual' AND place = 12 AND g.number %% 10 = 1 AS trial) t
"""
_MEMBERS = """
    INSERT INTO daftar_member (id, org_id, name, role_id, all_branches, is_active)
    SELECT %(before_member)s + n, %(org)s, 'Teacher ' || n,
        (SELECT id FROM daftar_role WHERE org_id = %(org)s AND code = 'teacher'), true, true
    FROM generate_series(1, (SELECT 1 + max(number) / 10 FROM plan_group)) n
"""
_ROOMS = """
    INSERT INTO daftar_room (id, org_id, branch_id, name, capacity)
    SELECT %(before_room)s + n, %(org)s, (%(branches)s::bigint[])[1 + n %% 4], 'Room ' || n, 20
    FROM generate_series(1, (SELECT 4 + max(number) / 20 FROM plan_group)) n
"""
_GROUPS = """
    INSERT INTO daftar_group
        (id, org_id, branch_id, name, course_id, teacher_id, room_id, starts_on, ends_on, capacity, plan, marks_begin)
    SELECT %(before_group)s + number, %(org)s, (%(branches)s::bigint[])[1 + number %% 4],
        'Group ' || lpad(number::text, 5, '0'),
        CASE plan WHEN 'per_lesson' THEN %(lesson_course)s ELSE %(month_course)s END,
        %(before_member)s + 1 + number / 10, %(before_room)s + 1 + number / 20, starts_on, %(ends_on)s, 20, '', ''
    FROM plan_group
"""
_RECURRENCES = """
    INSERT INTO daftar_recurrence (id, org_id, group_id, weekday, starts_time, minutes, is_extra)
    SELECT %(before_recurrence)s + row_number() OVER (ORDER BY number, day), %(org)s, %(before_group)s + number, day,
        make_time(8 + (number %% 10)::int, 0, 0), 90, FALSE
    FROM plan_group, unnest(weekdays) day
"""
# A group's lessons are planned when it is made; the last ones of the classes of twenty are not marked yet.
_LESSONS = """
    INSERT INTO daftar_lesson (
        id, org_id, branch_id, group_id, teacher_id, room_id, held_on, starts_time, minutes, starts_at, ends_at,
        is_extra, status, topic, homework, corrected_because, cancel_reason, conducted_at, holds_room, holds_teacher
    )
    SELECT %(before_lesson)s + row_number() OVER (ORDER BY number, day), %(org)s,
        (%(branches)s::bigint[])[1 + number %% 4], %(before_group)s + number, %(before_member)s + 1 + number / 10,
        %(before_room)s + 1 + number / 20, day, at, 90, starts,
        starts + interval '90 min', false, CASE WHEN held THEN 'conducted' ELSE 'planned' END,
        CASE WHEN held THEN 'Unit ' || extract(week FROM day) ELSE '' END, '', '', '',
        CASE WHEN held THEN starts + interval '90 min' END, false, false
    FROM (
        SELECT g.*, d::date AS day, make_time(8 + (number %% 10)::int, 0, 0) AS at,
            (d::date + make_time(8 + (number %% 10)::int, 0, 0)) AT TIME ZONE 'Asia/Tashkent' AS starts,
            d::date < %(today)s AND (kind <> 'class' OR count(*) FILTER (WHERE d::date < %(today)s) OVER later
                > %(open_lessons)s) AS held
        FROM plan_group g, generate_series(g.starts_on, %(ends_on)s - 1, interval '1 day') d
        WHERE extract(isodow FROM d) = ANY (g.weekdays)
        WINDOW later AS (PARTITION BY number ORDER BY d ROWS BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING)
    ) days
"""
_PAYERS = """
    INSERT INTO daftar_payer (id, org_id, name)
    SELECT %(before_payer)s + s.number, %(org)s, n.name || ' family'
    FROM plan_student s JOIN plan_name n ON n.number = s.number * 7919 %% (SELECT count(*) FROM plan_name)
"""
_PEOPLE = """
    INSERT INTO daftar_student (
        id, org_id, branch_id, full_name, sort_key, search_key, stage, born_on, payer_id, source, study_status, note,
        extra, added_at
    )
    SELECT %(before_student)s + s.number, %(org)s, (%(branches)s::bigint[])[s.branch], n.name, n.sort_key, n.search_key,
        'client', date '2008-01-01' + (s.number %% 3000)::int, %(before_payer)s + s.number, 'friends', '', '', '{}',
        s.joined_on
    FROM plan_student s JOIN plan_name n ON n.number = s.number * 7919 %% (SELECT count(*) FROM plan_name)
"""
_CONTACTS = """
    INSERT INTO daftar_contact (id, org_id, student_id, kind, raw, value, owner, digits, last4)
    SELECT %(before_contact)s + number, %(org)s, %(before_student)s + number, 'mobile', '+' || phone, '+' || phone, '',
        phone, right(phone, 4)
    FROM plan_student, LATERAL (SELECT '99890' || (1000000 + number * 7919 %% 8999993)::text AS phone) p
"""
_ENROLMENTS = """
    INSERT INTO daftar_enrolment (id, org_id, student_id, group_id, starts_on, activated_on, left_because)
    SELECT %(before_enrolment)s + number, %(org)s, %(before_student)s + number, %(before_group)s + group_number,
        joined_on, CASE WHEN NOT is_trial THEN joined_on END, ''
    FROM plan_student
"""
_SUBSCRIPTIONS = """
    INSERT INTO daftar_subscription (
        id, org_id, student_id, group_id, enrolment_id, plan, lessons_count, starts_on, subjects, lesson_types,
        is_separate, extended_by_suspensions, has_own_price, note
    )
    SELECT %(before_subscription)s + number, %(org)s, %(before_student)s + number, %(before_group)s + group_number,
        %(before_enrolment)s + number, plan, 1, joined_on, '{}', '{}', false, true, false, ''
    FROM plan_student WHERE NOT is_trial
"""
_PRICES = """
    INSERT INTO daftar_pricestep (id, org_id, subscription_id, from_on, amount)
    SELECT %(before_pricestep)s + number, %(org)s, %(before_subscription)s + number, joined_on,
        CASE plan WHEN 'per_lesson' THEN %(lesson_price)s ELSE %(month_price)s END
    FROM plan_student WHERE NOT is_trial
"""
# Marked as the days went by, so the rows of one student lie far apart.
_ATTENDANCE = """
    INSERT INTO daftar_attendance (id, org_id, lesson_id, student_id, is_present, reason_id, marked_at, comment)
    SELECT %(before_attendance)s + row_number() OVER (ORDER BY l.held_on, l.id, s.number), %(org)s, l.id,
        %(before_student)s + s.number, turn NOT IN (3, 11),
        CASE WHEN turn IN (3, 11) THEN (
            SELECT id FROM daftar_absencereason WHERE org_id = %(org)s AND charges = (turn = 11)
        ) END, l.conducted_at, ''
    FROM plan_student s
    JOIN daftar_lesson l ON l.org_id = %(org)s AND l.group_id = %(before_group)s + s.group_number
        AND l.status = 'conducted' AND l.held_on >= s.joined_on,
    LATERAL (SELECT (s.number * 31 + l.id * 17) %% 23 AS turn) t
    ORDER BY l.held_on, l.id, s.number
"""
_ACCOUNTS = """
    INSERT INTO daftar_account (id, org_id, kind, currency, student_id, name, balance, charged_until)
    SELECT %(before_account)s + number, %(org)s, 'student', 'UZS', %(before_student)s + number, '', 0, %(today)s
    FROM plan_student
"""
_WHY = """
    jsonb_build_object('code', 'subscription', 'values', jsonb_build_object(
        'id', (%(before_subscription)s + s.number)::text, 'plan', s.plan, 'starts_on', s.joined_on)),
    jsonb_build_object('code', 'picked_because', 'values', jsonb_build_object('rule', {rule}, 'over', '[]'::jsonb)),
    jsonb_build_object('code', 'price', 'values', jsonb_build_object('amount', {price}, 'from_on', s.joined_on))
"""
_MONTH_WHY = _WHY.format(rule="'period'", price="%(month_price)s")
_LESSON_WHY = _WHY.format(rule="'only'", price="%(lesson_price)s")
_MONTH_CHARGES = f"""
    WITH months AS (
        SELECT number, date_trunc('month', d)::date AS month, jsonb_agg(d::date ORDER BY d) AS days, count(*) AS lessons
        FROM plan_group g, generate_series(
            g.starts_on, date_trunc('month', %(today)s::date) + interval '1 month - 1 day', interval '1 day') d
        WHERE extract(isodow FROM d) = ANY (g.weekdays) AND g.plan = 'calendar_month'
        GROUP BY number, 2
    )
    INSERT INTO daftar_transfer (
        id, org_id, debit_id, credit_id, amount, kind, effective_on, posted_at, charge_key, turn, why, note
    )
    SELECT %(before_transfer)s + row_number() OVER (ORDER BY m.month, s.number), %(org)s,
        %(before_account)s + s.number, %(income)s, %(month_price)s, 'charge', m.month, m.month + interval '6 hours',
        (%(before_subscription)s + s.number) || ':' || to_char(m.month, 'YYYY-MM'), 0,
        jsonb_build_array({_MONTH_WHY},
            jsonb_build_object('code', 'lessons_counted', 'values', jsonb_build_object(
                'month', to_char(m.month, 'YYYY-MM'), 'dates', m.days)),
            jsonb_build_object('code', 'whole_month', 'values', jsonb_build_object('lessons', m.lessons))), ''
    FROM plan_student s JOIN months m ON m.number = s.group_number
    WHERE NOT s.is_trial
    ORDER BY m.month, s.number
"""  # noqa: S608 - made of constants
_LESSON_CHARGES = f"""
    INSERT INTO daftar_transfer (
        id, org_id, debit_id, credit_id, amount, kind, effective_on, posted_at, charge_key, turn, why, note
    )
    SELECT (SELECT max(id) FROM daftar_transfer WHERE org_id = %(org)s)
            + row_number() OVER (ORDER BY l.held_on, l.id, s.number), %(org)s,
        %(before_account)s + s.number, %(income)s, %(lesson_price)s, 'charge', l.held_on, l.conducted_at,
        (%(before_subscription)s + s.number) || ':' || l.id, 0,
        jsonb_build_array({_LESSON_WHY},
            jsonb_build_object('code', 'bundle_place', 'values', jsonb_build_object(
                'place', 1, 'of', 1, 'before', 0, 'after', %(lesson_price)s))), ''
    FROM plan_student s
    JOIN daftar_attendance a ON a.org_id = %(org)s AND a.student_id = %(before_student)s + s.number
    JOIN daftar_lesson l ON l.org_id = %(org)s AND l.id = a.lesson_id
    LEFT JOIN daftar_absencereason r ON r.org_id = %(org)s AND r.id = a.reason_id
    WHERE s.plan = 'per_lesson' AND NOT s.is_trial AND r.charges IS NOT FALSE
    ORDER BY l.held_on, l.id, s.number
"""  # noqa: S608 - made of constants
# Everyone pays each month on a day of theirs; every ninth owes since last month.
_PAYMENT_PLANS = """
    INSERT INTO plan_payment
    SELECT row_number() OVER (ORDER BY paid_on, number), number, branch, amount, paid_on,
        row_number() OVER (PARTITION BY branch ORDER BY paid_on, number)
    FROM (
        SELECT s.*, month::date + 1 + (s.number %% 10)::int AS paid_on,
            CASE plan WHEN 'per_lesson' THEN %(lesson_price)s * %(a_month)s ELSE %(month_price)s END AS amount
        FROM plan_student s, generate_series(s.joined_on, %(today)s::date, interval '1 month') month
        WHERE NOT is_trial AND (number %% 9 > 0 OR month < date_trunc('month', %(today)s::date) - interval '1 month')
    ) due
    WHERE paid_on <= %(today)s
"""
_PAYMENT_TRANSFERS = """
    INSERT INTO daftar_transfer (
        id, org_id, debit_id, credit_id, amount, kind, effective_on, posted_at, idempotency_key, note
    )
    SELECT (SELECT max(id) FROM daftar_transfer WHERE org_id = %(org)s) + number, %(org)s,
        (%(desk_accounts)s::bigint[])[branch],
        %(before_account)s + student, amount, 'payment', paid_on, paid_on + interval '7 hours',
        'payment:bench-' || number, ''
    FROM plan_payment ORDER BY number
"""
_PAYMENTS = """
    INSERT INTO daftar_payment (
        id, org_id, branch_id, student_id, desk_id, transfer_id, number, amount, paid_on, payer_name, note, recorded_at,
        idempotency_key
    )
    SELECT %(before_payment)s + p.number, %(org)s, (%(branches)s::bigint[])[branch], %(before_student)s + student,
        (%(desks)s::bigint[])[branch], t.id, receipt, p.amount, paid_on, n.name, '', t.posted_at, 'bench-' || p.number
    FROM plan_payment p
    JOIN daftar_transfer t ON t.org_id = %(org)s AND t.idempotency_key = 'payment:bench-' || p.number
    JOIN daftar_payer n ON n.org_id = %(org)s AND n.id = %(before_payer)s + student
    ORDER BY p.number
"""
_RECEIPTS = """
    INSERT INTO daftar_receiptcounter (org_id, branch_id, last)
    SELECT %(org)s, (%(branches)s::bigint[])[branch], max(receipt) FROM plan_payment GROUP BY branch
"""
_BALANCES = f"""
    WITH sums AS (
        SELECT account_id, sum(amount)::bigint AS total FROM (
            SELECT credit_id AS account_id, amount FROM daftar_transfer WHERE org_id = %(org)s
            UNION ALL SELECT debit_id, -amount FROM daftar_transfer WHERE org_id = %(org)s
        ) moves GROUP BY account_id
    ), debtors AS (
        SELECT account_id FROM sums JOIN daftar_account a ON a.id = account_id
        WHERE a.kind IN ('student', 'separate') AND total < 0
    ), {SINCE}
    UPDATE daftar_account a SET balance = sums.total, owes_since = since.day
    FROM sums LEFT JOIN since ON since.account_id = sums.account_id
    WHERE a.id = sums.account_id AND a.org_id = %(org)s AND a.balance IS NOT NULL
"""  # noqa: S608 - made of constants

# Before these the planner must know how large the tables have become.
AFTER_STATISTICS = {"attendance", "charges of lessons", "payments", "balances"}
STEPS = {
    "who is in which group": _STUDENTS,
    "teachers": _MEMBERS,
    "rooms": _ROOMS,
    "groups": _GROUPS,
    "weekly lessons": _RECURRENCES,
    "lessons": _LESSONS,
    "payers": _PAYERS,
    "students": _PEOPLE,
    "contacts": _CONTACTS,
    "enrolments": _ENROLMENTS,
    "subscriptions": _SUBSCRIPTIONS,
    "prices": _PRICES,
    "statistics": "ANALYZE plan_student",
    "attendance": _ATTENDANCE,
    "accounts": _ACCOUNTS,
    "charges of months": _MONTH_CHARGES,
    "charges of lessons": _LESSON_CHARGES,
    "who pays when": _PAYMENT_PLANS,
    "transfers of payments": _PAYMENT_TRANSFERS,
    "payments": _PAYMENTS,
    "receipt numbers": _RECEIPTS,
    "balances": _BALANCES,
}
