"""The machine: cores, memory, threads, and a bar for those who wait."""
