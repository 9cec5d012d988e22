"""A picture that somebody brings, as it may be kept: really decoded, of bounded size, upright, and written anew, so that nothing
of it remains but what one sees: no place, no camera, no words, nothing hidden behind its end. Pure but for the time it takes;
decoding 40 megapixels takes seconds and some 300 MB, so whoever calls it bounds how many at once.
"""

import warnings
from dataclasses import dataclass
from io import BytesIO
from typing import Any

from PIL import Image, JpegImagePlugin

Image.MAX_IMAGE_PIXELS = None  # counted here, by the header
warnings.filterwarnings("ignore", module=r"PIL\.")  # it writes about the pictures of people

MIME_TYPES = {"image/png": "PNG", "image/jpeg": "JPEG", "image/webp": "WEBP"}
PICTURE_BYTES_MAX = 10_000_000
KEPT_BYTES_MAX = 20_000_000  # written anew it may grow
PIXELS_MAX = 40_000_000
SIDE_MAX = 30_000  # beyond it browsers draw nothing
PROFILE_BYTES_MAX = 4_096  # of colours (Display P3 has 548); larger ones are dropped
PLAIN_MODES = {"PNG": {"1", "L", "LA", "P", "RGB", "RGBA", "I;16"}, "JPEG": {"L", "RGB"}, "WEBP": {"RGB", "RGBA"}}
ORIENTATION = 0x0112  # Exif 2.32, 4.6.4
TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


@dataclass(frozen=True, slots=True)
class Picture:
    mime_type: str
    width: int
    height: int
    data: bytes


class Unfit(ValueError):
    """Not a picture of this kind, or not one to keep."""


class TooLarge(Unfit):
    """A picture, but beyond a limit."""


def cleaned(data: bytes, mime_type: str) -> Picture:
    """Raises Unfit, with a reason in our own words. `mime_type` is one of MIME_TYPES."""
    kind = MIME_TYPES[mime_type]
    if len(data) > PICTURE_BYTES_MAX:
        raise TooLarge(f"at most {PICTURE_BYTES_MAX} bytes")
    try:
        with Image.open(BytesIO(data), formats=(kind,)) as opened:
            _require_bounded(opened, kind)
            opened.load()
            return _written(opened, kind, mime_type)
    except (Unfit, MemoryError):
        raise
    except Exception as error:  # decoders raise whatever their input makes them
        raise Unfit(f"this is no {kind} image, or a damaged one") from error


def _require_bounded(opened: Image.Image, kind: str) -> None:
    """By the header, before anything is decoded."""
    width, height = opened.size
    if width * height > PIXELS_MAX or max(width, height) > SIDE_MAX:
        raise TooLarge(f"at most {PIXELS_MAX // 1_000_000} megapixels, and {SIDE_MAX} pixels a side")
    if (
        kind != "JPEG" and getattr(opened, "n_frames", 1) > 1
    ):  # a JPEG may hold a second view for glasses; the first one is it
        raise Unfit("moving pictures are not taken")


def _written(opened: Image.Image, kind: str, mime_type: str) -> Picture:
    """With the settings it had, so that little is lost; its profile of colours stays when it is one of the usual small ones."""
    how: dict[str, Any] = {}
    profile = opened.info.get("icc_profile")
    if isinstance(opened, JpegImagePlugin.JpegImageFile) and opened.mode in PLAIN_MODES["JPEG"]:
        how = {"qtables": opened.quantization, "subsampling": JpegImagePlugin.get_sampling(opened), "optimize": True}
    elif kind == "JPEG":  # of print: its profile is of inks
        how, profile = {"quality": 90}, None
    elif kind == "WEBP":
        how = {"quality": 90, "method": 2}
    turn = _turn_of(opened)
    upright = opened if turn is None else opened.transpose(turn)
    seen: dict[Any, Any] = {each: opened.info[each] for each in ("transparency",) if each in opened.info}
    if upright.mode not in PLAIN_MODES[kind]:
        upright = upright.convert("RGBA" if upright.has_transparency_data and kind != "JPEG" else "RGB")
        seen = {}
    upright.info = seen
    if isinstance(profile, bytes) and len(profile) <= PROFILE_BYTES_MAX:
        how["icc_profile"] = profile
    file = BytesIO()
    upright.save(file, format=kind, **how)
    if file.tell() > KEPT_BYTES_MAX:
        raise TooLarge(f"written anew it has more than {KEPT_BYTES_MAX} bytes")
    return Picture(mime_type, upright.width, upright.height, file.getvalue())


def _turn_of(opened: Image.Image) -> Image.Transpose | None:
    """How a camera was held. Without a readable note the picture stays as it lies."""
    try:
        return TURNS.get(opened.getexif().get(ORIENTATION, 1))
    except Exception:  # noqa: BLE001 - as above
        return None
