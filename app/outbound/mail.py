"""E-mail out, in two phases, so that the moment in which nobody knows whether it was sent is as short as can be."""

from __future__ import annotations

import re
import smtplib
import ssl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from email import policy
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime, parseaddr
from urllib.parse import SplitResult, unquote, urlsplit

from app.clock import real_now
from app.outbound.errors import MailNotSent, MailUnknown
from app.outbound.tls import trusting
from app.settings import is_loopback

_ADDRESS = re.compile(r"[!-?A-~]{1,64}@[A-Za-z0-9][A-Za-z0-9.-]{0,252}")
_HEADER = re.compile(r"[A-Za-z][A-Za-z0-9-]{0,60}")
_MESSAGE_ID = re.compile(r"[A-Za-z0-9._=+-]{1,200}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Mail:
    """One e-mail to one person."""

    to: str
    subject: str
    text: str
    html: str | None = None
    message_id: str  #: ours, without a domain; the same on every attempt, so that readers know it is the same mail
    headers: Mapping[str, str] = field(default_factory=dict)


class Handover:
    """A mail server that has agreed to sender and recipient, and waits for the message."""

    def __init__(self, smtp: smtplib.SMTP, message: bytes) -> None:
        self._smtp, self._message = smtp, message

    def send(self) -> None:
        """Raises MailNotSent when the server says no, MailUnknown when it says nothing."""
        with _before_handing_over():
            _agree(self._smtp.docmd("DATA"), 354)
        # A line that is only a dot would end the message early.
        stuffed = re.sub(rb"(?m)^\.", b"..", self._message)
        try:
            self._smtp.send(stuffed + b".\r\n")
            reply = self._smtp.getreply()
        except (smtplib.SMTPException, OSError) as error:
            raise MailUnknown("the mail server was lost while it took the message") from error
        if 400 <= reply[0] < 600:
            raise _said_no(reply[0])
        if not 200 <= reply[0] < 300:
            raise MailUnknown("the mail server's answer to the message makes no sense")


class Mailer:
    """Our mail server, and who we are there. Keeps no connection open."""

    def __init__(self, *, smtp_url: str | None, mail_from: str, timeout: float) -> None:
        """`timeout` is in seconds, for each answer. Raises ValueError for a sender's address that cannot be one."""
        self._server = urlsplit(smtp_url) if smtp_url else None
        name, address = parseaddr(mail_from)
        if not _ADDRESS.fullmatch(address) or not mail_from.isprintable():
            raise ValueError(f"mail_from: must be an address, or a name and <an address>, got {mail_from!r}")
        self._sender = Address(display_name=name, addr_spec=address)
        self._timeout = timeout

    @property
    def ready(self) -> bool:
        """Whether there is a mail server at all."""
        return self._server is not None

    @contextmanager
    def hand_over(self, mail: Mail) -> Iterator[Handover]:
        """Everything that can be refused comes first, so that a caller commits its intent just before `send`.

        Raises MailNotSent. Leaving without `send` sends nothing.
        """
        if self._server is None:
            raise MailNotSent("no mail server is set up (KINTSUGI_SMTP_URL)", retryable=False)
        message = self._compose(mail)
        with _before_handing_over():
            smtp = self._connect(self._server)
        try:
            with _before_handing_over():
                _agree(smtp.mail(self._sender.addr_spec), 250)
                _agree(smtp.rcpt(mail.to), 250, 251)
            yield Handover(smtp, message)
        finally:
            _hang_up(smtp)

    def _compose(self, mail: Mail) -> bytes:
        """The message as bytes of 7 bits. Raises MailNotSent for what would not be one message to one person."""
        if not _ADDRESS.fullmatch(mail.to) or not _MESSAGE_ID.fullmatch(mail.message_id):
            raise MailNotSent("the address or the message's id has a form that mail servers refuse", retryable=False)
        # Folding at the usual 78 characters would write a long link in a header as encoded words, which nobody reads.
        message = EmailMessage(policy=policy.SMTP.clone(cte_type="7bit", max_line_length=998))
        try:
            message["From"], message["To"] = self._sender, Address(addr_spec=mail.to)
            message["Subject"] = " ".join(_encodable(mail.subject).split())
            message["Date"] = format_datetime(real_now())
            message["Message-ID"] = f"<{mail.message_id}@{self._sender.domain}>"
            # Out-of-office replies to this would come back as new tickets.
            message["Auto-Submitted"] = "auto-generated"
            for name, value in mail.headers.items():
                message[_checked(name)] = value
        except ValueError as error:
            raise MailNotSent("a header holds what no header can", retryable=False) from error
        message.set_content(_encodable(mail.text))
        if mail.html is not None:
            message.add_alternative(_encodable(mail.html), subtype="html")
        return message.as_bytes()

    def _connect(self, server: SplitResult) -> smtplib.SMTP:
        host, here, seconds = server.hostname or "", self._sender.domain, self._timeout
        smtp: smtplib.SMTP
        if server.scheme == "smtps":
            smtp = smtplib.SMTP_SSL(host, server.port or 465, local_hostname=here, timeout=seconds, context=trusting())
        else:
            port = server.port or (587 if server.username else 25)
            smtp = smtplib.SMTP(host, port, local_hostname=here, timeout=seconds)
        try:
            smtp.ehlo_or_helo_if_needed()
            if server.scheme == "smtp" and smtp.has_extn("starttls"):
                smtp.starttls(context=trusting())
                smtp.ehlo_or_helo_if_needed()
            if server.username:
                if not isinstance(smtp.sock, ssl.SSLSocket) and not is_loopback(server.geturl()):
                    raise MailNotSent("the mail server offers no encryption for our password", retryable=False)
                smtp.login(unquote(server.username), unquote(server.password or ""))
        except BaseException:
            _hang_up(smtp)
            raise
        return smtp


@contextmanager
def _before_handing_over() -> Iterator[None]:
    """Whatever fails while the server has no message has no effect."""
    try:
        yield
    except smtplib.SMTPResponseException as error:
        raise _said_no(error.smtp_code) from error
    except ssl.SSLCertVerificationError as error:
        raise MailNotSent("the mail server's certificate could not be verified", retryable=True) from error
    except (smtplib.SMTPNotSupportedError, UnicodeError) as error:
        raise MailNotSent("the mail server does not take our way of signing in", retryable=False) from error
    except (smtplib.SMTPException, OSError) as error:
        raise MailNotSent("no connection to the mail server", retryable=True) from error


def _agree(reply: tuple[int, bytes], *good: int) -> None:
    if reply[0] not in good:
        raise _said_no(reply[0])


def _said_no(code: int) -> MailNotSent:
    return MailNotSent(f"the mail server answered {code}", retryable=not 500 <= code < 600)


def _hang_up(smtp: smtplib.SMTP) -> None:
    """Say good-bye, but do not wait long for the answer: what matters is settled by now."""
    with suppress(smtplib.SMTPException, OSError):
        if smtp.sock is not None:
            smtp.sock.settimeout(1.0)
            smtp.quit()
    smtp.close()


def _checked(name: str) -> str:
    """The library looks at a header's value only."""
    if not _HEADER.fullmatch(name):
        raise ValueError("not a header's name")
    return name


def _encodable(text: str) -> str:
    """Half a surrogate pair cannot be sent; it becomes a question mark."""
    return text.encode("utf-8", "replace").decode("utf-8")
