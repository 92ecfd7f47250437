"""What the code says to a row of each worked table of the handbook."""

from __future__ import annotations

from datetime import timedelta
from itertools import groupby

from daftar.courses.rules import End, kind_of_leaving, may_activate, may_join
from daftar.lib.period import Period
from daftar.tuition.rules import (
    AttendanceFact,
    LessonFact,
    PostedCharge,
    affordable_lessons,
    coverage,
    difference,
    due,
)
from daftar.tuition.tests import quote_cast
from daftar.tuition.tests.rules_cast import (
    CONDUCTED,
    EVEN,
    EVERY_DAY,
    ODD,
    WEEKEND,
    PlanKind,
    a_group,
    a_subscription,
    an_enrolment,
    day,
    lessons_of,
    present,
    rub,
    uzs,
    values_of,
)

DAYS = {"odd": ODD, "even": EVEN, "weekend": WEEKEND, "every day": EVERY_DAY}


def minor(written: str) -> int:
    """Hundredths of a figure as the tables write it: `300 000`, `-1 666.67`."""
    whole, _mark, rest = written.replace(" ", "").partition(".")
    return int(whole + (rest or "00"))


def soums(amount: int) -> str:
    assert amount % 100 == 0
    return f"{amount // 100:,}".replace(",", " ")


def roubles(amount: int) -> str:
    whole, rest = divmod(abs(amount), 100)
    return f"{'-' if amount < 0 else ''}{whole:,}.{rest:02}".replace(",", " ")


def listed(items) -> str:
    return "; ".join(items) or "none"


def yes(answer) -> str:
    return "yes" if answer else "no"


def month(row):
    group = a_group(DAYS[row["days"]], starts=row["group from"], last=row["group to"])
    facts = uzs(
        activation_day_counts=row["D1"] == "yes",
        groups=(group,),
        enrolments=(an_enrolment(None if row["activated"] == "never" else row["activated"]),),
        subscriptions=(a_subscription(price=minor(row["price"])),),
        lessons=lessons_of(group),
    )
    charges = due(facts, day(row["asked on"]))
    part = ""
    if charges:
        whole, some = values_of(charges[0], "whole_month"), values_of(charges[0], "prorated")
        part = f"{whole['lessons']} of {whole['lessons']}" if whole else f"{some['part']} of {some['of']}"
    return {"charges": listed(f"{each.on}: {soums(each.amount)}" for each in charges), "part": part}


def may_of_e1():
    group = a_group(ODD)
    return uzs(
        groups=(group,), enrolments=(an_enrolment(),), subscriptions=(a_subscription(),), lessons=lessons_of(group)
    )


def balance(row):
    facts, until = may_of_e1(), day(row["asked on"])
    left = minor(row["paid"]) - sum(charge.amount for charge in due(facts, until))
    reach = coverage(facts, until, left)
    return {
        "balance": soums(left),
        "paid until": str(reach.paid_until or "none"),
        "lessons left": str(reach.lessons_left),
    }


def posted(charges) -> list[PostedCharge]:
    return [
        PostedCharge(
            transfer_id=number, subscription_id=each.subscription_id, key=each.key, on=each.on, amount=each.amount
        )
        for number, each in enumerate(charges)
    ]


def runs(row):
    facts, on = may_of_e1(), day(row["run on"])
    first = difference(due(facts, on), posted(due(facts, day("2025-05-31"))))
    again = difference(due(facts, on), posted(due(facts, on)))
    assert first[0] == again[0] == []
    names = ("posted by the run", "by a second run")
    return {
        name: listed(f"{each.on}: {soums(each.amount)}" for each in found[1])
        for name, found in zip(names, (first, again), strict=True)
    }


def bundle(row):
    group, price, count = a_group(), minor(row["price"]), int(row["lessons it is for"])
    lessons = lessons_of(group, starts="2025-05-01", status=CONDUCTED)[: int(row["conducted"])]
    subscription = a_subscription(PlanKind.PER_LESSON, price, lessons_count=count)
    facts = rub(
        groups=(group,), enrolments=(an_enrolment("2025-05-01"),), subscriptions=(subscription,), lessons=lessons,
        attendances=present(*lessons),
    )  # fmt: skip
    charges = [charge.amount for charge in due(facts, day("2025-05-31"))]
    left = minor(row["paid in"]) - sum(charges)
    affordable = affordable_lessons(price, count, left, step=1)
    return {"charges": listed(map(roubles, charges)), "balance": roubles(left), "affordable": str(affordable)}


