"""The pages in a browser: they follow what happens elsewhere, and play host to a sidebar app."""

from __future__ import annotations

from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import TYPE_CHECKING, Any

import pytest

from connectors.sandbox import Sandbox
from tests.connectors.sandbox.parts import Play

if TYPE_CHECKING:
    from playwright.sync_api import Page

APP = """<!doctype html><p id="said">waiting</p><script src="{sandbox}/sandbox/zaf_sdk.js"></script><script>
const client = ZAFClient.init();
const said = document.getElementById("said");
client.on("ticket.tags.changed", (tags) => {{ said.textContent = "tags " + tags.join(" "); }});
(async () => {{
  const context = await client.context();
  const got = await client.get(["ticket.id", "ticket.secret"]);
  await client.invoke("resize", {{ height: "333px" }});
  await client.invoke("ticket.comment.appendText", "A draft");
  said.textContent = [context.location, got["ticket.id"], Object.keys(got.errors).join()].join(" ");
}})();
</script>"""


@pytest.fixture
def app(sandbox: Sandbox) -> Iterator[None]:
    """A sidebar app that only opens when it is launched by a form with a token."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            form = self.rfile.read(int(self.headers["Content-Length"]))
            body = APP.format(sandbox=sandbox.url).encode() if form.startswith(b"token=") else b"no token"
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            """Silence."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    sandbox.connect(sidebar_url=f"http://127.0.0.1:{server.server_port}/sidebar")
    yield
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def quiet(page: Page) -> Iterator[Page]:
    """A page that complains of nothing: no script error, nothing that the policy stopped."""
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    yield page
    assert complaints == []


def test_a_sidebar_app_is_launched_and_speaks_with_the_ticket(
    quiet: Page, play: Play, sandbox: Sandbox, app: None
) -> None:
    ticket_id = play.ticket()

    quiet.goto(f"{sandbox.url}/agent/tickets/{ticket_id}")

    said = quiet.frame_locator("iframe").locator("#said")
    said.get_by_text(f"ticket_sidebar {ticket_id} ticket.secret").wait_for(timeout=5000)
    assert quiet.locator("#reply").input_value() == "A draft"
    assert quiet.locator("iframe").evaluate("frame => frame.style.height") == "333px"


def test_page_and_app_follow_what_happens_elsewhere(quiet: Page, play: Play, sandbox: Sandbox, app: None) -> None:
    ticket_id = play.ticket()
    quiet.goto(f"{sandbox.url}/agent/tickets/{ticket_id}")
    quiet.frame_locator("iframe").get_by_text("ticket_sidebar").wait_for(timeout=5000)

    play(f"tickets/{ticket_id}/update", additional_tags=["recovery_open"], priority="urgent")

    quiet.locator("#facts").get_by_text("recovery_open").wait_for(timeout=5000)
    quiet.frame_locator("iframe").get_by_text("tags recovery_open").wait_for(timeout=5000)
    assert "urgent" in quiet.locator("#facts").inner_text()
    assert quiet.locator("#reply").input_value() == "A draft"


@pytest.mark.parametrize("width", [320, 1280])
def test_pages_fit_narrow_and_wide_screens(quiet: Page, play: Play, sandbox: Sandbox, width: int) -> None:
    play.ticket("a-very-long-word-" * 20, subject="Another-long-word-" * 6, tags=["recovery_open"])
    quiet.set_viewport_size({"width": width, "height": 800})

    for path in ("/", "/agent/tickets/1", "/mail"):
        quiet.goto(sandbox.url + path)
        assert quiet.evaluate("document.documentElement.scrollWidth") <= width


def test_the_keyboard_is_enough_to_reply(quiet: Page, play: Play, sandbox: Sandbox) -> None:
    ticket_id = play.ticket()
    quiet.goto(f"{sandbox.url}/agent/tickets/{ticket_id}")

    quiet.locator("#reply").focus()
    quiet.keyboard.type("From the keyboard")
    for _ in range(3):
        quiet.keyboard.press("Tab")
    quiet.keyboard.press("Enter")

    quiet.locator("#thread").get_by_text("From the keyboard").wait_for(timeout=5000)
