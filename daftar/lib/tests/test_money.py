"""Money: the laws of parts, and what people write."""

from fractions import Fraction

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from daftar.lib.money import Money, MoneyError, decimal_text, default_step, exponent, parse, part_of, rounded_part

CURRENCIES = ["UZS", "RUB", "JPY", "KWD", "CLF"]
amounts = st.integers(-(10**14), 10**14)
steps = st.sampled_from([1, 7, 100])


@given(amounts, st.integers(1, 60), steps)
@example(10_050, 3, 100)
def test_a_split_loses_nothing_and_is_even(amount, n, step):
    parts = Money(amount, "UZS").split(n, step)

    assert len(parts) == n
    assert sum(parts, Money(0, "UZS")) == Money(amount, "UZS")
    assert max(parts) - min(parts) < Money(2 * step, "UZS")


@given(amounts, st.integers(0, 60), st.integers(1, 60), steps)
def test_a_share_never_exceeds_the_whole_and_is_near_the_exact_part(amount, numerator, denominator, step):
    assume(numerator <= denominator)
    part = part_of(amount, numerator, denominator, step=step)

    assert 0 <= abs(part) <= abs(amount)
    assert part * amount >= 0
    assert part % step == 0 or part == amount
    assert 2 * abs(part * denominator - amount * numerator) <= step * denominator
    assert part_of(-amount, numerator, denominator, step=step) == -part


@given(amounts, st.integers(1, 60), steps)
def test_a_greater_share_is_never_less_money(amount, denominator, step):
    shares = [part_of(abs(amount), numerator, denominator, step=step) for numerator in range(denominator + 1)]

    assert shares == sorted(shares)
    assert (shares[0], shares[-1]) == (0, abs(amount))


@pytest.mark.parametrize(
    ("amount", "numerator", "denominator", "step", "part"),
    [
        (30_000_000, 10, 13, 100, 23_076_900),
        (100_000_000, 7, 14, 100, 50_000_000),
        (1, 1, 2, 1, 1),
        (-1, 1, 2, 1, -1),
        (3, 1, 4, 1, 1),
        (5, 1, 4, 1, 1),
        (150, 1, 3, 100, 100),
        (149, 1, 3, 100, 0),
        (99, 2, 3, 100, 99),
    ],
)
def test_halves_go_up(amount, numerator, denominator, step, part):
    assert part_of(amount, numerator, denominator, step=step) == part


@pytest.mark.parametrize(
    ("amount", "numerator", "denominator", "step", "part"),
    [
        (99, 2, 3, 100, 100),
        (150, 1, 1, 100, 200),
        (149, 1, 1, 100, 100),
        (Fraction(5, 2), 1, 1, 1, 3),
        (100, 0, 3, 1, 0),
    ],
)
def test_a_rounded_part_is_a_multiple_of_the_step_whole_or_not(amount, numerator, denominator, step, part):
    assert rounded_part(amount, numerator, denominator, step=step) == part


@pytest.mark.parametrize(("denominator", "step"), [(0, 1), (3, 0)])
def test_an_impossible_rounded_part_is_an_error(denominator, step):
    with pytest.raises(ValueError, match="in steps of"):
        rounded_part(100, 1, denominator, step=step)


def test_the_step_is_the_currencys_unless_given():
    assert Money(30_000_000, "UZS").share(10, 13) == Money(23_076_900, "UZS")
    assert Money(30_000_000, "UZS").share(10, 13, 1) == Money(23_076_923, "UZS")
    assert [part.amount for part in Money(100_000, "RUB").split(3)] == [33_333, 33_334, 33_333]
    assert (default_step("UZS"), default_step("PLN")) == (100, 1)
    assert [exponent(currency) for currency in ("UZS", "EUR", "JPY", "KWD", "UYW")] == [2, 2, 0, 3, 4]


@pytest.mark.parametrize("parts", [(1, 0), (-1, 2), (3, 2)])
def test_impossible_shares_are_errors(parts):
    with pytest.raises(ValueError, match=" in steps of 1"):
        Money(100, "RUB").share(*parts)


def test_impossible_splits_and_currencies_are_errors():
    with pytest.raises(ValueError, match="0 parts"):
        Money(100, "RUB").split(0)
    with pytest.raises(ValueError, match="in steps of 0"):
        part_of(100, 1, 2, step=0)
    for currency in ("rub", "RUBL", "РУБ"):
        with pytest.raises(ValueError, match="no currency code"):
            Money(100, currency)


