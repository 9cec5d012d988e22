"""A certificate as a page to print (PDF). Its letters are embedded, so it looks the same everywhere; what the font cannot draw is
refused and never printed as boxes. Writing that needs its letters shaped or turned around is refused, too: it would be wrong."""

import unicodedata
from dataclasses import dataclass
from functools import cache
from importlib.resources import as_file, files
from io import BytesIO

from reportlab.lib.colors import HexColor
from reportlab.lib.pagesizes import A4, landscape, portrait
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas

from persistence.models.bootcamp.certificate import Certificate, CertificateType, Template

FONT = "Noto Sans"
SCRIPTS = ("LATIN ", "GREEK ", "CYRILLIC ", "MODIFIER LETTER ")
PLAIN = frozenset(chr(code) for code in range(0x20, 0x7F)) | frozenset("’‘“”–—·")
TITLES = {
    CertificateType.COURSE_COMPLETION: "Certificate of completion",
    CertificateType.PROGRAM_COMPLETION: "Programme certificate",
    CertificateType.SPECIALIZATION: "Specialisation certificate",
}
NAME_PT, NAME_PT_MIN = 34.0, 14.0


class Undrawable(ValueError):
    """`characters`: those that this font has no letters for."""

    def __init__(self, characters: str) -> None:
        super().__init__(f"cannot be printed: {' '.join(f'U+{ord(each):04X}' for each in characters)}")
        self.characters = characters


@dataclass(frozen=True)
class Look:
    """What a template decides; without one the documented defaults."""

    primary: str = "#10B981"
    secondary: str = "#6B7280"
    is_landscape: bool = True
    margin_mm: int = 20
    heading: str | None = None
    statement: str | None = None
    border: bool = True

    @classmethod
    def of(cls, template: Template | None) -> "Look":
        if template is None:
            return cls()
        layout = template.layout_config
        return cls(
            primary=template.primary_color,
            secondary=template.secondary_color,
            is_landscape=layout.orientation == "landscape",
            margin_mm=layout.margin,
            heading=_if_drawable(layout.heading),
            statement=_if_drawable(layout.statement),
            border=layout.border,
        )


def drawable(text: str) -> str:
    """In the composed form that fonts have letters for. Raises Undrawable."""
    composed = unicodedata.normalize("NFC", text)
    letters = _font().face.charToGlyph
    wrong = [each for each in composed if ord(each) not in letters or not _is_simple(each)]
    if wrong:
        raise Undrawable("".join(dict.fromkeys(wrong)))
    return composed


def _if_drawable(text: str | None) -> str | None:
    """Of a template's words those that can be printed; else the usual ones stand there."""
    try:
        return text and drawable(text)
    except Undrawable:
        return None


def draw(certificate: Certificate, holder: str, look: Look) -> bytes:
    """The PDF; the same bytes for the same certificate and look. Raises Undrawable."""
    width, height = landscape(A4) if look.is_landscape else portrait(A4)
    written = BytesIO()
    canvas = Canvas(written, pagesize=(width, height), invariant=True, lang="en")
    canvas.setTitle(f"{certificate.metadata.course_title} {certificate.certificate_number}")
    canvas.setAuthor(certificate.metadata.issuer)
    _font()
    margin = look.margin_mm * mm
    if look.border:
        canvas.setStrokeColor(HexColor(look.primary))
        canvas.setLineWidth(2)
        canvas.rect(margin / 2, margin / 2, width - margin, height - margin)
    for text, size, place, colour in _lines(certificate, holder, look):
        _line(canvas, drawable(text), size, height * place, width, margin, colour)
    canvas.showPage()
    canvas.save()
    return written.getvalue()


def _lines(certificate: Certificate, holder: str, look: Look) -> list[tuple[str, float, float, str]]:
    """Text, size in points, height on the page as a part of it, colour."""
    said = certificate.metadata
    issued = f"Issued {certificate.issue_date:%Y-%m-%d}"
    if certificate.expiry_date:
        issued += f", valid until {certificate.expiry_date:%Y-%m-%d}"
    lines = [
        (look.heading or TITLES[certificate.certificate_type], 22.0, 0.78, look.primary),
        ("This certifies that", 12.0, 0.68, look.secondary),
        (holder, NAME_PT, 0.58, "#111111"),
        (look.statement or "has completed", 12.0, 0.50, look.secondary),
        (said.course_title, 24.0, 0.41, "#111111"),
        (said.distinction or "", 14.0, 0.34, look.primary),
        (issued, 11.0, 0.25, look.secondary),
        (f"{certificate.certificate_number} · {said.issuer}", 10.0, 0.18, look.secondary),
        (certificate.verification_url or "", 8.0, 0.145, look.secondary),
        (certificate.blockchain_hash or "", 7.0, 0.12, look.secondary),
    ]
    return [line for line in lines if line[0]]


def _line(canvas: Canvas, text: str, size: float, up: float, width: float, margin: float, colour: str) -> None:
    """Centred, and smaller where it would not fit."""
    room = width - 2 * margin
    fits = size * min(1.0, room / pdfmetrics.stringWidth(text, FONT, size))
    canvas.setFont(FONT, fits if size < NAME_PT else max(fits, NAME_PT_MIN))
    canvas.setFillColor(HexColor(colour))
    canvas.drawCentredString(width / 2, up, text)


def _is_simple(character: str) -> bool:
    """Stands by itself, from left to right."""
    return character in PLAIN or (
        unicodedata.category(character)[0] == "L" and unicodedata.name(character, "").startswith(SCRIPTS)
    )


@cache
def _font() -> TTFont:
    with as_file(files("fontpkg_noto_sans") / "files" / "NotoSans[wdth,wght].ttf") as path:
        font = TTFont(FONT, str(path))
    pdfmetrics.registerFont(font)
    return font
