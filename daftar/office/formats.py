"""How numbers, sums, dates and phones are written in each language: every pattern stands here and is tested."""

from __future__ import annotations

from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache
from typing import TYPE_CHECKING

import phonenumbers
from babel.dates import format_date
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.translation import get_language

from daftar.lib.money import default_step, exponent

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date, time

    from django.utils.safestring import SafeString

    from daftar.lib.money import Money

NBSP = "\u00a0"
MINUS = "\u2212"
MEGABYTE = 1_000_000
LOCALES = {"en": "en_GB"}
GROUPS = {"en": (",", "."), "it": (".", ",")}  # thousands, decimals; the others: a no-break space and a comma
DAYS = {"uz": "d-MMM, y"}
DAYS_OF_MONTH = {"uz": "d-MMM"}
WEEKDAYS = {"uz": "EEE, d-MMM"}
PLAIN_DATES = {"en": "dd/MM/y", "it": "dd/MM/y"}
MONTHS = {"uz": "LLLL y", "ru": "LLLL y", "pl": "LLLL y"}
SYMBOLS = {
    "UZS": {"uz": "soʻm", "ru": "сум"},
    "PLN": {"pl": "zł"},
    "EUR": {"uz": "€", "ru": "€", "pl": "€", "it": "€", "en": "€"},
}


def language() -> str:
    """The code of the language spoken now."""
    return (get_language() or "en").split("-")[0]


def hundredths(value: Decimal) -> Decimal:
    """Half up to hundredths, as an average is shown."""
    return value.quantize(Decimal("0.01"), ROUND_HALF_UP)


def score(value: Decimal) -> str:
    """7.5 or 7,5, as the reader writes it; without zeros that say nothing."""
    text = f"{value:f}"
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return text.replace(".", GROUPS.get(language(), (NBSP, ","))[1]).replace("-", MINUS)


def filesize(size: int) -> str:
    """340 kB or 1.2 MB, in units of 1000; a file of a few bytes has one of them."""
    if size < MEGABYTE:
        return f"{max(1, round(size / 1000))}{NBSP}kB"
    return f"{score(Decimal(10 * size // MEGABYTE) / 10)}{NBSP}MB"


def money_text(money: Money) -> str:
    """1 250 000,50 soʻm: no tiyin where there are none, a real minus sign, no-break spaces."""
    return _money_text(money, language())


@lru_cache(maxsize=8192)
def _money_text(money: Money, spoken: str) -> str:
    thousands, decimals = GROUPS.get(spoken, (NBSP, ","))
    unit = 10 ** exponent(money.currency)
    whole, rest = divmod(abs(money.amount), unit)
    written = f"{whole:,}".replace(",", thousands)
    if rest or default_step(money.currency) < unit:
        written += f"{decimals}{rest:0{exponent(money.currency)}}"
    return (MINUS if money.amount < 0 else "") + _with_symbol(written, money.currency, spoken)


def money(money: Money) -> SafeString:
    """The sum as one piece that neither breaks nor turns round, red when it is below zero."""
    return _money_piece(money, language())


@lru_cache(maxsize=8192)
def _money_piece(money: Money, spoken: str) -> SafeString:
    classes = "money money-minus" if money.amount < 0 else "money"
    return format_html('<bdi class="{}">{}</bdi>', classes, _money_text(money, spoken))


def sums(amounts: Iterable[Money]) -> SafeString:
    """Sums of several currencies, side by side."""
    return format_html_join(" · ", "{}", ((money(amount),) for amount in amounts))


def figures(number: int) -> str:
    """1 250: a count."""
    return f"{number:,}".replace(",", GROUPS.get(language(), (NBSP, ","))[0])


def day(on: date) -> str:
    """5 Nov 2026."""
    return _write(on, DAYS.get(language(), "d MMM y"))


def day_month(on: date) -> str:
    """5 Nov."""
    return _write(on, DAYS_OF_MONTH.get(language(), "d MMM"))


def weekday_day(on: date) -> str:
    """Thu 5 Nov."""
    return _write(on, WEEKDAYS.get(language(), "EEE d MMM"))


def weekday(on: date) -> str:
    """Thursday."""
    return _write(on, "cccc")


def month(on: date) -> str:
    """November 2026."""
    return _write(on, MONTHS.get(language(), "LLLL y"))


def plain_date(on: date) -> str:
    """05.11.2026."""
    return _write(on, PLAIN_DATES.get(language(), "dd.MM.y"))


def clock(at: time | datetime) -> str:
    """14:00, in the zone of the branch when it is a moment."""
    return (_local(at) if isinstance(at, datetime) else at).strftime("%H:%M")


def moment(at: datetime) -> str:
    """5 Nov 2026 14:00."""
    return f"{day(_local(at))} {clock(at)}"


def iso(on: date) -> str:
    """2026-11-05, for `<time>` and `<input type=date>`."""
    return on.isoformat()


@lru_cache(maxsize=4096)
def phone(number: str) -> str:
    """+998 90 123 45 67; what cannot be read as a number stays as it was typed."""
    try:
        parsed = phonenumbers.parse(number)
    except phonenumbers.NumberParseException:
        return number
    written = phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.INTERNATIONAL)
    return written.replace(" ", NBSP).replace("-", NBSP)


def initials(name: str) -> str:
    """OT for Oʻrinboy Toshmatov."""
    return "".join(word[0] for word in name.split()[:2]).upper()


def _with_symbol(written: str, currency: str, spoken: str) -> str:
    symbol = SYMBOLS.get(currency, {}).get(spoken, currency)
    if spoken != "en":
        return f"{written}{NBSP}{symbol}"
    return f"{symbol}{written}" if len(symbol) == 1 else f"{symbol}{NBSP}{written}"


def _local(at: datetime) -> datetime:
    return timezone.localtime(at) if timezone.is_aware(at) else at


def _write(on: date, pattern: str) -> str:
    spoken = language()
    return _format(on, pattern, LOCALES.get(spoken, spoken))


@lru_cache(maxsize=8192)
def _format(on: date, pattern: str, locale: str) -> str:
    return format_date(on, pattern, locale=locale).replace(" ", NBSP)
