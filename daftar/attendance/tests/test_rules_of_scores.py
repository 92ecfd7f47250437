"""Scores: what is read, what a word counts as, who passed, and what all come to."""

from decimal import Decimal

import pytest

from daftar.attendance.rules import Measure, ScoreError, measure_wrong, outcome, passes, read_score, word_of

POINTS = Measure(Decimal(0), Decimal(100))
HALVES = Measure(Decimal(0), Decimal(9), Decimal("0.5"))
LETTERS = Measure.of_words(("A", "B", "C", "D", "E", "F"))


@pytest.mark.parametrize(
    ("text", "measure", "score"),
    [
        ("0", POINTS, "0"), (" 100 ", POINTS, "100"), ("7,5", HALVES, "7.5"), ("7.50", HALVES, "7.5"),
        ("a", LETTERS, "6"), (" F ", LETTERS, "1"), ("C", LETTERS, "4"),
    ],
)  # fmt: skip
def test_a_score_is_read_as_people_write_it(text, measure, score):
    assert read_score(text, measure) == Decimal(score)


@pytest.mark.parametrize(
    ("text", "measure", "code"),
    [
        ("101", POINTS, "range"), ("-1", POINTS, "range"), ("50.5", POINTS, "step"), ("7.25", HALVES, "step"),
        ("good", POINTS, "no_number"), ("NaN", POINTS, "no_number"), ("Infinity", POINTS, "no_number"),
        ("G", LETTERS, "no_word"), ("5", LETTERS, "no_word"), ("1e9", POINTS, "range"),
    ],
)  # fmt: skip
def test_what_is_no_score_is_told_why(text, measure, code):
    with pytest.raises(ScoreError) as wrong:
        read_score(text, measure)
    assert wrong.value.code == code


@pytest.mark.parametrize(
    ("measure", "code"),
    [
        (POINTS, ""), (HALVES, ""), (LETTERS, ""), (Measure(Decimal(5), Decimal(5)), "range"),
        (Measure(Decimal(0), Decimal(10), Decimal(3)), "step"), (Measure(Decimal(0), Decimal(10), Decimal(0)), "step"),
        (Measure.of_words(("A", "a")), "words_twice"), (Measure.of_words(("A",)), "words_number"),
        (Measure.of_words(("A", "x" * 21)), "words_number"), (Measure(Decimal(0), Decimal(10**9)), "range"),
        (Measure(Decimal(0), Decimal(1), Decimal("0.125")), "step"),
        (Measure(Decimal(0), Decimal(1), Decimal(10**40)), "step"),
    ],
)  # fmt: skip
def test_a_scale_leads_somewhere(measure, code):
    assert measure_wrong(measure) == code


def test_every_word_is_read_back_and_one_between_two_is_the_better():
    assert [word_of(read_score(word, LETTERS), LETTERS) for word in LETTERS.words] == list(LETTERS.words)
    assert word_of(Decimal("4.5"), LETTERS) == "B"
    assert word_of(Decimal("4.49"), LETTERS) == "C"


def test_the_pass_mark_itself_is_enough():
    assert passes(Decimal(60), Decimal(60))
    assert not passes(Decimal("59.99"), Decimal(60))


def test_who_was_absent_counts_neither_for_the_average_nor_for_the_share():
    found = outcome([Decimal(80), Decimal(60), Decimal(41)], Decimal(60), absent=2)
    assert (found.scored, found.passed, found.absent) == (3, 2, 2)
    assert (found.average, found.share) == (Decimal("60.33"), 67)
    nobody = outcome([], Decimal(60), absent=1)
    assert (nobody.average, nobody.share) == (None, None)
