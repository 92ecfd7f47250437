"""The laws of pricing over random small histories of two groups, every way of charging, pauses, discounts, days off."""

import json
from collections import Counter
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from importlib import import_module

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from daftar.courses.rules import lesson_dates
from daftar.orgs.rules import ANSWERS
from daftar.tuition.rules import (
    AttendanceFact,
    DeclinedCredit,
    DiscountFact,
    DiscountPer,
    EnrolmentFact,
    GroupFact,
    HolidayFact,
    LessonFact,
    LessonStatus,
    PaymentFact,
    PlanKind,
    PostedCharge,
    PriceStep,
    StudentFacts,
    SubscriptionFact,
    SuspensionFact,
    Window,
    as_json,
    coverage,
    difference,
    due,
    unpriced,
)
from daftar.tuition.rules import price as price_module
from daftar.tuition.rules import window as window_module
from daftar.tuition.rules.decisions import AS_USUAL, decided
from daftar.tuition.rules.known import known
from daftar.tuition.rules.shared import SharedLessons
from daftar.tuition.rules.window import is_enough, takes_no_marks, within

# Their names in the package are those of the functions.
coverage_module = import_module("daftar.tuition.rules.coverage")
due_module = import_module("daftar.tuition.rules.due")

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
ids = st.integers(1, 3)
names = st.sampled_from([frozenset(), frozenset(), frozenset(), frozenset("a"), frozenset("ab")])
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
        module_lessons=draw(st.integers(1, 9)),
        months=draw(st.none() | st.integers(1, 9)),
        subjects=draw(names),
        lesson_types=draw(names),
        is_separate=draw(st.booleans()),
        extended_by_suspensions=draw(st.booleans()),
    )


@st.composite
def discounts(draw, number):
    is_percent = draw(st.booleans())
    starts_on = draw(st.none() | days)
    return DiscountFact(
        id=number,
        percent=Decimal(draw(st.integers(0, 100_000))) / 1000 if is_percent else None,
        amount=0 if is_percent else draw(st.integers(0, 3_000)),
        per=draw(st.none() | st.sampled_from(DiscountPer)),
        starts_on=starts_on,
        ends_on=draw(st.none() | st.integers(1, 60).map(lambda length: (starts_on or FIRST) + timedelta(days=length))),
        subjects=draw(names),
        lesson_types=draw(names),
    )


@st.composite
def suspensions(draw):
    starts_on = draw(days)
    return SuspensionFact(
        starts_on=starts_on,
        ends_on=draw(st.none() | st.integers(1, 30).map(lambda length: starts_on + timedelta(days=length))),
        extends=draw(st.booleans()),
        group_id=draw(st.sampled_from([None, 1])),
    )


@st.composite
def lesson_facts(draw, number, group_id, on):
    return LessonFact(
        id=number,
        group_id=draw(st.sampled_from([group_id] * 5 + [None])),
        on=on,
        status=draw(st.sampled_from(LessonStatus)),
        type=draw(st.none() | st.sampled_from("ab")),
        subject=draw(st.none() | st.sampled_from("ab")),
        moved_from=draw(st.none() | days) if number % 7 == 0 else None,
    )


@st.composite
def answers(draw):
    return decided(lambda name: draw(st.sampled_from(ANSWERS[name])))


@st.composite
def histories(draw):
    """Any facts of a student in the first three months of 2025."""
    marks = draw(st.lists(st.sampled_from("-pPax"), min_size=len(LISTED), max_size=len(LISTED)))
    lessons = tuple(draw(lesson_facts(number, *where)) for number, where in enumerate(LISTED, start=1))
    numbers = range(1, draw(st.integers(1, 3)) + 1)
    return StudentFacts(
        currency="UZS",
        step=draw(st.sampled_from([1, 100])),
        activation_day_counts=draw(st.booleans()),
        groups=GROUPS,
        enrolments=tuple(draw(enrolments(group.id)) for group in GROUPS if draw(st.booleans())),
        subscriptions=tuple(draw(subscriptions(number)) for number in numbers),
        lessons=lessons,
        attendances=tuple(
            AttendanceFact(lesson_id=number, present=mark in "pP", charges_absence=mark == "a")
            for number, mark in enumerate(marks, start=1)
            if mark != "-"
        ),
        discounts=tuple(draw(discounts(number)) for number in range(1, draw(st.integers(0, 3)) + 1)),
        suspensions=tuple(draw(st.lists(suspensions(), max_size=2))),
        holidays=tuple(
            HolidayFact(on=on, affects_payment=draw(st.booleans()), credited=draw(st.booleans()))
            for on in draw(st.sets(st.sampled_from([on for _group, on in LISTED]), max_size=3))
        ),
        payments=tuple(
            PaymentFact(on=draw(days), amount=draw(st.integers(-500, 5_000)), subscription_id=draw(st.none() | ids))
            for _ in range(draw(st.integers(0, 4)))
        ),
        picks=draw(st.dictionaries(st.integers(1, len(LISTED)), ids, max_size=2)),
        money_discount_per=draw(st.sampled_from(DiscountPer)),
        decisions=draw(st.just(AS_USUAL) | answers()),
    )


