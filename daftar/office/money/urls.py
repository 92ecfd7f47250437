"""Addresses of money."""

from django.urls import path

from daftar.office.money import views

urlpatterns = [
    path("payments/", views.payments, name="payments"),
    path("payments/new/", views.payment_new, name="payment-new"),
    path("payments/<int:payment_id>/", views.payment, name="payment"),
    path("payments/<int:payment_id>/reverse/", views.payment_reverse, name="payment-reverse"),
    path("payments/<int:payment_id>/undo/", views.payment_undo, name="payment-undo"),
    path("debtors/", views.debtors, name="debtors"),
    path("debtors/<int:student_id>/promise/", views.promise_new, name="promise-new"),
    path("promises/<int:promise_id>/withdraw/", views.promise_withdraw, name="promise-withdraw"),
    path("desks/", views.desks, name="desks"),
    path("desks/new/", views.desk_new, name="desk-new"),
    path("desks/<int:desk_id>/edit/", views.desk_edit, name="desk-edit"),
]
