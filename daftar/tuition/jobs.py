"""Background work of tuition: what falls due with the calendar, and what a changed rule touches."""

from datetime import date

from procrastinate.contrib.django import app
from procrastinate.exceptions import AlreadyEnqueued

from daftar.orgs.access import Actor
from daftar.orgs.models import Branch, Organization
from daftar.orgs.queries import today_in
from daftar.orgs.work import task
from daftar.tuition.forecasts import keep_forecast
from daftar.tuition.listed import begin_prices
from daftar.tuition.models import ForecastDay, Subscription
from daftar.tuition.services import reconcile
from daftar.tuition.siblings import families_of, settle_siblings

AT_ONCE = 500


def reconcile_all(by: Actor) -> None:
    """Posts whatever is due for everyone with a subscription and is not posted yet; repeats change nothing.

    Charges carry their own due dates, so a run after an outage catches up exactly.
    """
    for part in _parts(by):
        reconcile(by, student_ids=part)


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
    for branch in Branch.objects.visible_to(by).order_by("id"):
        kept = ForecastDay.objects.visible_to(by).filter(branch=branch, made_on=today_in(by, branch))
        if not kept.exists():
            keep_forecast_of.defer(org_id=by.org_id, branch_id=branch.pk)


@task("tuition.settle_families")
def settle_families(by: Actor, student_ids: list[int], payer_ids: list[int], since: str) -> None:
    """The rule for siblings, in the families that changed."""
    found = families_of(by, student_ids, payer_ids)
    settle_siblings(by, student_ids=found, since=date.fromisoformat(since) if since else None)


def _parts(by: Actor) -> list[list[int]]:
    rows = Subscription.objects.visible_to(by).order_by("student_id").values_list("student_id", flat=True)
    ids = list(rows.distinct())
    return [ids[start : start + AT_ONCE] for start in range(0, len(ids), AT_ONCE)]


@app.periodic(cron="7 * * * *")
@app.task(name="tuition.begin_hour", queueing_lock="tuition.begin_hour")
def begin_hour(timestamp: int) -> None:  # noqa: ARG001 - given to every periodic task
    """Asks for a run in every organization: each branch's day, and so its 1st of the month, begins in its own zone."""
    for org_id in Organization.objects.values_list("id", flat=True):
        lock = f"tuition.reconcile_everyone:{org_id}"
        try:
            reconcile_everyone.configure(queueing_lock=lock).defer(org_id=org_id)
        except AlreadyEnqueued:
            continue  # the last one still waits and will do what this one would
