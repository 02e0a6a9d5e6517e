"""Sense or nonsense in Zendesk's answers, those that zenpy reads included."""

from __future__ import annotations

from functools import partial

from zenpy.lib.exception import APIException, ZenpyException

from connectors import answers

sensible = partial(answers.sensible, also=(APIException, ZenpyException))
