"""What a deed did to rows, and whether they still are as it left them."""

from __future__ import annotations

from daftar.tuition.rules.taking_back import Step, changed_since, digest, groups_to_watch, seen, steps

BEFORE = {
    "membership": {"3": {"group_id": 1, "ends_on": None, "activated_on": None}},
    "price": {"8": {"amount": 5}, "9": {"amount": 7}},
}
AFTER = {
    "membership": {
        "3": {"group_id": 1, "ends_on": "2025-05-14", "activated_on": None},
        "12": {"group_id": 2, "ends_on": None, "activated_on": None},
    },
    "price": {"9": {"amount": 7}},
}


def test_each_row_that_is_not_what_it_was_is_a_step_in_the_order_of_ids():
    found = steps(BEFORE, AFTER)
    assert [(step.table, step.id) for step in found] == [("membership", 3), ("membership", 12), ("price", 8)]
    assert found[0].differs == {"ends_on": None}
    assert (found[1].was, found[2].now) == (None, None)
    assert steps(AFTER, AFTER) == []


def test_a_row_written_since_is_noticed_and_the_order_of_reading_is_not():
    looks = seen(AFTER)
    assert changed_since(looks, seen(AFTER)) is None
    turned = AFTER | {"membership": dict(reversed(AFTER["membership"].items()))}
    assert changed_since(looks, seen(turned)) is None
    assert changed_since(looks, seen(AFTER | {"price": {"9": {"amount": 8}}})) == "price"
    assert changed_since(looks, seen(AFTER | {"price": {}})) == "price"
    assert changed_since(looks, {"membership": looks["membership"]}) == "price"
    assert digest([1]) != digest([2])


def test_marks_matter_where_a_membership_or_an_activation_comes_or_goes():
    made = Step("membership", 12, None, {"group_id": 2})
    active = Step("membership", 3, {"group_id": 1, "activated_on": None}, {"group_id": 1, "activated_on": "2025-05-14"})
    left = Step("membership", 4, {"group_id": 9, "ends_on": None}, {"group_id": 9, "ends_on": "2025-05-14"})
    price = Step("price", 4, None, {"amount": 1})
    assert groups_to_watch([made, active, left, price]) == {1, 2}
    assert groups_to_watch([left, price]) == set()
