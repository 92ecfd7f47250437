"""Names: found however spelled, ordered as in a register."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daftar.lib.text import initials, other_layout, search_key, sort_key

FAMILIES = [
    "Oʻrinboy O'rinboy O‘rinboy O’rinboy O`rinboy O´rinboy Oʼrinboy Ўринбой",
    "Axmedov Ahmedov Akhmedov Ахмедов",
    "Жасур Jasur Zhasur Djasur",
    "Łukasz Lukasz ŁUKASZ",
    "Nicolò Nicolo NICOLÒ",
    "Юлия Yuliya Yulia Iuliia",
    "Мария Mariya Maria",
    "Шаҳзод Shahzod Shakhzod Шахзод",
    "Қодир Qodir Kodir",
    "Ғани G'ani Gʻani",
    "Евгений Evgeniy Yevgeniy Yevgeny Evgeny",
    "Дмитрий Dmitriy Dmitry Dmitrii",
    "Ҳасан Hasan Xasan Khasan Хасан",
    "Алексей Aleksey Aleksei",
    "Ёлкин Yolkin",
    "Анна Anna Ana",
    "Саъдулла Sa'dulla Sadulla",
    "Wójcik Wojcik Vojcik",
    "Straße Strasse",
    "Андрій Andriy Andrii",
]


@pytest.mark.parametrize("family", FAMILIES)
def test_all_spellings_of_a_name_share_a_key(family):
    assert len({search_key(name) for name in family.split()}) == 1


def test_different_names_have_different_keys():
    assert len({search_key(family.split()[0]) for family in FAMILIES}) == len(FAMILIES)
    assert search_key("Шарипов") != search_key("Сарипов")
    assert search_key("Чори") != search_key("Зори")


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("Салтыков-Щедрин  Михаил", "saltikov shedrin mixail"),
        ("Yusuf (ota)", "yusuf ota"),
        ("Ekaterina_2", "ekaterina2"),
        ("«»", ""),
        ("", ""),
    ],
)
def test_a_key_is_plain(name, key):
    assert search_key(name) == key


@given(st.text())
def test_a_key_has_letters_digits_and_single_spaces(name):
    key = search_key(name)

    assert set(key) <= set("abcdefghijklmnopqrstuvwxyz0123456789 ")
    assert key == " ".join(key.split())


def test_names_stand_as_in_a_register():
    latin = "Aziza, Élise, Emma, Lena, Ludwik, Łukasz, Oscar, Ostap, O'tkir, Zoe"
    russian_and_ukrainian = (
        "Анна, Борис, Ганна, Ґанна, Дина, Елена, Ёлкин, Ерёма, Єва, Жанна, Зоя, Игорь, Ірина, Їжак, Йод"
    )
    uzbek = "Яна, Ўткир, Қодир, Ғани, Ҳасан"
    ordered = f"{latin}, {russian_and_ukrainian}, {uzbek}".split(", ")

    backwards = ordered[::-1]
    assert sorted(backwards, key=sort_key) == ordered


def test_the_order_ignores_case_accents_and_marks_between_words():
    assert sort_key("élise  DUPONT-Roux") == sort_key("Elise Dupont Roux")
    assert sort_key("Oʻtkir") == sort_key("O'tkir") == sort_key("Otkir")
    assert sort_key("Али") < sort_key("Али Б") < sort_key("Алиса")


@pytest.mark.parametrize(
    ("name", "letters"),
    [
        ("Aziza Karimova", "AK"),
        ("Дьячкова Лидия Артемовна", "ДЛ"),
        ("тов. Дьячкова Лидия", "ДЛ"),
        ("oʻrinboy", "O"),
        ("ʻAli", "A"),
        ("dr.", "D"),
        ("3 Ali", "A"),
        ("", ""),
    ],
)
def test_initials(name, letters):
    assert initials(name) == letters


@pytest.mark.parametrize(
    ("typed", "meant"), [("фдшырук", "alisher"), ("fkbith", "алишер"), ("ьфвштф", "madina"), ("42", "42")]
)
def test_the_other_keyboard_layout(typed, meant):
    assert other_layout(typed) == meant
    assert other_layout(meant) == typed
