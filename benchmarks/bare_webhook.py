"""What ours is measured against: the least a webhook endpoint can do. Checks an HMAC, inserts one row, answers.

No JSON is read, nothing is encrypted, a duplicate is not noticed, and each thread keeps a connection of its own.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
import threading

import psycopg
from flask import Flask, request

URL = os.environ["BARE_DATABASE_URL"]
SECRET = os.environ["BARE_SECRET"].encode()

app = Flask(__name__)
_own = threading.local()


def _connection() -> psycopg.Connection[tuple[object, ...]]:
    if not hasattr(_own, "connection"):
        _own.connection = psycopg.connect(URL, autocommit=True)
    connection: psycopg.Connection[tuple[object, ...]] = _own.connection
    return connection


@app.post("/hooks/bare")
def receive() -> tuple[str, int]:
    body = request.get_data()
    timestamp = request.headers.get("X-Zendesk-Webhook-Signature-Timestamp", "")
    expected = base64.b64encode(hmac.digest(SECRET, timestamp.encode() + body, hashlib.sha256)).decode()
    if not hmac.compare_digest(expected, request.headers.get("X-Zendesk-Webhook-Signature", "")):
        return "", 401
    _connection().execute("INSERT INTO bare_delivery (body) VALUES (%s)", (body,))
    return "", 202
