"""A server that does TLS itself, with a certificate of its own: what a class on a local network needs for its microphones."""

import asyncio
import json
import ssl
import stat
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path

from tests.conftest import find_free_port

ROOT = Path(__file__).parents[2]


def _read(url: str, context: ssl.SSLContext) -> bytes | None:
    try:
        with urllib.request.urlopen(url, context=context, timeout=5) as answer:
            return bytes(answer.read())
    except urllib.error.HTTPError:
        return None
    except urllib.error.URLError as error:
        if isinstance(error.reason, ssl.SSLCertVerificationError):
            raise error.reason from None
        return None


async def test_a_demo_with_a_certificate_of_its_own(tmp_path: Path) -> None:
    port, certificate = find_free_port(), tmp_path / "tls.crt"
    command = [sys.executable, "run.py", "demo", "--port", str(port), "--data-dir", str(tmp_path), "--bots", "1"]
    server = subprocess.Popen([*command, "--tls-self-signed"], cwd=ROOT, stdin=subprocess.DEVNULL)
    try:
        async with asyncio.timeout(60):
            while not certificate.exists() or not await asyncio.to_thread(
                _read, f"https://127.0.0.1:{port}/readyz", ssl.create_default_context(cafile=certificate)
            ):
                await asyncio.sleep(0.1)
        trusting = ssl.create_default_context(cafile=certificate)
        demo = await asyncio.to_thread(_read, f"https://localhost:{port}/api/v1/demo", trusting)
        assert demo is not None
        assert [each["name"] for each in json.loads(demo)["cast"]] == ["Mara", "Theo", "Ana", "Ben", "Otto"]
        assert stat.S_IMODE((tmp_path / "tls.key").stat().st_mode) == 0o600
        with urllib.request.urlopen(f"https://localhost:{port}/", context=trusting, timeout=5) as page:
            assert "default-src 'self'" in page.headers["Content-Security-Policy"]
    finally:
        server.terminate()
        assert await asyncio.to_thread(server.wait, 30) == 0
