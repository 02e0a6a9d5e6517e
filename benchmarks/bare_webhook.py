"""What ours is measured against: endpoints that check an HMAC, insert one row, and answer.

No JSON is read, nothing is encrypted, a duplicate is not noticed. `/hooks/bare` stores as one would with this stack, by
SQLAlchemy in a transaction; `/hooks/driver` as cheaply as can be, by the driver alone on a connection of its thread.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
import threading

import psycopg
from flask import Flask, Response, abort, request
from sqlalchemy import create_engine, text

URL = os.environ["BARE_DATABASE_URL"]
SECRET = os.environ["BARE_SECRET"].encode()

app = Flask(__name__)
_engine = create_engine(URL)
_insert = text("INSERT INTO bare_delivery (body) VALUES (:body)")
_own = threading.local()


def _verified() -> bytes:
    body = request.get_data()
    timestamp = request.headers.get("X-Zendesk-Webhook-Signature-Timestamp", "")
    expected = base64.b64encode(hmac.digest(SECRET, timestamp.encode() + body, hashlib.sha256)).decode()
    if not hmac.compare_digest(expected, request.headers.get("X-Zendesk-Webhook-Signature", "")):
        abort(401)
    return body


def _connection() -> psycopg.Connection[tuple[object, ...]]:
    if not hasattr(_own, "connection"):
        _own.connection = psycopg.connect(URL.replace("+psycopg", ""), autocommit=True)
    connection: psycopg.Connection[tuple[object, ...]] = _own.connection
    return connection


@app.post("/hooks/bare")
def bare() -> Response:
    body = _verified()
    with _engine.begin() as connection:
        connection.execute(_insert, {"body": body})
    return Response(status=202)


@app.post("/hooks/driver")
def driver() -> Response:
    _connection().execute("INSERT INTO bare_delivery (body) VALUES (%s)", (_verified(),))
    return Response(status=202)
