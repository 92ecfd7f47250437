"""Addresses of money."""

from django.urls import path

from daftar.office.money import books, edits, kinds, views

urlpatterns = [
    path("payments/", views.payments, name="payments"),
    path("payments/new/", views.payment_new, name="payment-new"),
    path("payments/<int:payment_id>/", views.payment, name="payment"),
    path("payments/<int:payment_id>/reverse/", edits.payment_reverse, name="payment-reverse"),
    path("payments/<int:payment_id>/undo/", edits.payment_undo, name="payment-undo"),
    path("payments/<int:payment_id>/edit/", edits.payment_edit, name="payment-edit"),
    path("payments/<int:payment_id>/restore/", edits.payment_restore, name="payment-restore"),
    path("students/<int:student_id>/refund/", kinds.refund_new, name="refund-new"),
    path("students/<int:student_id>/correction/", kinds.correction_new, name="correction-new"),
    path("students/<int:student_id>/bonus/", kinds.bonus_give, name="bonus-give"),
    path("students/<int:student_id>/bonus/spend/", kinds.bonus_spend, name="bonus-spend"),
    path("students/<int:student_id>/sale/", kinds.sale_new, name="sale-new"),
    path("students/<int:student_id>/statement/", books.student_statement, name="student-statement"),
    path("desks/move/", kinds.money_move, name="money-move"),
    path("books/", books.books, name="books"),
    path("books/close/", books.books_close, name="books-close"),
    path("books/export/", books.ledger_export, name="ledger-export"),
    path("books/<int:branch_id>/reopen/", books.books_reopen, name="books-reopen"),
    path("debtors/", views.debtors, name="debtors"),
    path("debtors/<int:student_id>/promise/", views.promise_new, name="promise-new"),
    path("promises/<int:promise_id>/withdraw/", views.promise_withdraw, name="promise-withdraw"),
    path("desks/", views.desks, name="desks"),
    path("desks/new/", views.desk_new, name="desk-new"),
    path("desks/<int:desk_id>/edit/", views.desk_edit, name="desk-edit"),
]
