"""Numbers of certificates: `FP-YYYY-NNNNNN-C` (B230), with a check digit by ISO 7064 MOD 11,10, so that a slip of the pen is not
another certificate."""

import re

_NUMBER = re.compile(r"FP-(\d{4})-(\d{6,12})-(\d)", re.ASCII)


def certificate_number(year: int, serial: int) -> str:
    digits = f"{year:04}{serial:06}"
    return f"FP-{digits[:4]}-{digits[4:]}-{check_digit(digits)}"


def is_number(text: str) -> bool:
    found = _NUMBER.fullmatch(text)
    return found is not None and check_digit(found[1] + found[2]) == int(found[3])


def check_digit(digits: str) -> int:
    """Finds every wrong digit and almost every pair in the wrong order."""
    product = 10
    for digit in digits:
        product = ((product + int(digit)) % 10 or 10) * 2 % 11
    return (11 - product) % 10
