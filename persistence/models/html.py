"""Formatted text that people write: of HTML only what formats, and links to the web (W141, D32). Of everything else its words stay, of
scripts nothing. Pure."""

from collections.abc import Callable
from html import unescape

import nh3

from rooms.feature import storable

TAGS = {
    *("p", "br", "hr", "h1", "h2", "h3", "h4", "blockquote", "pre", "code", "ul", "ol", "li", "a"),
    *("strong", "em", "u", "s", "sub", "sup", "mark", "table", "thead", "tbody", "tr", "th", "td"),
}


def cleaned(html: str) -> str:
    """Cleaning it again changes nothing."""
    return storable(
        nh3.clean(
            html,
            tags=TAGS,
            attributes={"a": {"href"}},
            url_schemes={"http", "https", "mailto"},
            link_rel="noopener noreferrer",
        )
    )


def words_of(html: str) -> str:
    """Without any tag, as it is read."""
    return unescape(nh3.clean(html, tags=set())).strip()


def cleaned_within(bytes_max: int) -> Callable[[str], str]:
    """For a field that must say something."""

    def clean(html: str) -> str:
        text = cleaned(html)
        if not words_of(text):
            raise ValueError("must not be empty")
        if len(text.encode()) > bytes_max:
            raise ValueError(f"is longer than {bytes_max} bytes")
        return text

    return clean
