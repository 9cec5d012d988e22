"""JSON from outside: attacks 15, 30, 31, 32."""

import pytest

from live.api.strict_json import BODY_BYTES_MAX, DEPTH_MAX, NODES_MAX, parse
from live.problems import Problem
from tests.costs import cost_s


def test_plain_json_comes_through() -> None:
    assert parse(b'{"a": [1, 2.5, "x,[{\\"", null, true], "b": {}}') == {"a": [1, 2.5, 'x,[{"', None, True], "b": {}}


@pytest.mark.parametrize(
    ("body", "detail"),
    [
        (b"", "not JSON"),
        (b"{", "not JSON"),
        (b"\xff\xfe", "not JSON"),
        (b"\xef\xbb\xbf{}", "not JSON"),
        (b'{"role": "participant", "role": "instructor"}', "given twice"),
        (b'{"a": {"b": 1, "b": 2}}', "given twice"),
        (b"[NaN]", "NaN is not JSON"),
        (b"[-Infinity]", "-Infinity is not JSON"),
        (b"[1e400]", "too large"),
        (b"[" + b"9" * 5_000 + b"]", "too large"),
        (b"[" * (DEPTH_MAX + 1) + b"]" * (DEPTH_MAX + 1), "nested deeper"),
        (b"[" * 200_000, "values"),
        (b'{"a":' * 200_000, "values"),
        (b"[" + b"[]," * NODES_MAX + b"[]]", "values"),
    ],
)
def test_what_is_refused(body: bytes, detail: str) -> None:
    with pytest.raises(Problem) as refused:
        parse(body)
    assert (refused.value.code, refused.value.status) == ("bad_request", 400)
    assert detail in refused.value.detail


def test_depth_up_to_the_limit_is_fine() -> None:
    assert parse(b"[" * DEPTH_MAX + b"]" * DEPTH_MAX)


@pytest.mark.parametrize("filling", [b"\\", b'\\"', b'"', b"\\\\", b"[", b'"\\'])
def test_the_worst_body_takes_linear_time(filling: bytes) -> None:
    """A quarter of it costs a quarter; were the time quadratic, it would cost a sixteenth."""

    def read(length: int) -> None:
        with pytest.raises(Problem):
            parse(b'["' + filling * (length // len(filling)))

    assert cost_s(lambda: read(BODY_BYTES_MAX)) < 9 * cost_s(lambda: read(BODY_BYTES_MAX // 4)) + 0.05
