"""What can be permitted about attendance."""

from django.utils.translation import gettext_lazy as _

from daftar.orgs.roles import Permission

MARK = Permission("attendance.mark", _("Conduct lessons and mark attendance"))
ADD_GUESTS = Permission(
    "attendance.add_guests",
    _("Take guests into lessons and plan make-ups"),
    _("Seeing students and conducting lessons belong to it."),
)
MANAGE = Permission("attendance.manage", _("Edit the absence reasons"))
EDIT_EXAMS = Permission(
    "attendance.edit_exams",
    _("Write exams, enter results of exams and tests"),
    _("A teacher does it for own groups."),
)
EDIT_SCALES = Permission("attendance.edit_scales", _("Edit the scales of exams"))
EDIT_MATERIALS = Permission(
    "attendance.edit_materials",
    _("Attach files to lessons and groups"),
    _("A teacher does it for own groups."),
)
