"""What the page on charging asks: each decision, its answers, and a sentence on what follows from each."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _

from daftar.orgs.models import DiscountPer
from daftar.orgs.rules import (
    AccountFirst,
    ArchivedDebtors,
    BackdatedCharges,
    CancelledLessons,
    GroupEdges,
    MovedLessons,
    SeveralDiscounts,
    ShortMonths,
    UnservedLessons,
    ZeroBalance,
)

AS_CENTRE = _("Now and whenever the centre changes it.")
QUESTIONS: dict[str, tuple[Any, dict[str, tuple[Any, Any]]]] = {
    "activation_day_counts": (
        _("The lesson on the day of activation"),
        {
            "yes": (_("is charged"), _("Whoever becomes active on a day with a lesson pays for that lesson.")),
            "no": (_("is still a trial"), _("Charges begin with the day after.")),
        },
    ),
    "money_discount_per": (
        _("A discount in money is off"),
        {
            DiscountPer.SUBSCRIPTION: (DiscountPer.SUBSCRIPTION.label, _("Once for each month or other price.")),
            DiscountPer.LESSON: (DiscountPer.LESSON.label, _("As often as there are lessons.")),
        },
    ),
    "suspensions_extend": (
        _("A pause"),
        {
            "yes": (
                _("moves the end of the subscription"),
                _("By the days of the pause. Each pause can say otherwise."),
            ),
            "no": (_("leaves the end where it is"), _("The days of the pause are lost. Each pause can say otherwise.")),
        },
    ),
    "holidays_credited": (
        _("Lessons on days off that change the charge"),
        {
            "no": (
                _("leave the count"),
                _("The month costs its price for fewer lessons. Each day off can say otherwise."),
            ),
            "yes": (_("are credited"), _("One lesson's share comes back for each. Each day off can say otherwise.")),
        },
    ),
    "several_discounts": (
        _("Several discounts"),
        {
            SeveralDiscounts.BEST: (
                _("the best one counts"),
                _("They are never added up: the one that saves most on a charge counts, of two alike the older."),
            ),
            SeveralDiscounts.OLDEST: (
                _("the oldest one counts"),
                _("They are never added up: the one that began first counts, even where a later one would save more."),
            ),
        },
    ),
    "account_first": (
        _("Several subscriptions"),
        {
            AccountFirst.SEPARATE: (
                _("an account of its own with enough money pays first"),
                _(
                    "An own account with enough money pays first, of several the one that ends first; "
                    "then the closest price."
                ),
            ),
            AccountFirst.BASE: (
                _("the main account pays first"),
                _("Accounts of their own keep their money for lessons that no subscription of the main account fits."),
            ),
        },
    ),
    "unserved_lessons": (
        _("Pausing, leaving or moving within a month"),
        {
            UnservedLessons.CREDITED: (
                _("gives lessons back"),
                _(
                    "What was charged for lessons that are not served comes back; "
                    "it is shown first and can be declined."
                ),
            ),
            UnservedLessons.KEPT: (
                _("gives nothing back"),
                _(
                    "Nothing comes back, unless a person gives it with a reason. "
                    "Pauses that are known on the day of a charge lower it."
                ),
            ),
        },
    ),
    "cancelled_lessons": (
        _("Lessons charged ahead that the centre cancels"),
        {
            CancelledLessons.CREDITED: (
                _("come back"),
                _("One lesson's share of the month comes back on the day of the lesson."),
            ),
            CancelledLessons.KEPT: (
                _("stay charged"),
                _("The month costs its price. Make up for the lesson on another day."),
            ),
        },
    ),
    "moved_lessons": (
        _("A lesson moved into another month"),
        {
            MovedLessons.FIRST_DAY: (
                _("counts where it stood first"),
                _("It is counted in the month in which it stood first."),
            ),
            MovedLessons.NEW_DAY: (
                _("counts where it stands now"),
                _("The one month has a lesson less and the other a lesson more: shares of both are recounted."),
            ),
        },
    ),
    "backdated_charges": (
        _("Activation with an earlier day"),
        {
            BackdatedCharges.EVERY_MONTH: (
                _("charges every month since"),
                _("Each month since then is charged, dated its own day."),
            ),
            BackdatedCharges.SINCE_ENTRY: (
                _("charges from the month it is entered in"),
                _("What lies before that month is free. A whole course is charged all the same."),
            ),
        },
    ),
    "group_edges": (
        _("A group that begins or ends within a month"),
        {
            GroupEdges.WHOLE_MONTH: (
                _("costs its part of the month"),
                _("The lessons of the whole month by its days stay the measure."),
            ),
            GroupEdges.GROUP_LIFE: (
                _("costs the whole price"),
                _("Only lessons in the group's life are counted, so that they cost the month's price."),
            ),
        },
    ),
    "short_months": (
        _("Charged on the 29th, 30th or 31st"),
        {
            ShortMonths.LAST_DAY: (
                _("in a shorter month on its last day"),
                _("In a shorter month on its last day; the day itself is kept for the next."),
            ),
            ShortMonths.NEXT_FIRST: (
                _("in a shorter month on the 1st after it"),
                _("Nobody is charged earlier than the day agreed; the day itself is kept for the next."),
            ),
        },
    ),
    "archived_debtors": (
        _("Archived students who owe"),
        {
            ArchivedDebtors.HIDDEN: (
                _("are left out"),
                _("Lists and sums of debtors are about those who are here; the filter shows the others."),
            ),
            ArchivedDebtors.SHOWN: (
                _("stand among the debtors"),
                _("Lists and sums of debtors hold them until they pay; the filter leaves them out."),
            ),
        },
    ),
    "zero_balance": (
        _("A balance of zero"),
        {
            ZeroBalance.SETTLED: (_("is green"), _("It is no debt: everything is paid.")),
            ZeroBalance.DUE: (
                _("is yellow"),
                _("It is no debt, and shown as something to pay soon: the next lesson has no money."),
            ),
        },
    ),
}
