"""Money pays for debts in the order of their days; nothing is lost and nothing is counted twice."""

from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from daftar.reports.rules import settled

sums = st.integers(0, 10**12)


def test_the_oldest_money_pays_for_the_oldest_debt():
    assert settled([("may", 100), ("june", 50)], [("A", 70), ("B", 60)]) == {
        ("may", "A"): 70, ("may", "B"): 30, ("june", "B"): 30, ("june", None): 20
    }  # fmt: skip
    assert settled([("may", 10)], [("A", 30)]) == {("may", "A"): 10}
    assert settled([], [("A", 30)]) == {}
    assert settled([("may", 0), ("june", 5)], []) == {("june", None): 5}


@given(st.lists(st.tuples(st.sampled_from("abc"), sums)), st.lists(st.tuples(st.sampled_from("ABC"), sums)))
def test_of_every_source_exactly_its_sum_is_told_and_no_debt_is_paid_twice(came, owed):
    found = settled(came, owed)
    told, used, wanted, debts = Counter(), Counter(), Counter(), Counter()
    for source, amount in came:
        wanted[source] += amount
    for use, amount in owed:
        debts[use] += amount
    for (source, use), amount in found.items():
        assert amount > 0
        told[source] += amount
        used[use] += amount
    assert told == +wanted
    assert all(used[use] <= debts[use] for use in debts)
    assert used[None] == max(0, sum(wanted.values()) - sum(debts.values()))
