"""Where backups go, as the operator says it."""

from pathlib import Path

import pytest

from live.backups import backup_key
from live.settings import Settings, SettingsRefused, read_settings
from media.bucket import Bucket

SECRET = {"SECRET_KEY": "a secret key that only the tests of this project use"}


def read(**environ: str) -> Settings:
    return read_settings(SECRET | environ)


def test_by_default_they_lie_in_the_data_directory() -> None:
    assert read(DATA_DIR="/srv/atelier").backups_to == (Path("/srv/atelier/backups"),)


def test_a_second_repository_is_another_path_or_a_bucket() -> None:
    folder, bucket = read(
        BACKUP_URL="file:/mnt/one", BACKUP_SECOND_URL="s3://key:secret@far.example/backups"
    ).backups_to
    assert folder == Path("/mnt/one")
    assert isinstance(bucket, Bucket)


def test_none_means_none() -> None:
    assert read(BACKUP_URL="none").backups_to == ()


@pytest.mark.parametrize(
    ("environ", "why"),
    [
        ({"BACKUP_URL": "backups"}, "BACKUP_URL must be"),
        ({"BACKUP_URL": "s3://far.example/x"}, "BACKUP_URL must be s3"),
        ({"BACKUP_SECOND_URL": "file:/mnt/two"}, "set BACKUP_URL too"),
        ({"BACKUP_KEY": "short"}, "BACKUP_KEY is shorter"),
    ],
)
def test_what_makes_no_sense_is_refused(environ: dict[str, str], why: str) -> None:
    with pytest.raises(SettingsRefused, match=why):
        read(**environ)


def test_the_key_is_derived_and_may_be_one_of_its_own() -> None:
    assert len({backup_key(read()), backup_key(read(BACKUP_KEY="x" * 32)), SECRET["SECRET_KEY"].encode()}) == 3
