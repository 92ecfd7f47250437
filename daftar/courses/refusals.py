"""What is refused about groups, their lessons and their students."""

from django.utils.translation import gettext_lazy as _

from daftar.lib.errors import Refusal


class GroupNameTaken(Refusal):
    constraints = ("group_name_once",)
    field = "name"
    text = _("This branch has a group with this name already.")


class OtherWayNeedsPrice(Refusal):
    field = "price"
    text = _("A group that is charged in another way than its course needs a price of its own.")


class GroupEndsBeforeStart(Refusal):
    field = "last_on"
    text = _("The last day lies before the first.")


class GroupTooLong(Refusal):
    field = "last_on"
    text = _("A group may run for six years at most.")


class ScheduleIncomplete(Refusal):
    field = "weekdays"
    text = _("Choose the days and the time together, or leave both empty.")


class CourseInOtherCurrency(Refusal):
    field = "course_id"
    text = _("This course is priced in another currency than the branch.")


class RoomElsewhere(Refusal):
    field = "room_id"
    text = _("This room belongs to another branch.")


class LessonOutsideGroup(Refusal):
    field = "held_on"
    text = _("The group runs from %(first)s to %(last)s.")


class LessonThere(Refusal):
    constraints = ("lesson_once",)
    field = "starts_time"
    text = _("The group has a lesson at this time already.")


class TypeOfOtherKind(Refusal):
    field = "type_id"
    text = _("Lessons of this type are not held with a group.")


class GroupShorterThanLessons(Refusal):
    field = "last_on"
    text = _("A lesson on %(on)s was conducted already.")


class JoinOutsideGroup(Refusal):
    """Seed rule: joining is possible only within the group's life."""

    field = "starts_on"
    text = _("Choose a date from %(first)s to %(last)s, while the group runs.")


class AlreadyEnrolled(Refusal):
    constraints = ("enrolment_once_at_a_time",)
    field = "starts_on"
    text = _("The student is in this group at that time already.")


class LeavesBeforeJoins(Refusal):
    field = "last_on"
    text = _("The last day lies before the first.")


class GroupIsFull(Refusal):
    field = "group_id"
    text = _("The group has no free place.")


class StudentElsewhere(Refusal):
    field = "student_id"
    text = _("The student belongs to another branch.")


class ActivationBeforeJoining(Refusal):
    """Seed rule: activation is possible on the joining date or later."""

    field = "activated_on"
    text = _("Activate on %(first)s, the day of joining, or later.")


class ActivationOutsideGroup(Refusal):
    field = "activated_on"
    text = _("The group ends on %(last)s.")


class EnrolmentCounts(Refusal):
    """Something has followed from it: charges or marks."""

    text = _("This can no longer be taken back: the student was activated or a lesson was conducted since.")


class AlreadyActive(Refusal):
    field = "activated_on"
    text = _("The student is active already.")
