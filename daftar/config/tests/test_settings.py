"""What every connection of the application is told."""

import pytest
from django.db import connection


@pytest.mark.parametrize(
    ("name", "value"), [("max_parallel_workers_per_gather", "0"), ("jit", "off"), ("random_page_cost", "1.1")]
)
def test_a_statement_is_done_by_one_process_and_by_indexes(by, name, value):
    with connection.cursor() as cursor:
        cursor.execute(f"SHOW {name}")
        assert cursor.fetchone() == (value,)