def test_money_adds_compares_and_is_true():
    five, seven = Money(5, "RUB"), Money(7, "RUB")

    assert five + seven == Money(12, "RUB")
    assert five - seven == -Money(2, "RUB")
    assert five < seven
    assert seven >= five
    assert (bool(five), bool(five - five)) == (True, False)
    assert Money(5, "RUB") != Money(5, "UZS")


@pytest.mark.parametrize("mix", [Money.__add__, Money.__sub__, Money.__lt__, Money.__ge__])
def test_two_currencies_never_meet(mix):
    with pytest.raises(MoneyError) as refused:
        mix(Money(5, "RUB"), Money(5, "UZS"))
    assert refused.value.code == "mixed_currencies"


@pytest.mark.parametrize(
    ("text", "minor"),
    [
        ("350", 350_00),
        ("350k", 350_000_00),
        ("350 К", 350_000_00),
        ("350 000", 350_000_00),
        ("350\u00a0000", 350_000_00),
        ("1\u202f250\u202f000,5", 1_250_000_50),
        ("350.000,00", 350_000_00),
        ("1,250.50", 1_250_50),
        ("1'250.50", 1_250_50),
        ("1’250.50", 1_250_50),
        ("350 тыс", 350_000_00),
        ("350 тыс.", 350_000_00),
        ("350 ming", 350_000_00),
        ("1,5 mln", 1_500_000_00),
        ("-700", -700_00),
        ("−700", -700_00),
        ("- 700", -700_00),
        ("+700", 700_00),
        ("737.5", 737_50),
        ("737,5", 737_50),
        ("1.250", 1_250_00),
        ("1,250,000", 1_250_000_00),
        ("0.5", 50),
        ("0", 0),
        (" 12 ", 12_00),
        ("007", 7_00),
        ("999999999999.99", 10**14 - 1),
    ],
)
def test_parse_reads_what_people_write(text, minor):
    assert parse(text, "RUB") == Money(minor, "RUB")


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "empty"),
        (" \u00a0", "empty"),
        ("abc", "not_a_number"),
        ("12abc", "not_a_number"),
        ("12 34", "not_a_number"),
        ("1,00,000", "not_a_number"),
        ("1.250,000.50", "not_a_number"),
        ("12.345.67", "not_a_number"),
        ("1,250 500", "not_a_number"),
        ("5.", "not_a_number"),
        (".5", "not_a_number"),
        ("--5", "not_a_number"),
        ("1e5", "not_a_number"),
        ("5-", "not_a_number"),
        ("٥", "not_a_number"),
        ("nan", "not_a_number"),
        ("=1+1", "not_a_number"),
        ("0.125", "too_many_decimals"),
        ("12.3456", "too_many_decimals"),
        ("1000000000000", "too_large"),
        ("1000000 mln", "too_large"),
        ("-1000000000001", "too_large"),
    ],
)
def test_parse_refuses_the_rest(text, code):
    with pytest.raises(MoneyError) as refused:
        parse(text, "RUB")
    assert refused.value.code == code


def test_decimals_follow_the_currency():
    assert parse("1.250", "KWD") == Money(1_250, "KWD")
    assert parse("1 250,500", "KWD") == Money(1_250_500, "KWD")
    assert parse("1,250", "JPY") == Money(1_250, "JPY")
    with pytest.raises(MoneyError):
        parse("12.5", "JPY")


@given(amounts, st.sampled_from(CURRENCIES))
def test_parse_reads_back_what_decimal_text_writes(amount, currency):
    assume(abs(amount) < 10 ** (12 + exponent(currency)))
    assert parse(decimal_text(Money(amount, currency)), currency) == Money(amount, currency)


@given(st.text(alphabet="0123456789 .,'-+kкмlnтыс\u00a0", max_size=12))
def test_parse_answers_or_refuses(text):
    try:
        money = parse(text, "RUB")
    except MoneyError:
        return
    assert parse(decimal_text(money), "RUB") == money


@pytest.mark.parametrize(
    ("money", "text"),
    [
        (Money(23_076_900, "UZS"), "230769"),
        (Money(23_076_950, "UZS"), "230769.50"),
        (Money(-5, "RUB"), "-0.05"),
        (Money(700_00, "RUB"), "700.00"),
        (Money(-1_250, "JPY"), "-1250"),
        (Money(1_250, "KWD"), "1.250"),
    ],
)
def test_decimal_text_is_plain(money, text):
    assert decimal_text(money) == text
