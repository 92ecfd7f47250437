"""A slow and obvious reading of the specification of tuition, to hold the product's own rules against.

It is written from the specification alone, day by day and with exact fractions; the numbers beside the steps are its
rules. `quote` takes what `daftar quote` takes and answers what that answers, without the reasons.
"""

from .answer import quote
from .refusals import Refused

__all__ = ["Refused", "quote"]
