"""Lines of JSON: what C writes is what Python's json writes, and it reads that and nothing else.

DPA_DOUBLES: how many doubles of each kind go to text and back; .ci/full asks for more.
"""

import json
import os
import re
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dpa._text import LineForm, replace_line_feeds

DOUBLES = int(os.environ.get("DPA_DOUBLES", "50000"))
POWERS = Path(__file__).parents[1] / "csrc" / "text" / "powers.inc"
LONGEST = 1_000_000
DIGESTS = np.arange(64, dtype=np.uint8).reshape(2, 32)


def form(name, lists=(), labels=()):
    return LineForm([(b'{"x":', name, lists, labels)], b",\n")


def piece(line_form, columns, first, count, longest=LONGEST):
    """How many lines are written to a text of a size, and their text."""
    text = bytearray(longest)
    lines, size = line_form.write(columns, first, count, text)
    return lines, bytes(text[:size])


def written(line_form, columns, count):
    first, parts = 0, []
    while first < count:
        lines, text = piece(line_form, columns, first, count)
        assert lines > 0
        first += lines
        parts.append(text)
    return b"".join(parts)


def texts(line_form, columns, count):
    """The value of each line."""
    return [line[5:-2] for line in written(line_form, columns, count).split(b"\n")[:-1]]


def check(line_form, column, expected):
    """Writes a column as the texts expected, and reads it back to the last bit."""
    text = written(line_form, [column], len(column))
    assert text == b"".join(b'{"x":' + each.encode() + b"},\n" for each in expected)
    back = np.full_like(column, 0)
    assert line_form.read(text, len(text), [back], len(column)) == (len(column), len(text))
    assert back.tobytes() == column.tobytes()


# ---- Doubles ----


def check_doubles(values):
    check(form("float64"), values, list(map(repr, values.tolist())))


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False) | st.floats(-60, 60, width=32)))
def test_floats_are_written_as_python_writes_them(values):
    check_doubles(np.array(values, np.float64))


def test_floats_around_powers_are_written_as_python_writes_them():
    powers = np.concatenate([2.0 ** np.arange(-1074, 1024), 10.0 ** np.arange(-323, 309)])
    steps = [np.nextafter(powers, 0), powers, np.nextafter(powers[:-1], np.inf)]
    check_doubles(np.concatenate([*steps, *(-step for step in steps)]))


def random_doubles(kind, bits):
    if kind == "any":
        values = bits.view(np.float64)
        return values[np.isfinite(values)]
    if kind == "subnormal":
        return (bits >> np.uint64(12) >> (bits & np.uint64(31))).view(np.float64)
    if kind == "uniform":
        return (bits >> np.uint64(11)) * 2.0**-53 * 60 - 30
    if kind == "tie":  # of the text, half-way between two doubles from 2**54 to 2**60
        return ((bits >> np.uint64(4)) // np.uint64(1000) * np.uint64(1000)).astype(np.float64)
    exponents = (bits % np.uint64(600)).astype(np.int64) - 300
    short = (bits >> np.uint64(40)).astype(np.float64)
    return np.array([float(f"{a:.0f}e{b}") for a, b in zip(short, exponents, strict=True)])


@pytest.mark.parametrize("kind", ["any", "subnormal", "uniform", "tie", "short"])
def test_doubles_come_back_from_their_text(kind):
    generator = np.random.default_rng(1)
    for first in range(0, DOUBLES, 500_000):
        bits = generator.integers(0, 2**64, min(500_000, DOUBLES - first), np.uint64)
        check_doubles(random_doubles(kind, bits))


@pytest.mark.skipif(not POWERS.exists(), reason="no csrc beside the tests")
def test_powers_of_ten():
    rows = re.findall(r"\{(0x\w+), (0x\w+)\}", POWERS.read_text())
    assert len(rows) == 649
    for p, (high, low) in enumerate(rows, -324):
        r = (p * 1741647 >> 19) - 125
        numerator = 10 ** max(p, 0) << max(-r, 0)
        assert (int(high, 16) << 63) + int(low, 16) == numerator // (
            10 ** max(-p, 0) << max(r, 0)
        ) + 1
        assert 2**125 <= (int(high, 16) << 63) + int(low, 16) < 2**126


# ---- Other values ----


def test_integers():
    numbers = [0, 1, 9, 10, 99, 100, 2**32, 10**18, 2**63 - 1]
    check(
        form("uint64"),
        np.array([*numbers, 2**64 - 1], np.uint64),
        [*map(str, numbers), str(2**64 - 1)],
    )
    signed = [*numbers, *(-number for number in numbers[1:]), -(2**63)]
    check(form("int64"), np.array(signed, np.int64), list(map(str, signed)))


