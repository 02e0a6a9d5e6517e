"""E-mail out: what arrives, what is refused in time, and what nobody can know."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from dataclasses import replace
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from app.outbound import Mail, MailNotSent, MailUnknown, Outbound
from app.settings import new_key
from app.vault import Vault
from tests.outbound.loopback import Listener, listening, make_certificate
from tests.servers import free_port

MAIL = Mail(
    to="customer@example.com",
    subject="Did we put it right?",
    text="Hello,\n\n.a line that begins with a dot\n.\nEnd\n",
    message_id="kintsugi-1f2e",
    headers={"List-Unsubscribe": "<https://kintsugi.example.com/s/" + "a" * 90 + "/stop>"},
)


class Sink:
    """A mail server's inbox; answers as it is told."""

    def __init__(self) -> None:
        self.envelopes: list[Envelope] = []
        self.signed_in = False
        self.sender_reply = self.recipient_reply = self.data_reply = "250 OK"

    async def handle_MAIL(
        self, _server: SMTP, session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        self.signed_in = bool(session.authenticated)
        envelope.mail_from = address
        return self.sender_reply

    async def handle_RCPT(
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        envelope.rcpt_tos.append(address)
        return self.recipient_reply

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:
        self.envelopes.append(envelope)
        return self.data_reply

    def message(self) -> EmailMessage:
        (envelope,) = self.envelopes
        assert isinstance(envelope.content, bytes)
        message = message_from_bytes(envelope.content, policy=policy.default)
        assert isinstance(message, EmailMessage)
        return message


Serve = Callable[..., tuple[Sink, str]]


def unix(text: str) -> str:
    """On the wire every line ends with two characters."""
    return text.replace("\r\n", "\n")


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Start a mail server; gives its inbox and its URL."""
    running: list[Controller] = []

    def start(**options: Any) -> tuple[Sink, str]:
        sink = Sink()
        controller = Controller(sink, hostname="127.0.0.1", port=free_port(), **options)
        controller.start()
        running.append(controller)
        return sink, f"smtp://127.0.0.1:{controller.port}"

    yield start
    for controller in running:
        controller.stop()


def outbound(smtp_url: str | None, *, timeout: float = 5.0) -> Outbound:
    return Outbound(
        smtp_url=smtp_url,
        mail_from="Kintsugi <kintsugi@example.com>",
        loopback_allowed=True,
        vault=Vault([new_key()]),
        timeout=timeout,
    )


def test_mail_arrives_as_it_was_written(serve: Serve) -> None:
    sink, url = serve()

    outbound(url).send_mail(MAIL)

    message = sink.message()
    assert (sink.envelopes[0].mail_from, sink.envelopes[0].rcpt_tos) == ("kintsugi@example.com", [MAIL.to])
    assert (message["From"], message["To"]) == ("Kintsugi <kintsugi@example.com>", MAIL.to)
    assert (message["Subject"], message["Message-ID"]) == (MAIL.subject, "<kintsugi-1f2e@example.com>")
    assert message["List-Unsubscribe"] == MAIL.headers["List-Unsubscribe"]
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["Date"].datetime.tzinfo is not None
    assert unix(message.get_content()) == MAIL.text


def test_other_scripts_arrive_in_seven_bits(serve: Serve) -> None:
    sink, url = serve()
    mail = replace(MAIL, subject="Ist es jetzt gut? ✓", text="Grüße, שלום, 你好, \ud800 half\n", html="<p>Grüße</p>")

    outbound(url).send_mail(mail)

    message, content = sink.message(), sink.envelopes[0].content
    plain, html = message.iter_parts()
    assert isinstance(plain, EmailMessage)
    assert isinstance(html, EmailMessage)
    assert isinstance(content, bytes)
    assert content.isascii()
    assert message["Subject"] == "Ist es jetzt gut? ✓"
    assert unix(plain.get_content()) == "Grüße, שלום, 你好, ? half\n"
    assert html.get_content_type() == "text/html"


def test_line_breaks_in_a_subject_stay_in_the_subject(serve: Serve) -> None:
    sink, url = serve()

    outbound(url).send_mail(replace(MAIL, subject="One\r\nBcc: everybody@example.com\n\nbody"))

    assert sink.message()["Bcc"] is None
    assert sink.message()["Subject"] == "One Bcc: everybody@example.com body"


@pytest.mark.parametrize(
    "mail",
    [
        replace(MAIL, to=""),
        replace(MAIL, to="customer"),
        replace(MAIL, to="a@example.com, b@example.com"),
        replace(MAIL, to="a@example.com>\r\nRCPT TO:<b@example.com"),
        replace(MAIL, to="a@example.com\n"),
        replace(MAIL, to="Ada <a@example.com>"),
        replace(MAIL, to="ä@example.com"),
        replace(MAIL, to="a b@example.com"),
        replace(MAIL, to="a@b@example.com"),
        replace(MAIL, to="x" * 65 + "@example.com"),
        replace(MAIL, message_id="no brackets"),
        replace(MAIL, message_id="a>\r\nBcc: <b"),
        replace(MAIL, headers={"X-Note": "a\r\nBcc: b@example.com"}),
        replace(MAIL, headers={"Bcc: b@example.com\r\nX": "a"}),
    ],
)
def test_nothing_can_be_smuggled_in(serve: Serve, mail: Mail) -> None:
    sink, url = serve()

    with pytest.raises(MailNotSent) as caught:
        outbound(url).send_mail(mail)

    assert not caught.value.retryable
    assert sink.envelopes == []


def test_without_a_mail_server_nothing_is_sent() -> None:
    sender = outbound(None)

    with pytest.raises(MailNotSent, match="KINTSUGI_SMTP_URL") as caught:
        sender.send_mail(MAIL)

    assert not caught.value.retryable
    assert not sender.can_mail


@pytest.mark.parametrize("address", ["", "nobody", "a@b@c", "Kintsugi <kintsugi@example.com\r\nBcc: b@example.com>"])
def test_sender_that_cannot_be_one_is_refused_at_the_start(address: str) -> None:
    with pytest.raises(ValueError, match=r".*"):
        Outbound(smtp_url=None, mail_from=address, loopback_allowed=True, vault=Vault([new_key()]))


@pytest.mark.parametrize(("code", "retryable"), [(450, True), (451, True), (550, False), (554, False)])
@pytest.mark.parametrize("phase", ["sender_reply", "recipient_reply", "data_reply"])
def test_refusal_says_whether_to_try_again(serve: Serve, phase: str, code: int, retryable: bool) -> None:
    sink, url = serve()
    setattr(sink, phase, f"{code} no mailbox for customer@example.com")

    with pytest.raises(MailNotSent) as caught:
        outbound(url).send_mail(MAIL)

    assert caught.value.retryable is retryable
    assert str(caught.value) == f"the mail server answered {code}"


def test_nothing_is_sent_before_the_caller_says_so(serve: Serve) -> None:
    sink, url = serve()

    with outbound(url).hand_over(MAIL) as handover:
        before = len(sink.envelopes)
        handover.send()

    assert (before, len(sink.envelopes)) == (0, 1)


def test_caller_that_changes_its_mind_sends_nothing(serve: Serve) -> None:
    sink, url = serve()

    with pytest.raises(RuntimeError), outbound(url).hand_over(MAIL):
        raise RuntimeError("the intent could not be committed")

    assert sink.envelopes == []


def test_closed_port_means_nothing_was_sent() -> None:
    with pytest.raises(MailNotSent) as caught:
        outbound(f"smtp://127.0.0.1:{free_port()}").send_mail(MAIL)

    assert caught.value.retryable


def talking(*replies: bytes, until_data: bool = True) -> Callable[[Listener, socket.socket], None]:
    """A mail server that agrees to everything up to DATA, reads the message, then answers with `replies`."""

    def script(listener: Listener, connection: socket.socket) -> None:
        connection.sendall(b"220 ready\r\n")
        lines = connection.makefile("rb")
        for line in lines:
            if line.upper().startswith(b"DATA"):
                break
            connection.sendall(b"250 fine\r\n")
        if until_data:
            connection.sendall(b"354 go on\r\n")
            listener.heard.append(b"".join(iter(lines.readline, b".\r\n")))
        for reply in replies:
            connection.sendall(reply)

    return script


def test_server_lost_after_the_message_leaves_the_outcome_unknown() -> None:
    with listening(talking()) as server, pytest.raises(MailUnknown):
        outbound(f"smtp://127.0.0.1:{server.port}").send_mail(MAIL)

    assert b"Did we put it right?" in server.heard[0]


def test_server_that_never_answers_the_message_leaves_the_outcome_unknown() -> None:
    def silent(listener: Listener, connection: socket.socket) -> None:
        talking()(listener, connection)
        connection.recv(1)

    with listening(silent) as server, pytest.raises(MailUnknown):
        outbound(f"smtp://127.0.0.1:{server.port}", timeout=0.3).send_mail(MAIL)


def test_garbage_after_the_message_leaves_the_outcome_unknown() -> None:
    with listening(talking(b"\xff\xff what\r\n")) as server, pytest.raises(MailUnknown):
        outbound(f"smtp://127.0.0.1:{server.port}").send_mail(MAIL)


@pytest.mark.parametrize("replies", [(), (b"451 later\r\n",)], ids=["dropped", "refused"])
def test_server_that_takes_no_message_has_sent_none(replies: tuple[bytes, ...]) -> None:
    with (
        listening(talking(*replies, until_data=False)) as server,
        pytest.raises(MailNotSent) as caught,
    ):
        outbound(f"smtp://127.0.0.1:{server.port}").send_mail(MAIL)

    assert caught.value.retryable


@pytest.mark.parametrize("greeting", [b"", b"554 go away\r\n", b"SSH-2.0-OpenSSH\r\n", b"\x16\x03\x01"])
def test_server_of_another_kind_gets_nothing(greeting: bytes) -> None:
    def greet(_listener: Listener, connection: socket.socket) -> None:
        connection.sendall(greeting)

    with listening(greet) as server, pytest.raises(MailNotSent):
        outbound(f"smtp://127.0.0.1:{server.port}", timeout=0.5).send_mail(MAIL)


def test_slow_good_bye_does_not_hold_us_up() -> None:
    def slow(listener: Listener, connection: socket.socket) -> None:
        talking(b"250 taken\r\n")(listener, connection)
        connection.recv(1000)
        connection.recv(1000)

    with listening(slow) as server:
        outbound(f"smtp://127.0.0.1:{server.port}").send_mail(MAIL)

    assert len(server.heard) == 1


def accept_ada(_server: SMTP, _session: Session, _envelope: Envelope, _mechanism: str, data: Any) -> AuthResult:
    known = isinstance(data, LoginPassword) and (data.login, data.password) == (b"ada@example.com", b"p@ss/word")
    return AuthResult(success=known)


def test_account_of_the_url_signs_in(serve: Serve) -> None:
    sink, url = serve(authenticator=accept_ada, auth_require_tls=False)

    outbound(url.replace("//", "//ada%40example.com:p%40ss%2Fword@")).send_mail(MAIL)

    assert sink.signed_in


def test_wrong_password_is_not_tried_again() -> None:
    def strict(_listener: Listener, connection: socket.socket) -> None:
        connection.sendall(b"220 ready\r\n")
        connection.recv(1000)
        connection.sendall(b"250-mail.example.com\r\n250 AUTH PLAIN\r\n")
        connection.recv(1000)
        connection.sendall(b"535 wrong password\r\n")

    with listening(strict) as server, pytest.raises(MailNotSent) as caught:
        outbound(f"smtp://ada%40example.com:wrong@127.0.0.1:{server.port}").send_mail(MAIL)

    assert not caught.value.retryable
    assert "wrong" not in str(caught.value)


@pytest.mark.parametrize("account", ["ada:secret", "%C3%A4da:secret"])
def test_server_without_sign_in_is_not_tried_again(serve: Serve, account: str) -> None:
    _, url = serve()

    with pytest.raises(MailNotSent) as caught:
        outbound(url.replace("//", f"//{account}@")).send_mail(MAIL)

    assert not caught.value.retryable


def test_password_is_not_sent_in_the_clear_to_another_machine(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    _, url = serve(authenticator=accept_ada, auth_require_tls=False)
    port = int(url.rpartition(":")[2])
    here = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port))]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_args, **_kwargs: here)

    with pytest.raises(MailNotSent, match="no encryption"):
        outbound(f"smtp://ada:secret@mail.example.com:{port}").send_mail(MAIL)


@pytest.mark.parametrize("scheme", ["smtp", "smtps"])
def test_encryption_is_used_and_the_certificate_checked(
    serve: Serve, scheme: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    context = make_certificate(tmp_path)
    sink, url = serve(**{"ssl_context" if scheme == "smtps" else "tls_context": context})
    url = url.replace("smtp:", f"{scheme}:").replace("127.0.0.1", "localhost")
    with pytest.raises(MailNotSent, match="certificate"):
        outbound(url).send_mail(MAIL)

    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "certificate.pem"))
    outbound(url).send_mail(MAIL)

    assert len(sink.envelopes) == 1
