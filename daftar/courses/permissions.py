"""What can be permitted about courses, groups and lessons."""

from django.utils.translation import gettext_lazy as _

from daftar.orgs.roles import Permission

VIEW = Permission(
    "courses.view",
    _("See own groups and their timetable"),
    _("Every page about groups needs it, and the first page too."),
)
SEE_ALL = Permission("courses.see_all", _("See the groups of every teacher"))
EDIT = Permission("courses.edit", _("Edit courses, rooms, groups and schedules"))
COMMENT = Permission(
    "courses.comment",
    _("Write comments on groups"),
    _("A teacher does it for own groups. Who edits groups takes away those of others too."),
)
ENROL = Permission("courses.enrol", _("Put students into groups"))
