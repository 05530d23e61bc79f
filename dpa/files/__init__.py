"""Chain files: writing, reading, verifying and comparing them (docs/files.md).

`writing` has the one loop that writes, `chains` the kinds of file that are read, `formats`
a module a format, `metadata` what all of them say; the others are the functions for users.
"""
