"""Attacks 53 and 8 on the whole: a real server, a real browser. What was typed to be run is read there as text; the page's policy
stops what would get past that; and nothing secret of it stands in the logs of the server or of its Postgres.
"""

import json
import urllib.request
from pathlib import Path
from typing import Any
from uuid import uuid4

from playwright.async_api import Browser, Dialog, Page, expect

from tests.browser.conftest import browser, demo, seeded, works  # noqa: F401  fixtures of journeys
from tests.browser.workshop import Demo, Person, enter_demo, person, read_json

CANARY = "owned-by-a-text"
TEXTS = (
    f"<script>window.owned='{CANARY}'</script>",
    f"<img src=x onerror=\"window.owned='{CANARY}'\">",
    "<svg/onload=alert(1)>",
    f"[click](javascript:window.owned='{CANARY}') <a href=\"javascript:alert(1)\">x</a>",
    f"</title><iframe srcdoc=\"<script>parent.owned='{CANARY}'</script>\"></iframe>",
    '**<b onmouseover=alert(1)>bold</b>** `<img src=x>` https://example.org/"onmouseover=alert(1)',
    "<math><mtext><table><mglyph><style><img src=x onerror=alert(1)>",
)
INJECTED = "img[src='x'], iframe, math, mglyph, script:not([src]):not([type='application/json']), [onerror], [onload], [onmouseover]"


def call(demo: Demo, method: str, path: str, token: str, body: Any = None, **headers: str) -> Any:  # noqa: F811
    request = urllib.request.Request(
        f"http://127.0.0.1:{demo.port}/api/v1{path}",
        method=method,
        data=json.dumps(body).encode() if body is not None else None,
        headers={"Authorization": f"Bearer {token}", "Content-Type": "application/json", **headers},
    )
    with urllib.request.urlopen(request, timeout=10) as answer:
        read = answer.read()
        return json.loads(read) if read else None


def plant(demo: Demo, session: str, tokens: dict[str, str]) -> list[str]:  # noqa: F811
    """The texts, everywhere that takes one; and secrets that were used on the way."""
    commands = f"/live-sessions/{session}/commands"

    def submit(who: str, kind: str, /, **fields: Any) -> None:
        call(demo, "POST", commands, tokens[who], {"id": str(uuid4()), "type": kind, **fields})

    for text in TEXTS:
        submit("Ana", "chat.send", text=text)
        submit("Ben", "question.ask", text=text)
    call(demo, "PATCH", "/me", tokens["Ben"], {"fullName": TEXTS[1][:100]}, **{"If-Match": "*"})
    submit("Mara", "session.update", title=TEXTS[0], description=TEXTS[1])
    submit("Mara", "poll.create", question=TEXTS[1], kind="single", options=list(TEXTS))
    polls = call(demo, "GET", f"/live-sessions/{session}/polls?limit=200", tokens["Mara"])["items"]
    poll = next(each["id"] for each in polls if each["question"] == TEXTS[1])
    submit("Mara", "poll.open", pollId=poll)
    submit("Ana", "poll.vote", pollId=poll, choices=[0])
    link = call(demo, "POST", f"/live-sessions/{session}/invitations", tokens["Mara"], {})["token"]
    guest = call(demo, "POST", "/invitations/redeem", tokens["Ana"], {"token": link})
    assert guest["userId"]
    return [link]


async def look_around(who: Person, demo: Demo) -> None:  # noqa: F811
    await enter_demo(demo, who)
    for tab in ("Polls", "Q&A", "Chat"):
        await who.show(tab)
        await expect(who.page.get_by_text("onerror", exact=False).first).to_be_visible()
        await require_nothing_ran(who.page)
    await who.page.goto(f"{demo.url}/sessions")
    await who.page.wait_for_timeout(500)
    await require_nothing_ran(who.page)


async def require_nothing_ran(page: Page) -> None:
    assert await page.evaluate("window.owned") is None
    found = await page.locator(INJECTED).evaluate_all("nodes => nodes.map(node => node.outerHTML.slice(0, 120))")
    assert found == []
    hrefs = await page.locator("a[href]").evaluate_all("nodes => nodes.map(node => node.protocol)")
    assert set(hrefs) <= {"http:", "https:", "mailto:"}, hrefs


async def test_53_8_what_was_typed_to_run_is_read(browser: Browser, demo: Demo, tmp_path: Path) -> None:  # noqa: F811
    shown = read_json(f"http://127.0.0.1:{demo.port}/api/v1/demo")
    tokens = {each["name"]: each["token"] for each in shown["cast"]}
    secrets = plant(demo, shown["sessions"][0]["id"], tokens)
    dialogs: list[str] = []

    async def note(dialog: Dialog) -> None:
        dialogs.append(dialog.message)
        await dialog.dismiss()

    for name in ("Mara", "Otto"):
        async with person(browser, name) as who:
            who.page.on("dialog", note)
            await look_around(who, demo)
            assert [each for each in who.faults if "Content Security Policy" in each] == [], "nothing even tried"
            await policy_holds(who.page)
    assert dialogs == []

    written = logs_below(tmp_path)
    assert "listening" in written, "the server's log was found"
    for secret in (*tokens.values(), *secrets):
        assert secret not in written
        assert secret.rpartition(".")[2] not in written
    assert "Traceback" not in written
    assert CANARY not in written, "nor anybody's words"


def logs_below(folder: Path) -> str:
    """Of the server and of the Postgres it brought along."""
    found = [path for path in folder.rglob("*") if "log" in path.name and path.is_file() and "pg_wal" not in path.parts]
    assert len(found) > 1, found
    return "".join(path.read_text(errors="replace") for path in found)


async def policy_holds(page: Page) -> None:
    """Should something get into the page all the same, it does not run: no inline script, no handler, no foreign source."""
    answer = await page.request.get(page.url)
    policy = answer.headers["content-security-policy"]
    assert "default-src 'self'" in policy
    assert "object-src 'none'" in policy
    assert "unsafe-eval" not in policy
    assert "require-trusted-types-for 'script'" in policy
    assert "script-src" not in policy or "unsafe-inline" not in policy.split("script-src")[1].split(";")[0]
    ran = await page.evaluate(
        """async () => {
            try {
                const script = document.createElement("script");
                script.textContent = "window.ranInline = true";
                document.body.append(script);
            } catch {}
            let parsed = true;
            try {
                document.createElement("div").innerHTML = "<img src='x:' onerror='window.ranHandler = true'>";
            } catch {
                parsed = false;
            }
            let foreignRefused = true;
            try {
                const foreign = document.createElement("script");
                foreign.src = "http://127.0.0.1:9/x.js";
                foreignRefused = await new Promise(done => {
                    foreign.onerror = () => done(true);
                    setTimeout(() => done(false), 2000);
                    document.body.append(foreign);
                });
            } catch {}
            return [window.ranInline === true, window.ranHandler === true, parsed, foreignRefused];
        }"""
    )
    assert ran == [False, False, False, True]
