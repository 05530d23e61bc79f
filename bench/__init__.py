"""How fast dpa is, measured: python -m bench."""
