"""Chain files: writing, reading, verifying and comparing them (docs/files.md).

`writing` writes a file whole, `chains` has the kinds of file that can be read, `formats` one
module per format, and `metadata` what every file states. The other modules have the functions for
users.
"""
