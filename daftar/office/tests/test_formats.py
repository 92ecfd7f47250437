from datetime import UTC, date, datetime, time

import pytest
from django.utils import timezone, translation

from daftar.lib.money import Money
from daftar.office import formats

LATE_AUTUMN = date(2026, 11, 5)


def with_plain_spaces(text):
    return text.replace(formats.NBSP, " ")


@pytest.mark.parametrize(
    ("language", "day", "day_month", "weekday_day", "plain_date"),
    [
        ("uz", "5-noy, 2026", "5-noy", "Pay, 5-noy", "05.11.2026"),
        ("ru", "5 нояб. 2026", "5 нояб.", "чт 5 нояб.", "05.11.2026"),
        ("pl", "5 lis 2026", "5 lis", "czw. 5 lis", "05.11.2026"),
        ("it", "5 nov 2026", "5 nov", "gio 5 nov", "05/11/2026"),
        ("en", "5 Nov 2026", "5 Nov", "Thu 5 Nov", "05/11/2026"),
    ],
)
def test_dates_follow_the_pattern_of_the_language(language, day, day_month, weekday_day, plain_date):
    with translation.override(language):
        written = [
            formats.day(LATE_AUTUMN),
            formats.day_month(LATE_AUTUMN),
            formats.weekday_day(LATE_AUTUMN),
            formats.plain_date(LATE_AUTUMN),
        ]
    assert [with_plain_spaces(text) for text in written] == [day, day_month, weekday_day, plain_date]


@pytest.mark.parametrize(
    ("language", "money", "text"),
    [
        ("uz", Money(125_000_050, "UZS"), "1 250 000,50 soʻm"),
        ("uz", Money(35_000_000, "UZS"), "350 000 soʻm"),
        ("ru", Money(-35_000_000, "UZS"), "−350 000 сум"),
        ("pl", Money(125_000, "PLN"), "1 250,00 zł"),
        ("it", Money(125_000_050, "UZS"), "1.250.000,50 UZS"),
        ("it", Money(125_050, "EUR"), "1.250,50 €"),
        ("en", Money(-35_000_000, "UZS"), "−UZS 350,000"),
        ("en", Money(125_050, "EUR"), "€1,250.50"),
        ("en", Money(1250, "JPY"), "JPY 1,250"),
        ("uz", Money(0, "UZS"), "0 soʻm"),
    ],
)
def test_money_text_shows_no_minor_units_nobody_uses(language, money, text):
    with translation.override(language):
        assert with_plain_spaces(formats.money_text(money)) == text


def test_money_text_never_breaks():
    with translation.override("ru"):
        assert " " not in formats.money_text(Money(125_000_000, "UZS"))


def test_money_below_zero_is_marked():
    assert 'class="money money-minus"' in formats.money(Money(-100, "UZS"))
    assert 'class="money"' in formats.money(Money(100, "UZS"))


def test_clock_of_a_moment_is_that_of_the_zone_in_force():
    with timezone.override("Asia/Tashkent"):
        assert formats.clock(datetime(2026, 11, 5, 9, 2, tzinfo=UTC)) == "14:02"
    assert formats.clock(time(14)) == "14:00"


def test_phone_is_grouped_and_the_unreadable_stays():
    assert with_plain_spaces(formats.phone("+998901234567")) == "+998 90 123 45 67"
    assert formats.phone("ask at the door") == "ask at the door"


def test_initials_of_a_single_word():
    assert formats.initials("Oʻrinboy Toshmatov") == "OT"
    assert formats.initials("Madina") == "M"