class Books:
    """A ledger of one student: what reconciling does to it."""

    kept = staticmethod(lambda amount: amount)
    reverses = True

    def __init__(self):
        self.live = []
        self.posted = 0

    def reconcile(self, facts, until):
        """How many transfers it took."""
        to_reverse, to_post = difference(due(facts, until), self.live)
        self.live = [charge for charge in self.live if charge.transfer_id not in to_reverse or not self.reverses]
        for draft in to_post:
            self.posted += 1
            self.live.append(
                PostedCharge(
                    transfer_id=self.posted,
                    subscription_id=draft.subscription_id,
                    key=draft.key,
                    on=draft.on,
                    amount=self.kept(draft.amount),
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
        for name in (
            "groups",
            "enrolments",
            "subscriptions",
            "lessons",
            "attendances",
            "discounts",
            "suspensions",
            "holidays",
            "payments",
        )
    }

    assert due(replace(facts, **shuffled), LAST) == due(facts, LAST)
    assert unpriced(replace(facts, **shuffled), LAST) == unpriced(facts, LAST)


@quick
@given(histories(), st.randoms(use_true_random=False))
def test_law_2_the_order_in_which_facts_arrive_does_not_matter(facts, chance):
    books, at_once = Books(), Books()
    marks = chance.sample(facts.attendances, len(facts.attendances))
    for seen in range(0, len(marks), 5):
        part = chance.sample(facts.subscriptions, chance.randint(0, len(facts.subscriptions)))
        books.reconcile(replace(facts, attendances=tuple(marks[:seen]), subscriptions=tuple(part)), LAST)
    books.reconcile(facts, LAST)
    at_once.reconcile(facts, LAST)

    assert books.sums == at_once.sums


@quick
@given(
    st.integers(0, 10**9),
    st.integers(1, 7),
    st.sampled_from([1, 7, 100]),
    st.sampled_from(PlanKind),
    st.none() | st.integers(1, 100),
)
def test_law_3_a_bundle_and_a_period_add_up_to_their_price(price, count, step, plan, percent):
    # The 6th is a Monday, so that all stand in one week, month and cycle.
    lessons = tuple(
        LessonFact(id=number, group_id=2, on=date(2025, 1, 5 + number), status=LessonStatus.CONDUCTED)
        for number in range(1, count + 1)
    )
    subscription = SubscriptionFact(
        id=1, plan=plan, prices=(PriceStep(FIRST, price),), starts_on=FIRST, group_id=2, lessons_count=count,
        module_lessons=count,
    )  # fmt: skip
    facts = StudentFacts(
        currency="UZS",
        step=step,
        groups=(replace(GROUPS[1], weekdays=frozenset()),),
        enrolments=(EnrolmentFact(group_id=2, joined_on=FIRST, activated_on=FIRST),),
        subscriptions=(subscription,),
        lessons=lessons,
        attendances=tuple(AttendanceFact(lesson_id=lesson.id, present=True) for lesson in lessons),
        discounts=() if percent is None else (DiscountFact(id=1, percent=Decimal(percent)),),
    )
    charged = sum(charge.amount for charge in due(facts, date(2025, 1, 31)))

    if percent is None:
        assert charged == rounded(price, step)
    else:
        assert abs(charged - price * (100 - percent) / 100) * 2 <= step
        assert charged <= rounded(price, step)


def rounded(price, step):
    """Half up, as every charge is."""
    return (2 * price + step) // (2 * step) * step


@quick
@given(histories())
def test_law_6_no_charge_is_zero_negative_or_above_the_price(facts):
    prices = {each.id: max(step.amount for step in each.prices) * (each.months or 1) for each in facts.subscriptions}
    left = Counter()

    for charge in due(facts, LAST):
        assert charge.amount != 0
        assert charge.amount <= rounded(prices[charge.subscription_id], facts.step)
        assert charge.amount > 0 or charge.lesson_id is None
        left[charge.subscription_id, charge.key] += charge.amount
        assert left[charge.subscription_id, charge.key] >= 0


@quick
@given(histories())
def test_a_declined_credit_is_not_given_and_changes_no_other(facts):
    given_back = [draft for draft in due(facts, LAST) if draft.amount < 0]
    for credit in given_back[:2]:
        declined = frozenset({DeclinedCredit(credit.subscription_id, credit.key, credit.on)})
        if not any(each.is_separate for each in facts.subscriptions):
            assert [draft for draft in due(facts, LAST) if draft != credit] == due(
                replace(facts, declined=declined), LAST
            )


@quick
@given(histories())
def test_charges_are_in_order_once_per_key_and_day_and_explained(facts):
    charges = due(facts, LAST)

    assert [charge.on for charge in charges] == sorted(charge.on for charge in charges)
    assert len({(charge.subscription_id, charge.key, charge.on) for charge in charges}) == len(charges)
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
            facts,
            lessons=tuple(lesson for lesson in facts.lessons if str(lesson.id) != charge.key),
            attendances=tuple(mark for mark in facts.attendances if str(mark.lesson_id) != charge.key),
        )
        books.reconcile(gone, LAST)
        assert charge.key not in {each.key for each in books.live}
    books.reconcile(replace(facts, subscriptions=()), LAST)

    assert books.live == []