def imported(row):
    opens, group = row["opening date"], a_group((), starts=row["opening date"])
    held = [] if row["lessons conducted on"] == "none" else row["lessons conducted on"].split("; ")
    lessons = [LessonFact(id=number, group_id=1, on=day(on), status=CONDUCTED) for number, on in enumerate(held)]
    price = a_subscription(
        PlanKind.PER_LESSON, {opens: minor(row["price of a lesson"])}, group_id=None, starts_on=day(opens)
    )
    facts = rub(
        groups=(group,), enrolments=(an_enrolment(opens, joined=opens),), subscriptions=(price,),
        lessons=tuple(lessons), attendances=present(*lessons),
    )  # fmt: skip
    charged = sum(charge.amount for charge in due(facts, day("2025-05-31")))
    return {"balance": roubles(minor(row["balance in the file"]) - charged)}


def joining(row):
    life = Period.shown(day("2025-03-01"), day("2026-03-01"))
    allowed = may_join(life, day(row["joins on"]))
    activated = row["activated on"]
    return {
        "may join": yes(allowed),
        "may activate": yes(may_activate(day(row["joins on"]), day(activated))) if activated else "",
    }


def marks(row):
    group = a_group()
    lesson = lessons_of(group, starts="2025-05-01", status=CONDUCTED)[0]
    mark = AttendanceFact(
        lesson_id=lesson.id, present=row["mark"] == "present", charges_absence=row["the reason charges"] != "no"
    )
    facts = rub(
        groups=(group,),
        enrolments=(an_enrolment("2025-05-01" if row["student"] == "active" else None),),
        subscriptions=(a_subscription(PlanKind.PER_LESSON, 100_00),),
        lessons=(lesson,),
        attendances=() if row["mark"] == "not marked" else (mark,),
    )
    return {"charged per lesson": yes(bool(due(facts, day("2025-05-31"))))}


def also_in(row) -> dict[str, object]:
    """What the column "also" adds to a situation of `quote`."""
    changes: dict[str, object] = {"group": {}, "enrolment": {}}
    for said in filter(None, row["also"].split("; ")):
        *words, last = said.split(" ")
        match words:
            case ["left" | "activated" as name]:
                changes["enrolment"][name] = last
            case ["paused", first, "to"]:
                changes["suspensions"] = [{"from": first, "to": last}]
            case ["off", *without]:
                changes["holidays"] = [{"date": last, "affects_payment": not without}]
            case ["D1"]:
                changes["settings"] = {"activation_day_counts": last == "yes"}
            case _:
                changes |= {
                    "credited": {"settings": {"holiday": "credit"}},
                    "even": {"group": {"weekdays": [2, 4, 6]}},
                }[last]
    return changes


def grouped(figure: str) -> str:
    return f"{int(figure):,}".replace(",", " ")


def spread(row):
    own = {"plan": row["way"], "price": row["price"].replace(" ", "")}
    charged = quote_cast.amounts(quote_cast.a_situation(subscription=own, **also_in(row)))
    runs = [(len(list(same)), amount) for amount, same in groupby(charged)]
    return {"charges": listed(f"{count} x {grouped(amount)}" for count, amount in runs)}


def periods(row):
    size, _for, price = row["size"].partition(" for ")
    sizes = {"module_lessons": int(size), "months": int(size), "price": price.replace(" ", "")} if size else {}
    changes = also_in(row)
    joined = {"joined": row["activated"], "activated": row["activated"], **changes.pop("enrolment")}
    charged = quote_cast.charges(
        quote_cast.a_situation(
            until=row["asked on"], group={"starts": row["group from"], **changes.pop("group")}, enrolment=joined,
            subscription={"plan": row["way"], **sizes}, **changes,
        )
    )  # fmt: skip
    return {"charges": listed(f"{on}: {grouped(amount)}" for on, amount in charged)}


def discounts(row):
    written = [
        {"id": said, "kind": "percent" if said.endswith(" %") else "money", "amount": said.removesuffix(" %")}
        for said in row["discounts"].split("; ")
    ]
    settings = {"money_discount_per": row["money off"]}
    lesson = quote_cast.alone({}, {"date": "2024-03-05"}, discounts=written, settings=settings)
    return {"charge": listed(quote_cast.amounts(lesson))}


def leaving(row):
    end = End(
        None if row["last day"] == "none" else day(row["last day"]) + timedelta(days=1),
        group_ends_on=day("2026-03-02"),
        activated_on=None if row["active from"] == "never" else day(row["active from"]),
        is_told=row["told"] == "yes",
        is_moved=row["what else"] == "moved",
        goes_on=row["what else"] == "in the group again next day",
    )
    return {"kind": kind_of_leaving(end) or "none"}


WORKED = {
    "spread": spread, "periods": periods, "credits": periods, "discounts": discounts,
    "month": month, "balance": balance, "runs": runs, "bundle": bundle, "imported": imported, "joining": joining,
    "marks": marks, "leaving": leaving,
}  # fmt: skip
