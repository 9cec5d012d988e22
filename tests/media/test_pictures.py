"""A picture is kept as what one sees of it (attack 52): decoded, upright, without anything else that came in its file."""

import struct
import zlib
from typing import Any

import pytest
from PIL import Image, PngImagePlugin

from media.pictures import PIXELS_MAX, TooLarge, Unfit, cleaned
from tests.media.paint import KINDS, looked_at, painted

CANARY = "4 Rue du Secret"


def told(mime_type: str) -> dict[str, Any]:
    """What a camera and a program write beside the picture."""
    exif = Image.Exif()
    exif[0x010E] = CANARY
    if mime_type == "image/png":
        text = PngImagePlugin.PngInfo()
        text.add_text("Comment", CANARY)
        text.add_itxt("XML:com.adobe.xmp", CANARY, zip=False)
        return {"exif": exif, "pnginfo": text}
    if mime_type == "image/jpeg":
        return {"exif": exif, "comment": CANARY.encode(), "xmp": CANARY.encode()}
    return {"exif": exif, "xmp": CANARY.encode()}


@pytest.mark.parametrize("mime_type", KINDS)
def test_only_what_one_sees_is_kept(mime_type: str) -> None:
    brought = painted(mime_type, **told(mime_type)) + b"<script>" + CANARY.encode()
    assert brought.count(CANARY.encode()) >= 3
    kept = cleaned(brought, mime_type)
    assert CANARY.encode() not in kept.data
    assert b"<script>" not in kept.data
    picture = looked_at(kept.data)
    assert (picture.format, picture.size, kept.mime_type) == (KINDS[mime_type], (12, 8), mime_type)
    assert (kept.width, kept.height) == (12, 8)
    red, _green, blue = picture.convert("RGB").getpixel((2, 4))  # type: ignore[misc]
    assert red > 200
    assert blue < 60


@pytest.mark.parametrize(
    ("orientation", "size", "red"),
    [(1, (12, 8), (0, 0)), (3, (12, 8), (11, 0)), (6, (8, 12), (0, 0)), (8, (8, 12), (0, 11))],
)
def test_a_picture_stands_upright(orientation: int, size: tuple[int, int], red: tuple[int, int]) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    kept = cleaned(painted("image/png", exif=exif), "image/png")
    assert (kept.width, kept.height) == size
    assert looked_at(kept.data).getpixel(red) == (255, 0, 0)


@pytest.mark.parametrize(
    ("mode", "mime_type", "kept_mode"),
    [
        ("1", "image/png", "1"),
        ("L", "image/png", "L"),
        ("LA", "image/png", "LA"),
        ("P", "image/png", "P"),
        ("RGBA", "image/png", "RGBA"),
        ("I;16", "image/png", "I;16"),
        ("L", "image/jpeg", "L"),
        ("CMYK", "image/jpeg", "RGB"),
        ("RGBA", "image/webp", "RGBA"),
    ],
)
def test_every_way_to_hold_colours(mode: str, mime_type: str, kept_mode: str) -> None:
    assert looked_at(cleaned(painted(mime_type, mode=mode), mime_type).data).mode == kept_mode


def test_what_is_transparent_stays_so_in_a_palette() -> None:
    kept = looked_at(cleaned(painted(mode="P", transparency=0), "image/png").data)
    assert kept.convert("RGBA").getpixel((0, 0)) == (0, 0, 0, 0)


def test_a_small_profile_of_colours_stays_and_a_large_one_does_not() -> None:
    small, large = b"p" * 548, b"p" * 5_000
    assert looked_at(cleaned(painted(icc_profile=small), "image/png").data).info["icc_profile"] == small
    assert "icc_profile" not in looked_at(cleaned(painted(icc_profile=large), "image/png").data).info


def test_a_photo_is_not_made_worse_than_its_own_settings() -> None:
    brought = painted("image/jpeg", quality=70)
    assert looked_at(cleaned(brought, "image/jpeg").data).quantization == looked_at(brought).quantization  # type: ignore[attr-defined]


def bomb(width: int, height: int) -> bytes:
    """A PNG whose header promises so many pixels."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    rows = zlib.compress(bytes(2_000_000), 9)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


@pytest.mark.parametrize(("width", "height"), [(7_000, 7_000), (60_000, 60_000), (40_000, 2), (2**31 - 1, 1)])
def test_a_bomb_is_not_decoded(width: int, height: int) -> None:
    assert width * height > PIXELS_MAX or width > 30_000
    with pytest.raises(Unfit):
        cleaned(bomb(width, height), "image/png")


def test_more_pixels_than_allowed_say_so() -> None:
    with pytest.raises(TooLarge, match="40 megapixels"):
        cleaned(bomb(7_000, 7_000), "image/png")


def test_a_text_in_a_picture_that_unpacks_to_much_more_is_refused() -> None:
    text = PngImagePlugin.PngInfo()
    text.add_text("Comment", "x" * 80_000_000, zip=True)
    brought = painted(pnginfo=text)
    assert len(brought) < 100_000
    with pytest.raises(Unfit):
        cleaned(brought, "image/png")


@pytest.mark.parametrize(
    ("name", "brought", "mime_type"),
    [
        ("nothing", b"", "image/png"),
        ("words", b"hello " * 100, "image/png"),
        ("svg", b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>', "image/png"),
        ("page", b"<!doctype html><script>alert(1)</script>", "image/jpeg"),
        ("magic only", b"\x89PNG\r\n\x1a\n" + b"x" * 100, "image/png"),
        ("gif", painted("GIF"), "image/png"),
        ("tiff", painted("TIFF"), "image/jpeg"),
        ("a png that says jpeg", painted(), "image/jpeg"),
        ("cut png", painted(width=300, height=300, mode="RGB")[:200], "image/png"),
        ("cut jpeg", painted("image/jpeg", width=300, height=300)[:1_000], "image/jpeg"),
        ("cut webp", painted("image/webp", width=300, height=300)[:100], "image/webp"),
    ],
)
def test_what_is_no_picture_is_refused(name: str, brought: bytes, mime_type: str) -> None:
    with pytest.raises(Unfit):
        cleaned(brought, mime_type)


@pytest.mark.parametrize("mime_type", ["image/png", "image/webp"])
def test_moving_pictures_are_not_taken(mime_type: str) -> None:
    other = looked_at(painted(mime_type)).convert("RGB").rotate(90)
    with pytest.raises(Unfit, match="moving"):
        cleaned(painted(mime_type, save_all=True, append_images=[other]), mime_type)


def test_more_bytes_than_allowed_are_not_even_looked_at() -> None:
    with pytest.raises(TooLarge, match="bytes"):
        cleaned(painted() + bytes(10_000_000), "image/png")
