"""What clashes in a timetable, and what is free."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daftar.courses.clashes import Busy, ClashKind, Slot, clashes, gaps, is_free, nearest, side_by_side

NINE = datetime(2025, 5, 12, 9, tzinfo=UTC)


def slot(pk, starts=0, minutes=60, **values):
    at = NINE + timedelta(minutes=starts)
    return Slot(id=pk, starts_at=at, ends_at=at + timedelta(minutes=minutes), **values)


def kinds(found):
    return {pk: [clash.kind.value for clash in each] for pk, each in found.items()}


def test_two_lessons_in_one_room_are_both_told_and_name_each_other():
    found = clashes([slot(1, room_id=7), slot(2, 30, room_id=7)])
    assert kinds(found) == {1: ["room"], 2: ["room"]}
    assert (found[1][0].other.id, found[2][0].other.id) == (2, 1)


def test_a_lesson_that_begins_when_another_ends_does_not_clash():
    assert clashes([slot(1, room_id=7, teacher_id=3), slot(2, 60, room_id=7, teacher_id=3)]) == {}


@pytest.mark.parametrize(
    ("one", "other", "kind"),
    [
        ({"room_id": 7}, {"room_id": 7}, ["room"]),
        ({"room_id": 7}, {"room_id": 8}, None),
        ({"room_id": None}, {"room_id": None}, None),
        ({"teacher_id": 3}, {"teacher_id": 3}, ["teacher"]),
        ({"students": frozenset({1, 2, 3})}, {"students": frozenset({2, 3, 4})}, ["student"]),
        ({"room_id": 7, "teacher_id": 3}, {"room_id": 7, "teacher_id": 3}, ["room", "teacher"]),
    ],
)
def test_what_two_lessons_share_is_what_clashes(one, other, kind):
    assert kinds(clashes([slot(1, **one), slot(2, 30, **other)])).get(1) == kind


def test_students_in_two_lessons_are_counted():
    both = clashes([slot(1, students=frozenset({1, 2, 3})), slot(2, students=frozenset({2, 3}))])
    assert (both[1][0].kind, both[1][0].count) == (ClashKind.STUDENT, 2)


def test_a_lesson_alone_may_be_closed_off_or_too_full():
    found = clashes([slot(1, is_closed=True, is_off=True, places=2, students=frozenset({1, 2, 3}))])
    assert kinds(found) == {1: ["closed", "holiday", "capacity"]}
    assert found[1][-1].count == 1
    assert clashes([slot(1, places=3, students=frozenset({1, 2, 3}))]) == {}


SLOTS = st.lists(
    st.tuples(st.integers(0, 600), st.integers(1, 180), st.integers(1, 3), st.integers(1, 3)), max_size=12
).map(lambda rows: [slot(pk, at, long, room_id=room, teacher_id=who) for pk, (at, long, room, who) in enumerate(rows)])


@given(SLOTS)
def test_the_sweep_finds_what_comparing_every_pair_finds(slots):
    def over(a, b):
        return a.id != b.id and a.starts_at < b.ends_at and b.starts_at < a.ends_at

    slow = {
        here.id: sorted(
            (kind, there.id)
            for there in slots if over(here, there)
            for kind in ("room", "teacher")
            if getattr(here, f"{kind}_id") == getattr(there, f"{kind}_id")
        )
        for here in slots
    }  # fmt: skip
    found = {pk: sorted((clash.kind.value, clash.other.id) for clash in each) for pk, each in clashes(slots).items()}
    assert found == {pk: each for pk, each in slow.items() if each}


@given(SLOTS, st.data())
def test_a_timetable_without_conflicts_stays_so_when_a_lesson_is_removed(slots, data):
    if not slots or clashes(slots):
        return
    slots.remove(data.draw(st.sampled_from(slots)))
    assert clashes(slots) == {}


@given(SLOTS)
def test_side_by_side_nothing_covers_another_and_no_column_is_wasted(slots):
    times = {each.id: ((each.starts_at - NINE).seconds // 60, (each.ends_at - NINE).seconds // 60) for each in slots}
    placed, width = side_by_side(times)
    for one in times:
        for other in times:
            if one < other and placed[one] == placed[other]:
                assert times[one][1] <= times[other][0] or times[other][1] <= times[one][0]
    most = max((sum(a <= at < b for a, b in times.values()) for at, _end in times.values()), default=0)
    assert width == max(most, 1)


def test_free_is_what_lies_between_and_long_enough():
    taken = [Busy(NINE, NINE + timedelta(hours=2)), Busy(NINE + timedelta(hours=3), NINE + timedelta(hours=4))]
    opens, closes = NINE - timedelta(hours=1), NINE + timedelta(hours=6)
    hours = [(gap.starts_at.hour, gap.ends_at.hour) for gap in gaps(taken, opens, closes, timedelta(minutes=60))]
    assert hours == [(8, 9), (11, 12), (13, 15)]
    assert [gap.starts_at.hour for gap in gaps(taken, opens, closes, timedelta(minutes=90))] == [13]
    assert is_free(taken, NINE + timedelta(hours=2), NINE + timedelta(hours=3))
    assert not is_free(taken, NINE + timedelta(minutes=119), NINE + timedelta(hours=3))


def test_the_same_hour_tomorrow_is_nearer_than_another_hour_today():
    times = [NINE + timedelta(hours=hour) for hour in (1, 24, 25, 48)]
    assert nearest(times, NINE, most=3, accepts=lambda _at: True) == [times[1], times[3], times[0]]
    assert nearest(times, NINE, most=3, accepts=lambda at: at != times[3]) == [times[1], times[0], times[2]]
