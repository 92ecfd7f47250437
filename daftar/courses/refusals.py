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


class ScheduleOutsideGroup(Refusal):
    field = "from_on"
    text = _("Choose a date from %(first)s to %(last)s, while the group runs.")


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
    constraints = ("lesson_once", "recurrence_once")
    field = "starts_time"
    text = _("The group has a lesson at this time already.")


class TypeOfOtherKind(Refusal):
    field = "type_id"
    text = _("Lessons of this type are not held with a group.")


class TypeOfAnotherKind(Refusal):
    field = "type_id"
    text = _("Lessons of this type are held in another way.")


class TypeIsArchived(Refusal):
    field = "type_id"
    text = _("This type is archived. Choose another, or restore it first.")


class LessonWasMarked(Refusal):
    text = _("This lesson was conducted: who was there is charged by its type. Take its marks back first.")


class StudentMissing(Refusal):
    field = "student_id"
    text = _("Choose the student whose lesson it is.")


class StudentNotAsked(Refusal):
    field = "student_id"
    text = _("A trial lesson has no student of its own: who comes is written down when it is held.")


class StudentHasLesson(Refusal):
    constraints = ("lesson_of_student_once",)
    field = "starts_time"
    text = _("The student has a lesson of his or her own at this time already.")


class RegularEndsBeforeStart(Refusal):
    field = "last_on"
    text = _("The last day lies before the first.")


class RegularEndsOutsideGroup(Refusal):
    field = "last_on"
    text = _("The group runs from %(first)s to %(last)s.")


class RegularTooLong(Refusal):
    field = "last_on"
    text = _("Regular lessons are planned for a year at most.")


class NoRegularLesson(Refusal):
    field = "weekdays"
    text = _("No lesson falls on these days, or all of them are days off.")


class NoWeekdays(Refusal):
    field = "weekdays"
    text = _("Choose at least one day.")


class GroupShorterThanLessons(Refusal):
    field = "last_on"
    text = _("A lesson on %(on)s was conducted already.")


class JoinOutsideGroup(Refusal):
    """Seed rule: joining is possible only within the group's life; so is what else begins there."""

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
