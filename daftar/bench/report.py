"""The figures as a table to read and as a file to compare."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from daftar.bench.lines import LINES, Line

if TYPE_CHECKING:
    from daftar.bench.load import Centre
    from daftar.bench.measure import Figure

LARGE = 50_000  # students from which the larger target holds
MOST_RATIO = 1.2
HEAD = "| line | {} | ratio | calibrator | times it | target | last said |  |"


@dataclass
class Result:
    """What one centre gave."""

    centre: Centre
    calibrators: dict[str, Figure] = field(default_factory=dict)
    figures: dict[str, Figure] = field(default_factory=dict)
    memory_at_rest: float = 0.0

    def as_json(self) -> dict[str, Any]:
        """The figures as plain values."""
        return {
            "students": self.centre.students,
            "rows": self.centre.rows,
            "loaded_in": round(self.centre.seconds, 1),
            "memory_at_rest": round(self.memory_at_rest, 1),
            "calibrators": {name: asdict(figure) for name, figure in self.calibrators.items()},
            "lines": {name: asdict(figure) for name, figure in self.figures.items()},
        }


def table(results: list[Result], lines: list[Line]) -> str:
    """All lines, a column for each centre; CPU in milliseconds unless it says otherwise."""
    sizes = " | ".join(f"{result.centre.students:,}" for result in results)
    rows = [HEAD.format(sizes), "|---" * (len(results) + 7) + "|"]
    rows += [_row(line, results) for line in lines]
    rows.append("")
    names = dict.fromkeys(name for result in results for name in result.calibrators)
    for name in names:
        shown = " | ".join(f"{result.calibrators[name].cpu:.3f}" for result in results)
        said = "; ".join(results[-1].calibrators[name].notes)
        rows.append(f"calibrator {name}: {shown} ms of CPU {said}".rstrip())
    return "\n".join(rows)


def _row(line: Line, results: list[Result]) -> str:
    figures = [result.figures[line.name] for result in results]
    shown = " | ".join(f"{figure.cpu:.1f} {line.unit}" for figure in figures)
    ratio = f"{figures[-1].cpu / figures[0].cpu:.2f}" if len(figures) > 1 else ""
    times = [_times(line, result) for result in results]
    beside = " / ".join(f"{each:.1f}" for each in times if each is not None)
    target = _target_text(line)
    said = "; ".join(note for note in figures[-1].notes if note)
    cells = (line.name, shown, ratio, line.calibrator, beside, target, said, verdict(line, results))
    return f"| {' | '.join(cells)} |"


def _times(line: Line, result: Result) -> float | None:
    known = result.calibrators.get(line.calibrator)
    return result.figures[line.name].cpu / known.cpu if known and known.cpu else None


def _target_text(line: Line) -> str:
    sign = ">=" if line.unit == "/s" else "<="
    parts = [f"{sign} {line.target:g}"] if line.target else []
    parts += [f"{line.target_large:g} large"] if line.target_large else []
    parts += [f"{line.most:g}x"] if line.most else []
    return ", ".join(parts)


def verdict(line: Line, results: list[Result]) -> str:
    """ok, or what is over: the target, the calibrator, or the ratio between the largest and the smallest centre."""
    over = []
    for result in results:
        size = f"{result.centre.students:,}"
        target = line.target_large if line.target_large and result.centre.students >= LARGE else line.target
        cost, times = result.figures[line.name].cpu, _times(line, result)
        if target and (cost < target if line.unit == "/s" else cost > target):
            over.append(f"target at {size}")
        if line.most and times is not None and times > line.most:
            over.append(f"{line.most:g}x at {size}")
    if line.unit == "ms" and results[-1].figures[line.name].cpu > MOST_RATIO * results[0].figures[line.name].cpu:
        over.append("ratio")
    if not over:
        return "ok" if line.target or line.most else ""
    return f"OVER: {', '.join(over)}"


def chosen(only: list[str] | None) -> list[Line]:
    """The lines whose names hold one of these words; all of them without a word."""
    return [line for line in LINES if not only or any(word in line.name for word in only)]
