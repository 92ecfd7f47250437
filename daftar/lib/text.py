"""Keys of names: one for finding a person however the name was spelled, one for ordering a list, and initials."""

from __future__ import annotations

import re
import unicodedata

_APOSTROPHES = str.maketrans("", "", "'`´ʻʼʹʽ‘’‛′ʾʿ＇")
_LATIN = str.maketrans("абвгдежзийклмнопрстуфхыэўқғҳіїєłøı", "abvgdejziyklmnoprstufxieokgxiieloi") | str.maketrans(
    {"ё": "yo", "ц": "ts", "ч": "ch", "ш": "sh", "щ": "sh", "ю": "yu", "я": "ya", "ß": "ss", "ъ": "", "ь": "", "_": ""}
)
_SAME_SOUND = (
    (re.compile(r"yo"), "e"),  # ё is written е, yo and e: Семёнов, Семенов, Semyonov
    (re.compile(r"zh|dj"), "j"),
    (re.compile(r"(?<![cs])kh"), "x"),
    (re.compile(r"(?<![csx])h"), "x"),
    (re.compile(r"q"), "k"),
    (re.compile(r"w"), "v"),
    (re.compile(r"^ye|(?<=[\s-])ye"), "e"),
    (re.compile(r"(?<=[aeiou])ye"), "e"),
    (re.compile(r"(iy|yy|ii|y)\b"), "i"),
    (re.compile(r"ia"), "ya"),
    (re.compile(r"iu"), "yu"),
    (re.compile(r"iya"), "ya"),
    (re.compile(r"(.)\1+"), r"\1"),
    (re.compile(r"[^a-z0-9]+"), " "),
)

_QWERTY, _JCUKEN = "qwertyuiop[]asdfghjkl;'zxcvbnm,.", "йцукенгшщзхъфывапролджэячсмитьбю"
_OTHER_LAYOUT = str.maketrans(_QWERTY + _JCUKEN, _JCUKEN + _QWERTY)

_CYRILLIC_ORDER = "абвгґдеєжзиіїйклмнопрстуфхцчшщъыьэюяўқғҳ"
# Stand-ins after every other letter, in order, that no normalisation takes apart as it does й.
_ORDER = {letter: chr(0x4E00 + place) for place, letter in enumerate(_CYRILLIC_ORDER)}
_ORDERED = str.maketrans(
    {"ł": "l", "ø": "o", "đ": "d", "æ": "ae", "œ": "oe", "ı": "i", "_": " ", **_ORDER, "ё": _ORDER["е"]}
)


def search_key(text: str) -> str:
    """One spelling for all spellings of a name: Cyrillic or Latin, with or without marks (Ўринбой, O'rinboy, Oʻrinboy).

    Lower-case a-z, digits and single spaces. Only for finding: two different names may share a key.
    """
    plain = unicodedata.normalize("NFKC", text.translate(_APOSTROPHES)).casefold()
    key = _without_accents(plain.translate(_LATIN))
    for spelling, sound in _SAME_SOUND:
        key = spelling.sub(sound, key)
    return key.strip()


def other_layout(text: str) -> str:
    """What was meant where the keyboard stood in the other layout: `фдшырук` is alisher, `fkbith` is алишер.

    Keys of QWERTY and of ЙЦУКЕН change places; what is on neither stays.
    """
    return text.casefold().translate(_OTHER_LAYOUT)


def sort_key(name: str) -> str:
    """A key that puts names in the order of a register when compared byte by byte (a column with collation "C").

    Latin names come first, their accents and apostrophes ignored; then Cyrillic in Russian order with Ukrainian letters
    in their places (ё as е), Uzbek ў қ ғ ҳ at the end. Names with equal keys need another column to order them.
    """
    plain = unicodedata.normalize("NFKC", name.translate(_APOSTROPHES)).casefold().translate(_ORDERED)
    return re.sub(r"\W+", " ", _without_accents(plain)).strip()


def initials(name: str) -> str:
    """The first letters of the first two words, in capitals; shortened titles such as `dr.` are passed over."""
    words = [word for word in name.translate(_APOSTROPHES).split() if word[0].isalpha()]
    full = [word for word in words if not word.endswith(".")] or words
    return "".join(word[0] for word in full[:2]).upper()


def _without_accents(text: str) -> str:
    return "".join(letter for letter in unicodedata.normalize("NFD", text) if not unicodedata.combining(letter))
