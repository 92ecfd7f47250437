"""The same as at a desk: in a file of its own, so that both run side by side."""

from tests.journeys.conftest import PHONE
from tests.journeys.test_every_page import look_at_every_page


def test_axe_finds_nothing_on_any_page_on_a_phone_in_light_and_dark(visit, transactional_db):
    look_at_every_page(visit, viewport=PHONE, has_touch=True)
