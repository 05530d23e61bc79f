"""Samples as Arrow holds them: the types of a table's columns, ids and hashes as arrays."""
