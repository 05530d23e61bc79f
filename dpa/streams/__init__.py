"""Samples one after the other, in constant memory: spans of ids, streams over them, ranks."""
