"""Tables for a screen of 80 columns."""

import pytest

from dpa.host.screen import aligned, fits


def test_columns_are_aligned():
    rows = [["", "mean", ""], ["noise", "0.05", "(0.1)"], ["scale", "11.25", "(1)"]]
    assert aligned(rows, "<>(") == [
        "        mean",
        "noise   0.05 (0.1)",
        "scale  11.25 (1)",
    ]


def test_an_empty_column_takes_no_room():
    assert aligned([["a", "", "1"], ["b", "", "22"]], "<><") == ["a  1", "b  22"]


@pytest.mark.parametrize(("size", "lines"), [(76, 1), (77, 2), (200, 2)])
def test_a_long_name_has_its_own_line(size, lines):
    """Two blanks and two digits are beside it."""
    found = aligned([["x" * size, "12"], ["y", "1"]], "<>")
    assert len(found) == lines + 1
    assert fits(found) == (size <= 80)
    if lines == 2:
        assert found == ["x" * size, "   12", "y   1"]


def test_wide_cells_leave_names_their_24_columns():
    assert aligned([["x" * 24, "1" * 70]], "<>") == ["x" * 24 + "  " + "1" * 70]
    assert not fits(aligned([["x", "1" * 80]], "<>"))
    assert fits([])
