"""The books against what the clients wrote down, in SQL of its own: none of the product's questions is believed."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tests.crash.centre import LESSON_PRICE

if TYPE_CHECKING:
    import psycopg

    from tests.crash.clients import Sent

# One statement, so one moment: every account, what it keeps and what its transfers add up to.
ACCOUNTS = """
    SELECT a.id, a.currency, a.balance, coalesce(sum(m.amount), 0)::bigint
    FROM daftar_account a
    LEFT JOIN (SELECT credit_id AS account_id, amount FROM daftar_transfer
               UNION ALL SELECT debit_id, -amount FROM daftar_transfer) m ON m.account_id = a.id
    GROUP BY a.id
"""
PAYMENTS = """
    SELECT p.idempotency_key, p.id, p.student_id, p.desk_id, p.amount, p.number, p.branch_id,
           t.kind = 'payment' AND t.amount = p.amount AND t.effective_on = p.paid_on
           AND debit.id = desk.account_id AND credit.student_id = p.student_id
    FROM daftar_payment p
    JOIN daftar_desk desk ON desk.id = p.desk_id
    JOIN daftar_transfer t ON t.id = p.transfer_id
    JOIN daftar_account debit ON debit.id = t.debit_id
    JOIN daftar_account credit ON credit.id = t.credit_id
"""
PAYMENT_TRANSFERS = """
    SELECT t.id, (SELECT count(*) FROM daftar_payment p WHERE p.transfer_id = t.id)
    FROM daftar_transfer t WHERE t.kind = 'payment'
"""
LESSONS = "SELECT id, status, topic FROM daftar_lesson"
MARKS = "SELECT lesson_id, student_id, is_present, reason_id FROM daftar_attendance"
# What each student was charged for each lesson of the first group, reversals taken off.
CHARGES = """
    SELECT s.student_id, split_part(t.charge_key, ':', 2)::bigint,
           sum(CASE t.kind WHEN 'charge' THEN t.amount ELSE -t.amount END)::bigint
    FROM daftar_transfer t JOIN daftar_subscription s ON s.id = split_part(t.charge_key, ':', 1)::bigint
    WHERE s.group_id = %s GROUP BY 1, 2 HAVING sum(CASE t.kind WHEN 'charge' THEN t.amount ELSE -t.amount END) <> 0
"""
CHARGEABLE = """
    SELECT m.student_id, m.lesson_id
    FROM daftar_attendance m JOIN daftar_lesson l ON l.id = m.lesson_id
    LEFT JOIN daftar_absencereason r ON r.id = m.reason_id
    CROSS JOIN daftar_organization o
    WHERE l.group_id = %s AND l.status = 'conducted' AND (m.is_present OR coalesce(r.charges, true))
      AND (l.held_on > %s OR o.activation_day_counts)