@pytest.mark.parametrize("shape", [(1,), (3,), (2, 3), (2, 1, 2)])
def test_lists(shape):
    column = np.arange(2 * np.prod(shape)).reshape(2, *shape)
    lists = tuple(int(np.prod(shape[at:])) for at in range(len(shape)))
    expected = [json.dumps(row, separators=(",", ":")) for row in column.tolist()]
    check(form("int64", lists), column, expected)


def test_labels():
    labels = ['"b"', '"a"', '"ab"', '"]},"', '"\\""', '""']
    encoded = tuple(label.encode() for label in labels)
    codes = np.array([5, 0, 1, 2, 3, 4, 0], np.int32)
    check(form("int32", labels=encoded), codes, [labels[code] for code in codes])
    check(form("bool", labels=(b"false", b"true")), np.array([True, False]), ["true", "false"])
    numbers = tuple(str(number).encode() for number in range(-300, 300))
    codes = np.arange(600, dtype=np.int32)
    check(form("int32", labels=numbers), codes, [str(number) for number in range(-300, 300)])


def test_digests():
    check(form("hex"), DIGESTS, [f'"{bytes(row).hex()}"' for row in DIGESTS])


@given(st.lists(st.text()))
def test_strings_are_written_as_json_writes_them(strings):
    encoded = [string.encode("utf-8", "ignore") for string in strings]  # lone surrogates
    utf8 = np.frombuffer(b"".join(encoded), np.uint8)
    offsets = np.cumsum([0, *map(len, encoded)], dtype=np.int64)
    line_form = form("string")
    expected = [json.dumps(string.decode()).encode() for string in encoded]
    assert texts(line_form, [(utf8, offsets)], len(strings)) == expected
    text = written(line_form, [(utf8, offsets)], len(strings))
    back = np.empty(len(text), np.uint8), np.empty(len(strings) + 1, np.int64)
    assert line_form.read(text, len(text), [back], len(strings)) == (len(strings), len(text))
    assert back[1].tolist() == offsets.tolist()
    assert back[0][: offsets[-1]].tobytes() == utf8.tobytes()


# ---- What is no line ----

MIXED = LineForm(
    [
        (b'{"a":', "float64", (2,), ()),
        (b',"hash":', "hex", (), ()),
        (b',"id":', "string", (), ()),
        (b',"n":', "int64", (), ()),
        (b',"z":', "int32", (), (b'"x"', b'"\\""')),
    ],
    b"\n",
)
SOUND = (
    b'{"a":[0.1,-2.5e-07],"hash":"' + b"0f" * 32 + b'","id":"a\\u00fc\\n","n":-12,"z":"\\""}\n'
    b'{"a":[-0.0,100.0],"hash":"' + b"a9" * 32 + b'","id":"","n":0,"z":"x"}\n'
)


def read_mixed(text):
    columns = [
        np.empty((9, 2)),
        np.empty((9, 32), np.uint8),
        (np.empty(len(text), np.uint8), np.empty(10, np.int64)),
        np.empty(9, np.int64),
        np.empty(9, np.int32),
    ]
    return *MIXED.read(text, len(text), columns, 9), columns


@given(st.integers(0, len(SOUND)), st.integers(0, 20), st.binary(max_size=3) | st.text(max_size=3))
def test_what_is_read_is_written_the_same(at, removed, inserted):
    inserted = inserted if isinstance(inserted, bytes) else inserted.encode("utf-8", "ignore")
    text = SOUND[:at] + inserted + SOUND[at + removed :]
    lines, used, columns = read_mixed(text)
    utf8, offsets = columns[2]
    columns[2] = utf8, offsets[: lines + 1]
    parts = [column if at == 2 else column[:lines] for at, column in enumerate(columns)]
    assert written(MIXED, parts, lines) == text[:used]
    assert lines == text[:used].count(b"\n")
    assert lines == 2 or text != SOUND


