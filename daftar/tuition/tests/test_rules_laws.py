"""The laws of pricing over random small histories of two groups and both ways of charging."""

import json
from dataclasses import replace
from datetime import date, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from daftar.courses.rules import lesson_dates
from daftar.tuition.rules import (
    AttendanceFact,
    EnrolmentFact,
    GroupFact,
    LessonFact,
    LessonStatus,
    PlanKind,
    PostedCharge,
    PriceStep,
    StudentFacts,
    SubscriptionFact,
    as_json,
    coverage,
    difference,
    due,
    unpriced,
)

FIRST = date(2025, 1, 1)
LAST = date(2025, 3, 31)
GROUPS = (
    GroupFact(id=1, starts_on=date(2025, 1, 8), ends_on=date(2025, 3, 20), weekdays=frozenset({1, 3})),
    GroupFact(id=2, starts_on=FIRST, weekdays=frozenset({6})),
)
LISTED = [
    (group.id, on)
    for group in GROUPS
    for on in lesson_dates(group.weekdays, max(FIRST, group.starts_on), group.ends_on or LAST)
]
days = st.dates(FIRST, LAST)
quick = settings(max_examples=40, deadline=None)


@st.composite
def enrolments(draw, group_id):
    joined, activated, ends = sorted(draw(st.tuples(days, days, days)))
    return EnrolmentFact(
        group_id=group_id,
        joined_on=joined,
        activated_on=draw(st.sampled_from([None, activated, activated])),
        ends_on=draw(st.sampled_from([None, ends + timedelta(days=1)])),
    )


@st.composite
def subscriptions(draw, number):
    starts_on = draw(days)
    steps = draw(st.dictionaries(days, st.integers(0, 5_000), min_size=1, max_size=2))
    return SubscriptionFact(
        id=number,
        plan=draw(st.sampled_from(PlanKind)),
        prices=tuple(PriceStep(on, amount) for on, amount in steps.items()),
        starts_on=starts_on,
        ends_on=draw(st.none() | st.integers(1, 60).map(lambda length: starts_on + timedelta(days=length))),
        group_id=draw(st.sampled_from([None, 1, 2])),
        lessons_count=draw(st.integers(1, 5)),
    )


@st.composite
def histories(draw):
    """Any facts of a student in the first three months of 2025."""
    statuses = draw(st.lists(st.sampled_from(LessonStatus), min_size=len(LISTED), max_size=len(LISTED)))
    marks = draw(st.lists(st.sampled_from("-pPax"), min_size=len(LISTED), max_size=len(LISTED)))
    return StudentFacts(
        currency="UZS",
        step=draw(st.sampled_from([1, 100])),
        activation_day_counts=draw(st.booleans()),
        groups=GROUPS,
        enrolments=tuple(draw(enrolments(group.id)) for group in GROUPS if draw(st.booleans())),
        subscriptions=tuple(draw(subscriptions(number)) for number in range(1, draw(st.integers(1, 3)) + 1)),
        lessons=tuple(
            LessonFact(id=number, group_id=group_id, on=on, status=status)
            for number, ((group_id, on), status) in enumerate(zip(LISTED, statuses, strict=True), start=1)
        ),
        attendances=tuple(
            AttendanceFact(lesson_id=number, present=mark in "pP", charges_absence=mark == "a")
            for number, mark in enumerate(marks, start=1)
            if mark != "-"
        ),
    )


class Books:
    """A ledger of one student: what reconciling does to it."""

    def __init__(self):
        self.live = []
        self.posted = 0

    def reconcile(self, facts, until):
        """How many transfers it took."""
        to_reverse, to_post = difference(due(facts, until), self.live)
        self.live = [charge for charge in self.live if charge.transfer_id not in to_reverse]
        for draft in to_post:
            self.posted += 1
            self.live.append(
                PostedCharge(
                    transfer_id=self.posted,
                    subscription_id=draft.subscription_id,
                    key=draft.key,
                    on=draft.on,
                    amount=draft.amount,
                )
            )
        return len(to_reverse) + len(to_post)

    @property
    def sums(self):
        return sorted((charge.subscription_id, charge.key, charge.on, charge.amount) for charge in self.live)


@quick
@given(histories(), days)
def test_law_1_reconciling_twice_posts_nothing_the_second_time(facts, until):
    books = Books()
    books.reconcile(facts, until)

    assert books.reconcile(facts, until) == 0


@quick
@given(histories(), st.randoms(use_true_random=False))
def test_law_2_the_order_of_facts_does_not_matter(facts, chance):
    shuffled = {
        name: tuple(chance.sample(getattr(facts, name), len(getattr(facts, name))))
        for name in ("groups", "enrolments", "subscriptions", "lessons", "attendances")
    }

    assert due(replace(facts, **shuffled), LAST) == due(facts, LAST)
    assert unpriced(replace(facts, **shuffled), LAST) == unpriced(facts, LAST)