"""


@dataclass
class Verdict:
    """What was found wrong, by kind, and how much was looked at."""

    faults: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    payments: int = 0
    lessons: int = 0
    transfers: int = 0

    def add(self, kind: str, what: object) -> None:
        self.faults[kind].append(str(what))

    def count(self, *kinds: str) -> int:
        return sum(len(self.faults.get(kind, ())) for kind in kinds)

    def text(self) -> str:
        return "\n".join(f"{kind}: {len(found)}, such as {found[0]}" for kind, found in sorted(self.faults.items()))


def laws(connection: psycopg.Connection[Any]) -> list[str]:
    """Breaches of law 4 (all accounts add up to nothing) and 5 (a kept balance is the sum of its transfers), now."""
    found, sums = [], Counter()
    for account, currency, kept, summed in connection.execute(ACCOUNTS).fetchall():
        if kept is not None and kept != summed:
            found.append(f"account {account} keeps {kept}, its transfers make {summed}")
        sums[currency] += summed if kept is None else kept
    return found + [f"all accounts in {currency} add up to {total}" for currency, total in sums.items() if total]


def audit(connection: psycopg.Connection[Any], centre: dict[str, Any], sent: list[Sent]) -> Verdict:
    """Everything that must be true of the centre, whatever was killed."""
    verdict = Verdict()
    verdict.transfers = connection.execute("SELECT count(*) FROM daftar_transfer").fetchone()[0]
    for breach in laws(connection):
        verdict.add("drift", breach)
    _payments(connection, verdict, [each for each in sent if each.entry["do"] == "pay"])
    _payment_transfers(connection, verdict)
    _lessons(connection, verdict, [each for each in sent if each.entry["do"] == "mark"])
    _charges(connection, verdict, centre)
    return verdict


def _payments(connection: psycopg.Connection[Any], verdict: Verdict, sent: list[Sent]) -> None:
    stored, numbers = defaultdict(list), defaultdict(list)
    for key, pk, student, desk, amount, number, branch, matches in connection.execute(PAYMENTS).fetchall():
        verdict.payments += 1
        stored[key].append((pk, student, desk, amount))
        numbers[branch].append(number)
        if not matches:
            verdict.add("payment unlike its transfer", key)
    wanted = {each.entry["key"]: each for each in sent}
    for key, each in wanted.items():
        _one_payment(verdict, each, stored.get(key, []))
    for key in stored.keys() - wanted.keys():
        verdict.add("never attempted", key)
    for branch, given in numbers.items():
        times = Counter(given)
        for number in range(1, max(given) + 1):
            if times[number] != 1:
                verdict.add("receipt numbers", f"branch {branch}: number {number} was given {times[number]} times")


def _payment_transfers(connection: psycopg.Connection[Any], verdict: Verdict) -> None:
    for transfer, receipts in connection.execute(PAYMENT_TRANSFERS).fetchall():
        if receipts != 1:
            verdict.add("transfer without its payment", f"transfer {transfer} has {receipts}")


def _one_payment(verdict: Verdict, each: Sent, rows: list[tuple[int, int, int, int]]) -> None:
    key, wanted = each.entry["key"], each.entry
    if len(rows) > 1:
        verdict.add("doubled", f"{key} is stored {len(rows)} times")
    if each.answered and not rows:
        verdict.add("lost", f"{key} was answered with {each.answered}")
    for pk, *values in rows:
        if values != [wanted["student"], wanted["desk"], wanted["amount"]]:
            verdict.add("recorded otherwise", f"{key}: {values} instead of {wanted}")
        if len(rows) == 1 and each.answered and not each.answered.endswith(f"/payments/{pk}/"):
            verdict.add("lost", f"{key} was answered with {each.answered}, stored is {pk}")


def _lessons(connection: psycopg.Connection[Any], verdict: Verdict, sent: list[Sent]) -> None:
    marks: dict[int, dict[int, tuple[bool, int | None]]] = defaultdict(dict)
    for lesson, student, is_present, reason in connection.execute(MARKS).fetchall():
        marks[lesson][student] = (is_present, reason)
    wanted: dict[int, list[Sent]] = defaultdict(list)
    for each in sent:
        wanted[each.entry["lesson"]].append(each)
    for lesson, status, topic in connection.execute(LESSONS).fetchall():
        if status != "conducted":
            if marks[lesson] or any(each.answered for each in wanted[lesson]):
                verdict.add("half a lesson", f"{lesson} is {status} with {len(marks[lesson])} marks")
            continue
        verdict.lessons += 1
        _one_lesson(verdict, lesson, wanted[lesson], topic, marks[lesson])


def _one_lesson(
    verdict: Verdict, lesson: int, wanted: list[Sent], topic: str, marks: dict[int, tuple[bool, int | None]]
) -> None:
    """It reads as the last answered attempt, a later one, or one whose answer was lost and which may have come late."""
    answered = [place for place, each in enumerate(wanted) if each.answered]
    last = answered[-1] if answered else 0
    possible = [each for place, each in enumerate(wanted) if place >= last or each.was_lost]
    told = next((each.entry for each in possible if each.entry["topic"] == topic), None)
    if told is None:
        verdict.add("lost" if answered else "never attempted", f"lesson {lesson} has the topic {topic}")
        return
    absent = {int(pk): (False, reason) for pk, reason in told["absent"].items()}
    if marks != {pk: absent.get(pk, (True, None)) for pk in told["expected"]}:
        verdict.add("half a lesson", f"{lesson}: {marks} instead of {told}")


def _charges(connection: psycopg.Connection[Any], verdict: Verdict, centre: dict[str, Any]) -> None:
    """In the group that pays lesson by lesson everybody is charged for what the marks say, and for nothing else."""
    group = centre["lessons_group"]
    charged = {(student, lesson): sum_ for student, lesson, sum_ in connection.execute(CHARGES, [group]).fetchall()}
    due = set(connection.execute(CHARGEABLE, [group, centre["begins"]]).fetchall())
    for place in due - charged.keys():
        verdict.add("charges", f"student and lesson {place} are not charged")
    for place, total in charged.items():
        if place not in due or total != LESSON_PRICE:
            verdict.add("charges", f"student and lesson {place} are charged {total}")
