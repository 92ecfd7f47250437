"""Every reaction of the system to an announced fact, on one page.

NOW runs inside the verb's transaction. LATER is a job deferred in that transaction: it runs after the commit, at
least once, and is idempotent.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from daftar.attendance import services as attendance
from daftar.attendance.events import TeacherNudged
from daftar.courses import leaving_reasons
from daftar.courses.events import DaysOffChanged, TuitionFactsChanged
from daftar.finance import services as finance
from daftar.office import letters
from daftar.orgs.access import Actor, Job, install_reactions
from daftar.orgs.events import BranchOpened, InvitationIssued, OrganizationFounded, TuitionSettingsChanged
from daftar.people.events import FamiliesChanged
from daftar.transfer import jobs as transfer_jobs
from daftar.transfer.events import ImportStarted, ImportUndone
from daftar.tuition import jobs as tuition_jobs
from daftar.tuition import services as tuition


def begin_lists(by: Actor, *, language: str) -> None:
    """What a centre chooses from at first: reasons of absence, and of leaving."""
    attendance.begin_reasons(by, language=language)
    leaving_reasons.begin_leaving_reasons(by, language=language)


NOW: Mapping[type, Callable[..., Any]] = {
    TuitionFactsChanged: tuition.reconcile,
    OrganizationFounded: begin_lists,
    BranchOpened: finance.open_first_desks,
}

LATER: Mapping[type, Sequence[Job]] = {
    TuitionSettingsChanged: [tuition_jobs.reconcile_everyone],
    DaysOffChanged: [tuition_jobs.reconcile_everyone],
    FamiliesChanged: [tuition_jobs.settle_families],
    ImportStarted: [transfer_jobs.run_import],
    ImportUndone: [transfer_jobs.undo_import],
    InvitationIssued: [letters.mail_invitation],
    TeacherNudged: [letters.mail_nudge],
}


def install() -> None:
    """Tells the packages below who reacts."""
    install_reactions(NOW, LATER)
