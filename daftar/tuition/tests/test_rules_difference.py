"""What reconciling posts and reverses."""

from dataclasses import replace

from daftar.tuition.rules import ChargeDraft, PostedCharge, as_json, difference, due, from_json
from daftar.tuition.tests.rules_cast import ODD, a_group, a_subscription, an_enrolment, day, lessons_of, uzs


def a_draft(key="2025-05", amount=300, on="2025-05-01", subscription_id=1):
    return ChargeDraft(subscription_id=subscription_id, key=key, on=day(on), amount=amount, lesson_id=None, why=())


def posted_as(transfer_id, draft):
    return PostedCharge(
        transfer_id=transfer_id,
        subscription_id=draft.subscription_id,
        key=draft.key,
        on=draft.on,
        amount=draft.amount,
    )


def test_what_is_due_and_not_posted_is_posted_in_order():
    drafts = [a_draft("2025-05"), a_draft("2025-06", on="2025-06-01")]

    assert difference(drafts, []) == ([], drafts)


def test_what_is_posted_and_due_is_left_alone_whatever_its_explanation():
    drafts = [a_draft("2025-05"), a_draft("2025-06", on="2025-06-01")]

    assert difference(drafts, [posted_as(7, drafts[1]), posted_as(8, drafts[0])]) == ([], [])


def test_what_is_no_longer_due_is_reversed():
    assert difference([], [posted_as(7, a_draft())]) == ([7], [])


def test_a_changed_amount_day_or_subscription_is_reversed_and_posted_anew():
    draft = a_draft()
    for other in (a_draft(amount=299), a_draft(on="2025-05-02"), a_draft(subscription_id=2), a_draft(key="x")):
        assert difference([draft], [posted_as(7, other)]) == ([7], [draft])


def test_a_charge_posted_twice_is_reversed_once():
    draft = a_draft()

    assert difference([draft], [posted_as(7, draft), posted_as(8, draft)]) == ([8], [])


def may_facts():
    group = a_group(ODD)
    return uzs(
        groups=(group,),
        enrolments=(an_enrolment("2025-05-01"),),
        subscriptions=(a_subscription(),),
        lessons=lessons_of(group),
    )


def test_e34_the_monthly_run_twice_or_late_charges_once():
    may = [posted_as(1, draft) for draft in due(may_facts(), day("2025-05-31"))]

    to_reverse, to_post = difference(due(may_facts(), day("2025-06-01")), may)
    june = [posted_as(2, draft) for draft in to_post]

    assert to_reverse == []
    assert [(draft.on, draft.amount) for draft in to_post] == [(day("2025-06-01"), 30_000_000)]
    for late in ("2025-06-01", "2025-06-03"):
        assert difference(due(may_facts(), day(late)), [*may, *june]) == ([], [])
    assert difference(due(may_facts(), day("2025-06-03")), may) == ([], to_post)


def test_moving_the_activation_replaces_the_first_charge_only():
    posted = [posted_as(number, draft) for number, draft in enumerate(due(may_facts(), day("2025-06-01")))]
    moved = replace(may_facts(), enrolments=(an_enrolment("2025-05-08"),))

    to_reverse, to_post = difference(due(moved, day("2025-06-01")), posted)

    assert to_reverse == [0]
    assert [(draft.key, draft.on) for draft in to_post] == [("2025-05", day("2025-05-08"))]


def test_an_explanation_is_kept_as_json():
    (draft,) = due(may_facts(), day("2025-05-31"))

    assert from_json(as_json(draft.why)) == draft.why
    assert as_json(draft.why)[0] == {
        "code": "subscription",
        "values": {"id": "1", "plan": "calendar_month", "starts_on": "2025-01-01"},
    }
