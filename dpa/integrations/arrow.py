"""Arrow tables: parameters as columns, batches, comparison, digests; in dpa.arrow and dpa.files."""

from dpa.arrow.batches import to_table
from dpa.arrow.parameters import Parameters
from dpa.files.tables import verify_table

__all__ = ["Parameters", "to_table", "verify_table"]
