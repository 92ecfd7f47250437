"""What a column of a file may be, and how other programs head such columns."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from daftar.lib.text import search_key

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


class Field(StrEnum):
    """What a column becomes. EXTRA is kept with the student as it is, SKIP is left out."""

    NAME = "name"
    BORN = "born_on"
    PAYER = "payer"
    PHONE = "phone"
    EMAIL = "email"
    SOURCE = "source"
    STATUS = "status"
    BALANCE = "balance"
    NOTE = "note"
    GROUPS = "groups"
    COURSE = "course"
    LEVEL = "level"
    LESSON_PRICE = "lesson_price"
    MONTH_PRICE = "month_price"
    DAYS = "days"
    TIME = "time"
    ACTIVE_FROM = "active_from"
    EXTRA = "extra"
    SKIP = "skip"


SEVERAL = frozenset({Field.NAME, Field.PHONE, Field.NOTE, Field.GROUPS, Field.EXTRA, Field.SKIP})
"""What several columns may become together; of everything else there is one."""

# As other programs and people head them in English, Russian, Uzbek, Polish and Italian.
_HEADINGS: dict[Field, str] = {
    Field.NAME: "name|full name|student|client|фио|фио клиента|фио ученика|имя|фамилия|фамилия имя|имя клиента|ученик|"
    "клиент|студент|f.i.sh.|fish|f.i.o.|ism|familiya|ism familiya|oʻquvchi|talaba|ф.и.ш.|исм|imię|nazwisko|"
    "imię i nazwisko|uczeń|klient|kursant|nome|cognome|nome e cognome|studente|allievo|cliente|first name|last name",
    Field.BORN: "birthday|date of birth|birth date|born|дата рождения|день рождения|др|tugʻilgan sana|tugʻilgan kun|"
    "туғилган сана|data urodzenia|urodziny|data di nascita|nascita",
    Field.PAYER: "payer|parent|customer|имя заказчика|заказчик|плательщик|родитель|фио родителя|мама|toʻlovchi|"
    "ota-onasi|ota ona|płatnik|rodzic|opiekun|pagante|genitore",
    Field.PHONE: "phone|mobile|phone number|telephone|телефон|мобильный|контакт - мобильный|номер телефона|тел|тел.|"
    "телефон родителя|доп. телефон|telefon|telefon raqami|qoʻshimcha telefon|telefon raqam|numer telefonu|komórka|"
    "cellulare|telefono|numero di telefono|second phone",
    Field.EMAIL: "e-mail|email|mail|контакт - email|почта|электронная почта|эл. почта|elektron pochta|adres e-mail|"
    "posta",
    Field.SOURCE: "source|how they found us|источник|откуда узнал|откуда узнали|manba|qayerdan|źródło|skąd o nas|"
    "fonte|provenienza",
    Field.STATUS: "status|state|статус|состояние|holati|holat|stan|stato",
    Field.BALANCE: "balance|opening balance|остаток|баланс|долг|сальдо|balans|qoldiq|saldo|stan konta|bilancio",
    Field.NOTE: "note|notes|comment|примечание|комментарий|заметка|izoh|eslatma|изоҳ|notatka|uwagi|komentarz|nota|"
    "commento",
    Field.GROUPS: "group|groups|группа|группы|guruh|guruhlar|гуруҳ|grupa|grupy|gruppo|gruppi",
    Field.COURSE: "course|subject|предмет|курс|направление|kurs|fan|przedmiot|corso|materia",
    Field.LEVEL: "level|уровень|daraja|poziom|livello",
    Field.LESSON_PRICE: "price of a lesson|lesson price|price per lesson|стоимость 1 урока|стоимость урока|цена урока|"
    "dars narxi|cena lekcji|cena za lekcję|prezzo della lezione|prezzo lezione",
    Field.MONTH_PRICE: "price per month|monthly price|price|стоимость в месяц|цена в месяц|стоимость|цена|абонемент|"
    "kurs narxi|oylik toʻlov|narx|cena|cena za miesiąc|prezzo|prezzo mensile",
    Field.DAYS: "days|weekdays|дни|дни недели|дни занятий|kunlar|dars kunlari|dni|giorni",
    Field.TIME: "time|lesson time|время|время занятий|vaqt|dars vaqti|godzina|ora|orario",
    Field.ACTIVE_FROM: "active from|activated|activated on|activation date|дата активации|активен с|"
    "faollashtirilgan sana|faollashgan sana|aktywny od|data aktywacji|attivo dal",
    # Our own last column of the rows to look at, brought again.
    Field.SKIP: "what is wrong|nima notoʻgʻri|что не так|co jest nie tak|che cosa non va",
}  # fmt: skip
_FIELD_OF = {search_key(heading): field for field, text in _HEADINGS.items() for heading in text.split("|")}


def heading_key(heading: str) -> str:
    """One spelling of a heading: `Tug'ilgan sana` and `TUGʻILGAN SANA` are the same."""
    return search_key(heading) or heading.casefold().strip()


def guess(headings: Sequence[str], remembered: Mapping[str, str]) -> list[Field]:
    """What each column is: as the centre said last time (`remembered` by heading key), else by its heading.

    A field of which there can be one goes to its first column; a column without a heading is left out.
    """
    found: list[Field] = []
    for heading in headings:
        key = heading_key(heading)
        field = Field(remembered[key]) if key in remembered else _FIELD_OF.get(key, Field.EXTRA)
        if not key:
            field = Field.SKIP
        if field in found and field not in SEVERAL:
            field = Field.EXTRA
        found.append(field)
    return found


def is_known(heading: str) -> bool:
    """Whether some program heads a column like this."""
    return heading_key(heading) in _FIELD_OF


def wrong_fields(fields: Sequence[Field]) -> list[Field]:
    """The fields that are missing (the name) or taken twice where there can be one."""
    twice = [field for field in Field if field not in SEVERAL and fields.count(field) > 1]
    return twice if Field.NAME in fields else [Field.NAME, *twice]
