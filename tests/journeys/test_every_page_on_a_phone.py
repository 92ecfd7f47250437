"""The same as at a desk: in a file of its own, so that both run side by side."""

from tests.journeys.conftest import PHONE
from tests.journeys.test_every_page import ALL_RULES, look_at_every_page


def test_axe_finds_nothing_on_any_page_on_a_phone_in_the_dark(visit, transactional_db):
    """The colours of the light theme are looked at on a desk: they are the same."""
    look_at_every_page(visit, [("dark", ALL_RULES)], viewport=PHONE, has_touch=True)
