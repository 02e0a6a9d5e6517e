"""Whatever a customer, an agent or a document says is shown as text, on every page."""

from __future__ import annotations

from html.parser import HTMLParser
from pathlib import Path

import pytest

from app.settings import CHECKOUT
from app.store.database import Database
from tests import seeds
from tests.seeds import Seeded
from tests.web.people import SignedIn

CORPUS = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    '"><svg onload=alert(1)>',
    "' onmouseover='alert(1)",
    "</p></section><iframe src=https://evil.example></iframe>",
    "{{ 7 * 7 }}{% raw %}",
    "javascript:alert(1)",
    "<style>body{display:none}</style>",
    "a\u202eb\u0000c\u0007\U0001f600",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
]

ALLOWED_SCRIPTS = {"/static/kintsugi.js", "/static/editor.js"}


class Finder(HTMLParser):
    """Collects what a browser would run or load, were it in the page."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag in {"iframe", "object", "embed", "style"}:
            self.found.append(tag)
        if tag == "script" and given.get("src") not in ALLOWED_SCRIPTS:
            self.found.append("script")
        self.found += [name for name in given if name.startswith("on") or name == "style"]
        links = [value or "" for name, value in attrs if name in {"href", "src"}]
        self.found += [link for link in links if link.lower().startswith("javascript:")]


def dangers(page: str) -> list[str]:
    finder = Finder()
    finder.feed(page)
    return finder.found


def pages_of(story: Seeded) -> list[str]:
    return [
        "/",
        "/cases",
        "/customers",
        "/customers/1",
        f"/cases/{story.case_id}",
        f"/tickets/{story.ticket_id}/why",
        f"/tickets/{story.ticket_id}",
        f"/tickets/{story.quiet_ticket_id}",
        "/tickets/4713",
        "/protocols",
        f"/protocols/{story.protocol_id}",
        f"/protocols/{story.protocol_id}/edit",
        f"/protocols/{story.protocol_id}/history",
        f"/protocols/{story.protocol_id}/rollback",
        f"/protocols/{story.protocol_id}/versions/1/publish",
        "/deliveries",
        f"/deliveries/{story.dead_delivery_id}/replay",
        "/desks",
    ]


@pytest.mark.parametrize("words", CORPUS)
def test_hostile_words_stay_words_on_every_page(admin: SignedIn, database: Database, desk_id: int, words: str) -> None:
    story = seeds.add_story(database, desk_id, words=words)

    answers = {path: admin.get(path) for path in pages_of(story)}

    assert {path: answer.status_code for path, answer in answers.items() if answer.status_code != 200} == {}
    assert {path: found for path, answer in answers.items() if (found := dangers(answer.text))} == {}
    assert "49" not in answers[f"/cases/{story.case_id}"].text.partition("{{ 7")[0][-40:]


@pytest.mark.parametrize("path", ["/sign-in?next={}", "/cases?stage={}&state={}", "/deliveries?state={}&ticket={}"])
@pytest.mark.parametrize("words", CORPUS[:4])
def test_hostile_addresses_stay_words(admin: SignedIn, path: str, words: str) -> None:
    admin.client.delete_cookie("kintsugi") if "sign-in" in path else None

    answer = admin.client.get(path.replace("{}", words))

    assert dangers(answer.text) == []


def test_no_template_switches_escaping_off_or_styles_inline() -> None:
    templates = [path for path in Path(CHECKOUT / "templates").rglob("*.html")]

    offenders = [
        f"{path.name}: {word}"
        for path in templates
        for word in ("|safe", "| safe", "autoescape false", "Markup", " style=", "<style", " onclick=")
        if word in path.read_text(encoding="utf-8")
    ]

    assert templates
    assert offenders == []
