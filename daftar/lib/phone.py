"""Phone numbers as people write them: read once, kept in E.164 and as written, never refused."""

from __future__ import annotations

import re
from dataclasses import dataclass

import phonenumbers
from phonenumbers import NumberParseException, PhoneNumber, PhoneNumberFormat

_TRUNK_EIGHT = re.compile(r"8[0-9]{9}")
HIDDEN = "•••"
# Seven digits or more with what people write between them, but no date; or an e-mail.
_REACHES = re.compile(
    r"(?!\b\d{1,4}[./-]\d{1,2}[./-]\d{1,4}\b)(?<![\d./-])\+?\d(?:[ \u00a0().-]{0,2}\d){6,}|[^\s@]+@[^\s@]+"
)


@dataclass(frozen=True, slots=True)
class Phone:
    """A number: `e164` (None when it is not valid), `raw` as written, and its last digits for searching."""

    e164: str | None
    raw: str
    last7: str
    last4: str


def digits(text: str) -> str:
    """Only the digits of a text, in any script, as 0-9."""
    return "".join(str(int(letter)) for letter in text if letter.isdecimal())


def read_phone(raw: str, region: str) -> Phone:
    """The number as written in a country (`region`: UZ, PL, ...); an old or wrong one is kept without E.164.

    The trunk 8 of the Soviet network is dropped where nine digits follow it: `8 90 123 45 67` is +998 90 123-45-67.
    """
    written = raw.strip()
    number = _valid(written, region)
    if number is None and _TRUNK_EIGHT.fullmatch(digits(written)):
        number = _valid(digits(written)[1:], region)
    e164 = None if number is None else phonenumbers.format_number(number, PhoneNumberFormat.E164)
    tail = digits(e164 or written)
    return Phone(e164, written, tail[-7:], tail[-4:])


def show(e164: str) -> str:
    """The number with international spacing, `+998 90 123 45 67`; what is no number comes back as it is."""
    try:
        return phonenumbers.format_number(phonenumbers.parse(e164), PhoneNumberFormat.INTERNATIONAL)
    except NumberParseException:
        return e164


def without_contacts(text: str) -> str:
    """A free text with whatever looks like a phone or an e-mail taken out, for those who may not see them."""
    return _REACHES.sub(HIDDEN, text)


def _valid(text: str, region: str) -> PhoneNumber | None:
    try:
        number = phonenumbers.parse(text, region)
    except NumberParseException:
        return None
    return number if phonenumbers.is_valid_number(number) else None
