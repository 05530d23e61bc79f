"""The machine: cores, memory, threads, and a progress bar."""
