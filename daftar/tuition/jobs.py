"""Background work of tuition: what falls due with the calendar, and what a changed rule touches."""

from datetime import date
from typing import Any

from procrastinate.contrib.django import app
from procrastinate.exceptions import AlreadyEnqueued

from daftar.ledger.queries import students_charged
from daftar.orgs.access import Actor
from daftar.orgs.models import Branch, Organization
from daftar.orgs.queries import branches, today_in
from daftar.orgs.work import task
from daftar.tuition.forecasts import keep_forecast
from daftar.tuition.listed import begin_prices
from daftar.tuition.models import ForecastDay, Subscription
from daftar.tuition.services import reconcile
from daftar.tuition.siblings import families_of, settle_siblings

AT_ONCE = 1000
ANEW_AT = 22
"""The hour (UTC) in which everything is charged from the beginning: night where most centres are."""


def reconcile_all(by: Actor) -> None:
    """Posts whatever is due for everyone with a subscription and is not posted yet; repeats change nothing.

    Charges carry their own due dates, so a run after an outage catches up exactly.
    """
    for part in _parts(by):
        reconcile(by, student_ids=part)


@task("tuition.charge_some")
def charge_some(by: Actor, student_ids: list[int]) -> None:
    """Posts what fell due to a part of everyone since they were last charged."""
    reconcile(by, student_ids=student_ids, since=date.max)


@task("tuition.charge_everyone")
def charge_everyone(by: Actor) -> None:
    """Asks for every part in which somebody has not been charged up to today; nothing changed, only time went by."""
    latest = max(today_in(by, branch) for branch in branches(by))
    for part in parts_to_charge(by, latest):
        charge_some.defer(org_id=by.org_id, student_ids=part)
    _keep_forecasts(by)


@task("tuition.reconcile_some")
def reconcile_some(by: Actor, student_ids: list[int]) -> None:
    """A part of everyone, in a transaction of its own: nobody waits long, and one who cannot be charged stops few."""
    reconcile(by, student_ids=student_ids)


@task("tuition.keep_forecast")
def keep_forecast_of(by: Actor, branch_id: int) -> None:
    """Keeps what a branch expects today; the next time it is asked on the same day nothing happens."""
    keep_forecast(by, branch_id=branch_id)


@task("tuition.reconcile_everyone")
def reconcile_everyone(by: Actor) -> None:
    """Asks for every part; what is due is found out when the part is done.

    Before that: prices whose day has come, and discounts of siblings where somebody's group is over by now.
    """
    begin_prices(by)
    settle_siblings(by)
    for part in _parts(by):
        reconcile_some.defer(org_id=by.org_id, student_ids=part)
    _keep_forecasts(by)


def _keep_forecasts(by: Actor) -> None:
    for branch in Branch.objects.visible_to(by).order_by("id"):
        kept = ForecastDay.objects.visible_to(by).filter(branch=branch, made_on=today_in(by, branch))
        if not kept.exists():
            keep_forecast_of.defer(org_id=by.org_id, branch_id=branch.pk)


@task("tuition.settle_families")
def settle_families(by: Actor, student_ids: list[int], payer_ids: list[int], since: str) -> None:
    """The rule for siblings, in the families that changed."""
    found = families_of(by, student_ids, payer_ids)
    settle_siblings(by, student_ids=found, since=date.fromisoformat(since) if since else None)


def parts_to_charge(by: Actor, until: date) -> list[list[int]]:
    """Everyone with a subscription who is not charged up to a day yet, in the parts in which they are charged."""
    charged = students_charged(by.trusted(), until)
    return _in_parts(Subscription.objects.visible_to(by).exclude(student_id__in=charged))


def _parts(by: Actor) -> list[list[int]]:
    """Everyone with a subscription."""
    return _in_parts(Subscription.objects.visible_to(by))


def _in_parts(rows: Any) -> list[list[int]]:
    # Who learns together is charged together: the lessons of a group are read in one part and not in many.
    ids = list(dict.fromkeys(rows.order_by("group_id", "student_id").values_list("student_id", flat=True)))
    return [ids[start : start + AT_ONCE] for start in range(0, len(ids), AT_ONCE)]


@app.periodic(cron="7 * * * *")
@app.task(name="tuition.begin_hour", queueing_lock="tuition.begin_hour")
def begin_hour(timestamp: int) -> None:
    """Asks for a run in every organization: each branch's day, and so its 1st of the month, begins in its own zone.

    Once a day everything is looked at anew, whatever was noted as done.
    """
    job = reconcile_everyone if timestamp // 3600 % 24 == ANEW_AT else charge_everyone
    for org_id in Organization.objects.values_list("id", flat=True):
        lock = f"{job.name}:{org_id}"
        try:
            job.configure(queueing_lock=lock).defer(org_id=org_id)
        except AlreadyEnqueued:
            continue  # the last one still waits and will do what this one would
