"""Addresses of prices, discounts, pauses and the end of memberships."""

from django.urls import path

from daftar.office.tuition import pauses, prices, several, tariffs, whose

urlpatterns = [
    path("students/<int:student_id>/pause/", pauses.student_pause, name="student-pause"),
    path("students/<int:student_id>/tariff/", prices.student_bind, name="student-bind"),
    path("students/<int:student_id>/discount/", prices.discount_new, name="discount-new"),
    path("students/<int:student_id>/lessons/<int:lesson_id>/payer/", prices.lesson_payer, name="lesson-payer"),
    path("groups/<int:group_id>/pause/", pauses.group_pause, name="group-pause"),
    path("groups/<int:group_id>/several/", several.group_several, name="group-several"),
    path("done/<int:done_id>/undo/", several.group_several_undo, name="group-several-undo"),
    path("pauses/", pauses.suspensions, name="suspensions"),
    path("pauses/new/", whose.pause_whose, name="pause-whose"),
    path("pauses/<int:suspension_id>/edit/", pauses.suspension_edit, name="suspension-edit"),
    path("pauses/<int:suspension_id>/remove/", pauses.suspension_remove, name="suspension-remove"),
    path("enrolments/<int:enrolment_id>/leave/", pauses.enrolment_leave, name="enrolment-leave"),
    path("enrolments/<int:enrolment_id>/stay/", pauses.enrolment_undo_leaving, name="enrolment-undo-leaving"),
    path("enrolments/<int:enrolment_id>/move/", pauses.enrolment_transfer, name="enrolment-transfer"),
    path("enrolments/<int:enrolment_id>/end-pause/", pauses.enrolment_end_pause, name="enrolment-end-pause"),
    path("enrolments/<int:enrolment_id>/trial/", pauses.enrolment_trial, name="enrolment-trial"),
    path("enrolments/<int:enrolment_id>/weekdays/", pauses.enrolment_weekdays, name="enrolment-weekdays"),
    path(
        "enrolments/<int:enrolment_id>/weekdays/undo/<int:since>/<int:off>/",
        pauses.enrolment_weekdays_undo,
        name="enrolment-weekdays-undo",
    ),
    path("subscriptions/<int:subscription_id>/end/", prices.subscription_end, name="subscription-end"),
    path("subscriptions/<int:subscription_id>/price/", prices.subscription_price, name="subscription-price"),
    path(
        "subscriptions/<int:subscription_id>/price/end/", prices.subscription_price_end, name="subscription-price-end"
    ),
    path("subscriptions/<int:subscription_id>/unbind/", prices.subscription_unbind, name="subscription-unbind"),
    path("courses/<int:course_id>/price/", tariffs.course_price, name="course-price"),
    path("groups/<int:group_id>/price/", tariffs.group_price, name="group-price"),
    path("tariffs/", tariffs.tariffs_list, name="tariffs"),
    path("tariffs/new/", tariffs.tariff_new, name="tariff-new"),
    path("tariffs/<int:tariff_id>/edit/", tariffs.tariff_edit, name="tariff-edit"),
    path("tariffs/<int:tariff_id>/price/", tariffs.tariff_price, name="tariff-price"),
    path("discounts/", prices.discounts_list, name="discounts"),
    path("discounts/new/", whose.discount_whose, name="discount-whose"),
    path("discounts/<int:discount_id>/edit/", prices.discount_edit, name="discount-edit"),
    path("discounts/<int:discount_id>/withdraw/", prices.discount_withdraw, name="discount-withdraw"),
]
