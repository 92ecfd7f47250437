"""Facts this package announces."""

from dataclasses import dataclass


@dataclass(frozen=True)
class OrganizationFounded:
    """An organization exists and wants its dictionaries."""

    language: str


@dataclass(frozen=True)
class BranchOpened:
    """A branch exists and wants its desk."""

    branch_id: int


@dataclass(frozen=True)
class TuitionSettingsChanged:
    """A rule of charging changed for the whole organization."""


@dataclass(frozen=True)
class InvitationIssued:
    """An invitation wants its letter; `site` is where the installation answers, as the inviter saw it."""

    invitation_id: int
    site: str
