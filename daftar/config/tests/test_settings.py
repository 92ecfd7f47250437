"""What every connection of the application is told."""

import pytest
from django.db import connection


@pytest.mark.parametrize(("name", "value"), [("max_parallel_workers_per_gather", "0"), ("jit", "off")])
def test_a_statement_is_done_by_one_process_as_it_is_written(by, name, value):
    with connection.cursor() as cursor:
        cursor.execute(f"SHOW {name}")
        assert cursor.fetchone() == (value,)
