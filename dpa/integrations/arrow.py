"""Arrow tables: parameters as columns, comparison, digests; in dpa.arrow and dpa.files.tables."""

from dpa.arrow.parameters import Parameters
from dpa.files.tables import verify_table

__all__ = ["Parameters", "verify_table"]
