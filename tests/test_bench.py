"""The bench in small: every line prints, the loaded books are right, and what is over is said to be over."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import date

import pytest

from daftar.bench.lines import LINES
from daftar.bench.load import Centre
from daftar.bench.measure import Figure
from daftar.bench.plan import groups_for, lessons_between
from daftar.bench.report import Result, chosen, verdict
from daftar.config.supervise import ROOT

STUDENTS, ATTENDANCE = 240, 14_000


@pytest.mark.bench
def test_every_line_prints_a_figure_of_a_centre_whose_books_are_right(tmp_path):
    file = tmp_path / "figures.json"
    words = ["bench", "--students", str(STUDENTS), "--attendance", str(ATTENDANCE), "--times", "4", "--json", str(file)]
    env = {name: value for name, value in os.environ.items() if name not in {"DATABASE_URL", "DAFTAR_TESTING"}}
    command = [sys.executable, "manage.py", *words]
    done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    assert done.stdout.count(f"bench-{STUDENTS}: 0 accounts drifted, 0 rules broken") == 2, "before and after"
    assert "the rules of pricing agree" in done.stdout
    for line in LINES:
        assert f"| {line.name} |" in done.stdout
    told = json.loads(file.read_text())["centres"][0]
    assert told["rows"]["students"] == STUDENTS
    assert abs(told["rows"]["attendance"] - ATTENDANCE) < ATTENDANCE / 10
    assert {"raw charges", "one query", "fifty rows"} <= told["calibrators"].keys()
    assert all(figure["cpu"] > 0 for figure in told["lines"].values())


def test_the_bench_refuses_a_database_with_centres_in_it(by):
    from django.core.management import CommandError, call_command

    with pytest.raises(CommandError, match="one that is empty"):
        call_command("bench", students=[10], attendance=[10])


@pytest.mark.parametrize(("students", "attendance"), [(300, 20_000), (10_000, 1_000_000), (100_000, 3_000_000)])
def test_groups_hold_everybody_and_their_lessons_make_the_rows_asked_for(students, attendance):
    today = date(2026, 11, 25)
    groups = groups_for(students, attendance, today)
    assert sum(group.size for group in groups) == students
    rows = sum(group.size * lessons_between(group.weekdays, group.starts_on, today) for group in groups)
    assert abs(rows - attendance) < attendance / 20


def test_a_run_over_everybody_must_stay_linear_and_below_its_memory():
    named = {line.name: line for line in LINES}
    run, held = named["whole monthly run, per charge"], named["memory of the monthly run"]
    assert verdict(run, [a_result(100_000, 0.20), a_result(500_000, 0.23)]) == "ok"
    assert verdict(run, [a_result(100_000, 0.20), a_result(500_000, 0.25)]) == "OVER: ratio"
    assert verdict(held, [a_result(100_000, 90.0), a_result(500_000, 590.0)]) == "ok"
    assert verdict(held, [a_result(500_000, 610.0)]) == "OVER: target at 500,000"
    assert chosen(["monthly"]) == [named["monthly charge, per student"], run, held]


def test_lessons_of_a_thousand_groups_must_be_planned_in_half_a_minute_in_a_centre_of_any_size():
    line = {line.name: line for line in LINES}["five years of lessons of a group"]
    assert verdict(line, [a_result(10_000, 29.0), a_result(100_000, 29.5)]) == "ok"
    assert verdict(line, [a_result(10_000, 31.0)]) == "OVER: target at 10,000"
    assert verdict(line, [a_result(10_000, 20.0), a_result(100_000, 25.0)]) == "OVER: ratio"


def a_result(students: int, cpu: float) -> Result:
    centre = Centre(None, "", students, {}, {}, 0.0)
    figures = {line.name: Figure(cpu, [], 0, 0, 1) for line in LINES}
    return Result(centre, {"fifty rows": Figure(1.0, [], 0, 0, 1)}, figures)


def test_what_is_over_its_target_its_calibrator_or_the_ratio_is_said_to_be():
    line = LINES[0]
    assert verdict(line, [a_result(10_000, 3.0), a_result(100_000, 3.5)]) == "ok"
    assert verdict(line, [a_result(10_000, 3.0), a_result(100_000, 3.9)]) == "OVER: ratio"
    assert verdict(line, [a_result(10_000, 5.0)]) == "OVER: 4x at 10,000"
    assert verdict(line, [a_result(10_000, 13.0)]) == "OVER: target at 10,000, 4x at 10,000"