@pytest.mark.parametrize(
    ("found", "instead"),
    [
        (b"0.1", b"0.10"),
        (b"0.1", b"00.1"),
        (b"0.1", b"1e-01"),
        (b"0.1", b"0.1000000000000000055"),
        (b"-2.5e-07", b"-0.00000025"),
        (b"-2.5e-07", b"-2.5E-07"),
        (b"-2.5e-07", b"NaN"),
        (b"-2.5e-07", b"1e+999"),
        (b"0f0f", b"0F0f"),
        (b"0f0f", b"0g0f"),
        (b"0f0f", b"0f0"),
        (b"\\u00fc", b"\\u00FC"),
        (b"\\u00fc", b"\\ud800"),
        (b"\\u00fc", b"\\u0062"),
        (b"\\u00fc", b"\\/"),
        (b"\\u00fc", b"\xc3\xbc"),
        (b"\\u00fc", b"\n"),
        (b"-12", b"-012"),
        (b"-12", b"-0"),
        (b"-12", b"+12"),
        (b"-12", b"9223372036854775808"),
        (b"-12", b"12.0"),
        (b'"\\""}', b'"y"}'),
        (b'"\\""}', b'"\\"" }'),
        (b'"\\""}', b'"\\""},'),
    ],
)
def test_other_forms_of_a_line_are_not_read(found, instead):
    assert read_mixed(SOUND)[:2] == (2, len(SOUND))
    changed = SOUND.replace(found, instead, 1)
    assert changed != SOUND
    assert read_mixed(changed)[:2] == (0, 0)


def test_what_has_no_text_ends_the_lines():
    values = np.array([1, np.nan, 2, np.inf, 3])
    for first, count in ((0, 1), (1, 0), (2, 1), (3, 0), (4, 1)):
        assert piece(form("float64"), [values], first, 5)[0] == count
    labels = form("int32", labels=(b"1", b"2"))
    assert piece(labels, [np.array([1, 2], np.int32)], 0, 2)[0] == 1
    assert piece(labels, [np.array([-1], np.int32)], 0, 1)[0] == 0


def test_the_longest_line():
    utf8 = np.frombuffer(b"a" * 12, np.uint8)
    columns = [(utf8, np.array([0, 2, 7, 12], np.int64))]
    strings = form("string")
    assert piece(strings, columns, 0, 3, 30) == (2, b'{"x":"aa"},\n{"x":"aaaaa"},\n')
    assert piece(strings, columns, 1, 3, 14) == (0, b"")
    assert piece(strings, columns, 1, 3, 15) == (1, b'{"x":"aaaaa"},\n')


@given(st.lists(st.binary(max_size=9)), st.sampled_from([b"", b",", b"\n"]))
def test_line_feeds_are_replaced(lines, new):
    text = bytearray(b"\n".join(lines) + b"behind\n")
    size = len(text) - 7
    expected = bytes(text[:size]).replace(b"\n", new)
    assert replace_line_feeds(text, size, new) == len(expected)
    assert text[: len(expected)] == expected
    assert text.endswith(b"behind\n")


# ---- Misuse ----


def test_bad_buffers_are_refused():
    values = np.zeros(2)
    read_only = np.zeros(2)
    read_only.flags.writeable = False
    for columns, message in (
        ([], r"columns must be 1, got 0"),
        ([np.zeros(3)], r"columns must have 2 items, got 3"),
        ([np.zeros(2, np.float32)], r"columns must have a format of d, got 'f'"),
        ([np.zeros(4)[::2]], r"columns must be C-contiguous"),
    ):
        with pytest.raises(ValueError, match=message):
            form("float64").write(columns, 0, 2, bytearray(9))
    with pytest.raises(ValueError, match=r"first must be 0 to 2, got 3"):
        form("float64").write([values], 3, 2, bytearray(9))
    with pytest.raises(ValueError, match=r"columns must be writable"):
        form("float64").read(b"", 0, [read_only], 2)
    with pytest.raises(ValueError, match=r"size must be 0 to 3, got 4"):
        form("float64").read(b"abc", 4, [values], 2)
    with pytest.raises(ValueError, match=r"strings must have room for 9 bytes"):
        form("string").read(b"123456789", 9, [(np.empty(8, np.uint8), np.empty(2, np.int64))], 1)
    with pytest.raises(ValueError, match=r"count must not be negative, got -1"):
        form("string").read(b"", 0, [(np.empty(0, np.uint8), np.empty(0, np.int64))], -1)
    for offsets in ([0, 2, 1], [-1, 0, 1], [0, 1, 9]):
        with pytest.raises(ValueError, match=r"offsets must ascend within the text"):
            form("string").write([(np.zeros(8, np.uint8), np.array(offsets))], 0, 2, bytearray(9))
    with pytest.raises(ValueError, match=r"text must be writable"):
        form("float64").write([values], 0, 2, b"123456789")
    with pytest.raises(ValueError, match=r"text must be writable"):
        replace_line_feeds(b"\n", 1, b"")
    with pytest.raises(ValueError, match=r"size must be 0 to 1, got 2"):
        replace_line_feeds(bytearray(1), 2, b"")
    with pytest.raises(ValueError, match=r"new must be a byte or none, got b'ab'"):
        replace_line_feeds(bytearray(1), 1, b"ab")