@quick
@given(histories(), st.randoms(use_true_random=False))
def test_law_2_the_order_in_which_facts_arrive_does_not_matter(facts, chance):
    books, at_once = Books(), Books()
    marks = chance.sample(facts.attendances, len(facts.attendances))
    for known in range(0, len(marks), 5):
        part = chance.sample(facts.subscriptions, chance.randint(0, len(facts.subscriptions)))
        books.reconcile(replace(facts, attendances=tuple(marks[:known]), subscriptions=tuple(part)), LAST)
    books.reconcile(facts, LAST)
    at_once.reconcile(facts, LAST)

    assert books.sums == at_once.sums


@quick
@given(st.integers(0, 10**9), st.integers(1, 9), st.sampled_from([1, 7, 100]), st.sampled_from(PlanKind))
def test_law_3_a_bundle_and_a_month_add_up_to_their_price(price, count, step, plan):
    lessons = tuple(
        LessonFact(id=number, group_id=2, on=date(2025, 1, number), status=LessonStatus.CONDUCTED)
        for number in range(1, count + 1)
    )
    subscription = SubscriptionFact(
        id=1, plan=plan, prices=(PriceStep(FIRST, price),), starts_on=FIRST, lessons_count=count
    )
    facts = StudentFacts(
        currency="UZS",
        step=step,
        groups=(replace(GROUPS[1], weekdays=frozenset()),),
        enrolments=(EnrolmentFact(group_id=2, joined_on=FIRST, activated_on=FIRST),),
        subscriptions=(subscription,),
        lessons=lessons,
        attendances=tuple(AttendanceFact(lesson_id=lesson.id, present=True) for lesson in lessons),
    )

    assert sum(charge.amount for charge in due(facts, date(2025, 1, 31))) == price


@quick
@given(histories())
def test_law_6_no_charge_is_zero_negative_or_above_the_price(facts):
    prices = {each.id: max(step.amount for step in each.prices) for each in facts.subscriptions}

    for charge in due(facts, LAST):
        assert 0 < charge.amount <= prices[charge.subscription_id]


@quick
@given(histories())
def test_charges_are_in_order_once_per_key_and_explained(facts):
    charges = due(facts, LAST)

    assert [charge.on for charge in charges] == sorted(charge.on for charge in charges)
    assert len({(charge.subscription_id, charge.key) for charge in charges}) == len(charges)
    for charge in charges:
        assert json.loads(json.dumps(as_json(charge.why))) == as_json(charge.why)
        codes = [line.code for line in charge.why]
        assert codes[:2] == ["subscription", "picked_because"]
        assert len(set(codes)) == len(codes)
        assert "price" in codes


@quick
@given(histories(), st.randoms(use_true_random=False))
def test_law_7_without_its_facts_a_charge_comes_to_nothing(facts, chance):
    books = Books()
    books.reconcile(facts, LAST)
    for charge in [each for each in books.live if each.key.isdecimal()][:3]:
        gone = replace(
            facts, attendances=tuple(mark for mark in facts.attendances if str(mark.lesson_id) != charge.key)
        )
        books.reconcile(gone, LAST)
        assert charge.key not in {each.key for each in books.live}
    books.reconcile(replace(facts, subscriptions=()), LAST)

    assert books.live == []


@quick
@given(histories(), days)
def test_law_8_the_next_charge_foreseen_is_the_one_posted(facts, until):
    foreseen = coverage(facts, until, 0, horizon_days=30).next_charge
    if foreseen is None:
        return
    joined = {enrolment.group_id for enrolment in facts.enrolments}
    marked = {mark.lesson_id for mark in facts.attendances}
    attended = [
        lesson.id
        for lesson in facts.lessons
        if lesson.on > until
        and lesson.status is not LessonStatus.CANCELLED
        and (lesson.group_id in joined or lesson.id in marked)
    ]
    facts = replace(
        facts,
        lessons=tuple(
            replace(lesson, status=LessonStatus.CONDUCTED) if lesson.id in attended else lesson
            for lesson in facts.lessons
        ),
        attendances=(
            *(mark for mark in facts.attendances if mark.lesson_id not in attended),
            *(AttendanceFact(lesson_id=lesson_id, present=True) for lesson_id in attended),
        ),
    )
    books = Books()
    books.reconcile(facts, until)
    before = books.sums
    books.reconcile(facts, foreseen.on)

    assert (foreseen.subscription_id, foreseen.key, foreseen.on, foreseen.amount) in books.sums
    assert all(each in books.sums for each in before)
    assert min(on for _, _, on, _ in books.sums if on > until) == foreseen.on


@quick
@given(histories(), days, st.integers(-3_000, 20_000), st.integers(0, 5_000))
def test_more_money_never_covers_less(facts, until, balance, more):
    less, further = coverage(facts, until, balance), coverage(facts, until, balance + more)

    assert less.lessons_left <= further.lessons_left
    assert (less.lessons_left == 0) == (less.paid_until is None)
    assert less.paid_until is None or until < less.paid_until <= further.paid_until


@quick
@given(histories())
def test_an_attended_lesson_is_charged_paid_by_a_month_or_unpriced(facts):
    charged = {charge.lesson_id for charge in due(facts, LAST)}
    lost = set(unpriced(facts, LAST))
    free = replace(facts, subscriptions=())

    assert not charged & lost
    assert lost <= set(unpriced(free, LAST))