def as_foreseen(facts, until):
    """What comes is attended, no lesson is held on a day off, and nobody pays any more."""
    joined = {None, *(enrolment.group_id for enrolment in facts.enrolments)}
    marked = {mark.lesson_id for mark in facts.attendances}
    off = {day.on for day in facts.holidays}
    ahead = {each.id for each in facts.lessons if each.on > until and each.status is not LessonStatus.CANCELLED}
    attended = {
        each.id
        for each in facts.lessons
        if each.id in ahead and each.on not in off and (each.group_id in joined or each.id in marked)
    }
    held = {number: LessonStatus.CONDUCTED if number in attended else LessonStatus.PLANNED for number in ahead}
    return replace(
        facts,
        lessons=tuple(replace(lesson, status=held.get(lesson.id, lesson.status)) for lesson in facts.lessons),
        attendances=(
            *(mark for mark in facts.attendances if mark.lesson_id not in attended),
            *(AttendanceFact(lesson_id=lesson_id, present=True) for lesson_id in sorted(attended)),
        ),
        payments=tuple(payment for payment in facts.payments if payment.on <= until),
    )


@quick
@given(histories(), days)
def test_law_8_the_next_charge_foreseen_is_the_one_posted(facts, until):
    foreseen = coverage(facts, until, 0, horizon_days=30).next_charge
    if foreseen is None:
        return
    facts = as_foreseen(facts, until)
    books = Books()
    books.reconcile(facts, until)
    before = books.sums
    books.reconcile(facts, foreseen.on)

    assert (foreseen.subscription_id, foreseen.key, foreseen.on, foreseen.amount) in books.sums
    assert all(each in books.sums for each in before)
    assert min(on for _, _, on, amount in books.sums if on > until and amount > 0) == foreseen.on


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


@settings(max_examples=300, deadline=None)
@given(histories(), days, st.integers(0, 40))
def test_what_is_due_from_a_day_on_follows_from_the_lessons_around_it(facts, since, length):
    until = min(LAST, since + timedelta(days=length))
    window = Window(since, until)
    local = tuple(each for each in facts.subscriptions if window_module._is_local(facts, each))
    facts = replace(facts, subscriptions=local)
    near = within(facts, window)
    if not is_enough(near, window):
        return
    drafts = due(facts, until)
    turns = Counter(each.subscription_id for each in drafts if each.lesson_id and each.on < since)

    assert due(near, until, since=since, turns=turns) == [each for each in drafts if each.on >= since]


@quick
@given(histories())
def test_charges_of_periods_in_groups_do_not_ask_who_came(facts):
    if takes_no_marks(facts.subscriptions):
        assert due(replace(facts, attendances=()), LAST) == due(facts, LAST)


def too_late(window):
    return window.since + timedelta(days=20)


def unsorted_lessons(facts, until):
    timetable = SharedLessons(lesson for lesson in facts.lessons if lesson.on <= until)
    timetable.in_order = list(timetable)
    return replace(known(facts, until), shared=timetable)


FAULTS = [
    pytest.param(
        test_law_1_reconciling_twice_posts_nothing_the_second_time, Books, "kept", staticmethod(abs),
        id="1: credits are kept like charges",
    ),
    pytest.param(
        test_law_2_the_order_of_facts_does_not_matter, due_module, "known", unsorted_lessons,
        id="2: lessons are taken as they come",
    ),
    pytest.param(
        test_law_2_the_order_in_which_facts_arrive_does_not_matter, Books, "reverses", False,
        id="2: what was posted stays",
    ),
    pytest.param(
        test_law_3_a_bundle_and_a_period_add_up_to_their_price, price_module.Price, "place",
        lambda price, place, places: (0, price.part(1, places)),
        id="3: every place is rounded by itself",
    ),
    pytest.param(
        test_law_6_no_charge_is_zero_negative_or_above_the_price, price_module, "_cut",
        lambda facts, discount, full, lessons: discount.amount * lessons,
        id="6: a discount takes more than there is",
    ),
    pytest.param(
        test_what_is_due_from_a_day_on_follows_from_the_lessons_around_it, Window, "first", property(too_late),
        id="window: it begins too late",
    ),
    pytest.param(
        test_law_7_without_its_facts_a_charge_comes_to_nothing, Books, "reverses", False,
        id="7: nothing is taken back",
    ),
    pytest.param(
        test_law_8_the_next_charge_foreseen_is_the_one_posted, coverage_module, "as_attended",
        lambda facts, until, coming: facts,
        id="8: the lessons ahead are foreseen as they are",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("law", "where", "name", "fault"), FAULTS)
def test_a_planted_fault_breaks_its_law(monkeypatch, law, where, name, fault):
    monkeypatch.setattr(where, name, fault)
    searching = settings(max_examples=900, deadline=None, phases=[Phase.generate], database=None)

    with pytest.raises((AssertionError, BaseExceptionGroup)):
        searching(given(**law.hypothesis._given_kwargs)(law.hypothesis.inner_test))()
