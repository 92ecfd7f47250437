"""Phones: what people write becomes E.164, or stays as written."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daftar.lib.phone import digits, read_phone, show


@pytest.mark.parametrize(
    ("raw", "region", "e164"),
    [
        ("90 123 45 67", "UZ", "+998901234567"),
        ("998901234567", "UZ", "+998901234567"),
        ("+998 (90) 123-45-67", "UZ", "+998901234567"),
        ("901234567", "UZ", "+998901234567"),
        ("8 90 123 45 67", "UZ", "+998901234567"),
        ("+998 90 123 45 67", "PL", "+998901234567"),
        ("0048512345678", "PL", "+48512345678"),
        ("512 345 678", "PL", "+48512345678"),
        ("347 1234567", "IT", "+393471234567"),
        ("8 (916) 123-45-67", "RU", "+79161234567"),
        ("+79067006164", "RU", "+79067006164"),
        ("801 234 5678", "US", "+18012345678"),
    ],
)
def test_numbers_are_read_as_in_their_country(raw, region, e164):
    phone = read_phone(raw, region)

    assert phone.e164 == e164
    assert phone.raw == raw
    assert (phone.last7, phone.last4) == (e164[-7:], e164[-4:])


@pytest.mark.parametrize(
    ("raw", "last7", "last4"),
    [
        ("123-45-67", "1234567", "4567"),
        ("дом. 23-45", "2345", "2345"),
        ("+998 00 123 45 67", "1234567", "4567"),
        ("8 12 34", "81234", "1234"),
        ("спросить маму", "", ""),
        ("", "", ""),
        ("1" * 300, "1111111", "1111"),
    ],
)
def test_an_old_or_wrong_number_is_kept_as_written(raw, last7, last4):
    phone = read_phone(f" {raw} ", "UZ")

    assert (phone.e164, phone.raw, phone.last7, phone.last4) == (None, raw, last7, last4)


@given(st.text(), st.sampled_from(["UZ", "RU", "PL"]))
def test_no_text_is_refused(raw, region):
    phone = read_phone(raw, region)

    assert phone.raw == raw.strip()
    assert phone.e164 is None or digits(phone.e164).endswith(phone.last7)


def test_a_number_is_shown_with_international_spacing():
    assert show("+998901234567") == "+998 90 123 45 67"
    assert show("123-45") == "123-45"


def test_digits_of_any_script():
    assert digits("+998 (90) ٣") == "998903"
