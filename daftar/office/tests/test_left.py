"""How long somebody was a member, in words."""

from __future__ import annotations

from datetime import date

import pytest

from daftar.office.reports.left import stayed


@pytest.mark.parametrize(
    ("joined_on", "last_on", "says"),
    [
        (date(2025, 5, 5), date(2025, 5, 5), "1 day"), (date(2025, 5, 1), date(2025, 6, 29), "60 days"),
        (date(2025, 5, 1), date(2025, 6, 30), "2 months"), (date(2024, 11, 30), date(2025, 2, 27), "3 months"),
        (date(2024, 5, 14), date(2025, 5, 12), "11 months"), (date(2024, 5, 14), date(2025, 5, 13), "12 months"),
    ],
)  # fmt: skip
def test_a_membership_is_told_in_whole_months_from_two_on(joined_on, last_on, says):
    assert stayed(joined_on, last_on, (last_on - joined_on).days + 1) == says
