"""What is wrong with protocols that read well: alone, beside each other, and at the desk they are meant for.

The single checks are in `linting`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace

from app.protocols.document import plain_document, quote
from app.protocols.linting.criteria import check_criteria, check_stop
from app.protocols.linting.desk import DeskNames, check_names
from app.protocols.linting.finding import Finding, Severity
from app.protocols.linting.steps import (
    check_actions,
    check_escalation,
    check_guardrails,
    check_owners,
    check_tags,
)
from app.protocols.linting.texts import (
    check_apologies,
    check_contact,
    check_offers,
    check_order,
    check_placeholders,
)
from app.protocols.linting.together import check_together
from app.protocols.protocol import RecoveryProtocol
from app.protocols.tags import TagDictionary
from app.protocols.yaml_text import find

_CHECKS = (
    check_criteria,
    check_stop,
    check_actions,
    check_owners,
    check_escalation,
    check_guardrails,
    check_placeholders,
    check_order,
    check_apologies,
    check_contact,
    check_offers,
)
#: A webhook's path is often its password.
_SECRET = re.compile(r"\.(webhook|slack)$")


def lint(
    protocols: Sequence[RecoveryProtocol], desk: DeskNames | None = None, dictionary: TagDictionary | None = None
) -> list[Finding]:
    """Everything about protocols that are to be in force together. `desk` None is 'not checked live', and said so."""
    findings = [finding for one in protocols for finding in lint_one(one, desk, dictionary)]
    findings += lint_together(protocols)
    if desk is None:
        message = "groups, macros and tags were not checked live, since no desk was asked"
        findings.append(Finding(severity=Severity.NOTE, protocol="", path="", message=message))
    return findings


def lint_one(
    protocol: RecoveryProtocol, desk: DeskNames | None = None, dictionary: TagDictionary | None = None
) -> list[Finding]:
    """What concerns one protocol by itself."""
    ours = dictionary or TagDictionary()
    said = [*check_tags(protocol, ours), *(one for check in _CHECKS for one in check(protocol))]
    if desk:
        said += check_names(protocol, desk, ours)
    found = (Finding(severity=one.severity, protocol=protocol.name, path=one.path, message=one.message) for one in said)
    return _with_values(found, [protocol])


def lint_together(protocols: Sequence[RecoveryProtocol]) -> list[Finding]:
    """What concerns the protocols in force beside each other, in the order in which they are asked.

    Causes, names, criteria in the shadow of others, fights over a field, and loops.
    """
    return _with_values(check_together(protocols), protocols)


def _with_values(findings: Iterable[Finding], protocols: Sequence[RecoveryProtocol]) -> list[Finding]:
    """The findings with what their documents have at those places."""
    found = list(findings)
    named = {one.protocol for one in found}
    documents = {protocol.name: plain_document(protocol) for protocol in protocols if protocol.name in named}
    return [_with_value(one, documents.get(one.protocol)) for one in found]


def _with_value(finding: Finding, document: object) -> Finding:
    found = find(document, finding.path)
    if found is None or (_SECRET.search(finding.path) and "://" in str(found)):
        return finding
    quoted = quote(found)
    named = isinstance(found, str) and quoted in finding.message
    return finding if named else replace(finding, value=quoted)


__all__ = ["DeskNames", "Finding", "Severity", "lint", "lint_one", "lint_together"]
