"""A server that does TLS itself, with a certificate of its own: what a class on a local network needs for its microphones."""

import json
import ssl
import stat
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

from tests.conftest import find_free_port

ROOT = Path(__file__).parents[2]
READY_WITHIN_S = 60.0


def test_a_demo_with_a_certificate_of_its_own(tmp_path: Path) -> None:
    port = find_free_port()
    url = f"https://localhost:{port}"
    command = [sys.executable, "run.py", "demo", "--port", str(port), "--data-dir", str(tmp_path), "--bots", "1"]
    server = subprocess.Popen([*command, "--tls-self-signed"], cwd=ROOT, stdin=subprocess.DEVNULL)
    try:
        trusting = wait_until_ready(url, tmp_path / "tls.crt")
        with urllib.request.urlopen(f"{url}/api/v1/demo", context=trusting, timeout=5) as answer:
            assert [each["name"] for each in json.load(answer)["cast"]] == ["Mara", "Theo", "Ana", "Ben", "Otto"]
        assert stat.S_IMODE((tmp_path / "tls.key").stat().st_mode) == 0o600
    finally:
        server.terminate()
        assert server.wait(30) == 0


def wait_until_ready(url: str, certificate: Path) -> ssl.SSLContext:
    """The context that trusts this certificate and no other."""
    deadline = time.monotonic() + READY_WITHIN_S
    while time.monotonic() < deadline:
        time.sleep(0.1)
        if not certificate.exists():
            continue
        trusting = ssl.create_default_context(cafile=certificate)
        try:
            urllib.request.urlopen(f"{url}/readyz", context=trusting, timeout=5).close()
        except urllib.error.URLError as error:
            if isinstance(error.reason, ssl.SSLCertVerificationError):
                raise
        else:
            return trusting
    raise TimeoutError(url)
