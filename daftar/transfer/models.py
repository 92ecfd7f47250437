"""Tables of files brought in: the file itself, how it is understood, and what became of each row."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from daftar.orgs.models import Branch, TenantModel
from daftar.people.models import Student
from daftar.transfer.rules import Verdict


class ImportState(models.TextChoices):
    """Where an import is: its columns are asked, its groups, it was checked, it runs, it is over; undone by now."""

    COLUMNS = "columns", _("Columns not chosen yet")
    GROUPS = "groups", _("Groups not chosen yet")
    CHECKED = "checked", _("Checked")
    RUNNING = "running", _("Running")
    DONE = "done", _("Done")
    UNDOING = "undoing", _("Being undone")
    UNDONE = "undone", _("Undone")


VERDICT_LABELS = {
    Verdict.CREATE: _("Will be added"),
    Verdict.WARNING: _("Added, with a remark"),
    Verdict.ERROR: _("With mistakes"),
    Verdict.DUPLICATE: _("Twice in the file"),
    Verdict.KNOWN: _("Here already"),
}


class Import(TenantModel):
    """A file of another program on its way into a branch; the bytes stay, so that everything can be read again."""

    branch_path = "branch_id"

    branch = models.ForeignKey(Branch, models.PROTECT, related_name="+")
    file_name = models.CharField(max_length=200)
    content = models.BinaryField()
    content_hash = models.CharField(max_length=64)
    encoding = models.CharField(max_length=20, blank=True, default="")
    delimiter = models.CharField(max_length=1, blank=True, default="")
    opens_on = models.DateField()
    headings = models.JSONField()
    # What each column is, in the order of the headings: names of `transfer.rules.Field`.
    fields = models.JSONField()
    # How days such as 6/5/14 are meant: dmy, mdy, or empty while nobody said.
    date_order = models.CharField(max_length=3, blank=True, default="")
    # What becomes of each group: see `transfer.groups.GroupChoice`.
    groups = models.JSONField(default=list)
    state = models.CharField(max_length=10, choices=ImportState.choices, default=ImportState.COLUMNS)
    rows_count = models.PositiveIntegerField()
    begun_by = models.CharField(max_length=200)
    begun_at = models.DateTimeField()
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta(TenantModel.Meta):
        indexes = [models.Index(fields=["org", "content_hash"], name="import_same_file")]
        constraints = [
            models.CheckConstraint(
                name="import_state_known", condition=models.Q(state__in=[state.value for state in ImportState])
            )
        ]

    def __str__(self) -> str:
        return self.file_name


class ImportRow(TenantModel):
    """A row of the file: its number as a spreadsheet counts, its cells, what becomes of it and why."""

    branch_path = "file__branch_id"

    file = models.ForeignKey(Import, models.CASCADE, related_name="+")
    number = models.PositiveIntegerField()
    cells = models.JSONField()
    # Empty until the file is checked.
    verdict = models.CharField(max_length=10, blank=True, default="")
    # [["column", "code", "value"], …] as in `transfer.rules.RowProblem`.
    problems = models.JSONField(default=list)
    # Whether the run has dealt with it, and the student it became. Undoing takes both back; of someone who was
    # changed since and is kept, only the first.
    is_done = models.BooleanField(default=False)
    student = models.ForeignKey(Student, models.PROTECT, null=True, blank=True, related_name="+")

    class Meta(TenantModel.Meta):
        constraints = [models.UniqueConstraint(fields=["org", "file", "number"], name="import_row_once")]

    def __str__(self) -> str:
        return f"{self.file_id}:{self.number}"
