"""Pictures for tests, in bytes of a file."""

from io import BytesIO
from typing import Any

from PIL import Image

KINDS = {"image/png": "PNG", "image/jpeg": "JPEG", "image/webp": "WEBP"}


def painted(mime_type: str = "image/png", width: int = 12, height: int = 8, mode: str = "RGB", **how: Any) -> bytes:
    """Red on the left, blue on the right."""
    picture = Image.new(mode, (width, height), 0)
    if mode == "RGB":
        picture.paste((255, 0, 0), (0, 0, width // 2, height))
        picture.paste((0, 0, 255), (width // 2, 0, width, height))
    file = BytesIO()
    picture.save(file, format=KINDS.get(mime_type, mime_type), **how)
    return file.getvalue()


def looked_at(data: bytes) -> Image.Image:
    picture = Image.open(BytesIO(data))
    picture.load()
    return picture
