"""docs/protocol.md names every command, event, refusal and goodbye, as they are now."""

import re
from pathlib import Path

from tests.docs.protocol_page import PAGE, filled

ROOT = Path(__file__).parents[2]


def test_the_page_is_up_to_date() -> None:
    assert filled(PAGE.read_text()) == PAGE.read_text(), "run `make types`"


def test_every_refusal_of_the_rules_is_documented() -> None:
    page = PAGE.read_text()
    raised = {
        code
        for file in (ROOT / "rooms").glob("*.py")
        for code in re.findall(r'Refused\(\s*"([\w.]+)"', file.read_text())
    }
    assert len(raised) > 10
    assert {code for code in raised if f"`{code}`" not in page} == set()
