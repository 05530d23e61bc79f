"""Streams of samples in constant memory: spans of ids, streams over them, and ranks."""
