"""What a program wrote and a person pasted: stack traces, logs, fenced blocks, dumps. No meaning is read.

It is found line by line. Words such as "error", "fatal" and "killed" in them are nobody's tone.
"""

from __future__ import annotations

import re
import string
from collections.abc import Sequence

FENCE = re.compile(r"^```[\w+-]{0,20}$")
LONGEST_TRACE = 200  #: lines of one Python traceback that are looked at
LONGEST_WORD = 100  #: characters; longer ones without a space are tokens, keys and addresses
DENSE = 40  #: characters from which a line with hardly a letter in it counts as a dump
LEAST_SPELT = 0.1  #: share of letters in a line that says something
LETTERS = string.ascii_letters.encode()

TRACE = re.compile(r"^Traceback \(most recent call last\):?$")
TRACE_END = re.compile(r"^[\w.]{3,120}(?:Error|Exception|Warning|Interrupt|Exit)\b")
#: a line that no person writes by hand
PLAIN_MACHINE = re.compile(
    r"^(?:File \"[^\"]{1,200}\", line \d"
    r"|at [\w.$<>/]{3,150} ?\([^()]{0,200}\)$|at [\w./\\:-]{5,200}:\d{1,6}(?::\d{1,6})?$|\.\.\. \d{1,5} (?:more|common)"
    r"|(?:Caused by|Suppressed): [\w.$]{5,150}|Exception in thread \""
    r"|[a-z]\w{0,40}(?:\.\w{1,60}){2,8}(?:Exception|Error)\b"
    r"|\[?\d{4}[-/]\d\d[-/]\d\d[T ]\d\d:\d\d:\d\d|[A-Z][a-z]{2} {1,2}\d{1,2} \d\d:\d\d:\d\d \S"
    r"|\d{1,3}(?:\.\d{1,3}){3} - \S{1,40} \[|#\d{1,4} +0x[0-9a-f]{4,16}|goroutine \d{1,8} \["
    r"|(?:GET|POST|PUT|PATCH|DELETE|HEAD) /\S{0,500}(?: HTTP/\d|$)|HTTP/\d(?:\.\d)? \d{3}\b"
    r"|-----(?:BEGIN|END) [A-Z ]{3,40}-----$|[0-9a-f]{4,16}:? (?: ?[0-9a-f]{2}){8,16}\b)",
)
#: a line that a person may write, but not between others like it
LIKELY_MACHINE = re.compile(
    r"^(?:[\[(]?(?:TRACE|DEBUG|INFO|NOTICE|WARN|WARNING|ERROR|FATAL|CRITICAL|SEVERE)[\])]?[ :|-]"
    r"|\[?\d\d:\d\d:\d\d(?:[.,]\d{1,9})?\]? |[\[\]{}()]{1,6}[,;]?$|\"[\w. -]{1,80}\"\s?:|</?[\w:.-]{1,60}[ >/]"
    r"|[\w.-]{1,60}=\S{1,200}(?:[ ,;&][\w.-]{1,60}=\S{0,200}){1,20}$|[A-Z][A-Z0-9_]{3,60}=\S{0,200}$"
    r"|(?:\$|C:\\|~/|/(?:usr|var|etc|home|opt)/)\S{0,200})",
)


def machine_lines(lines: Sequence[str]) -> frozenset[int]:
    """Numbers of the lines that a program wrote. Linear in the text."""
    found = _fenced(lines)
    likely: set[int] = set()
    skip_until = 0
    for number, line in enumerate(lines):
        if number < skip_until or number in found or not line:
            continue
        if TRACE.match(line):
            skip_until = _trace_end(lines, number)
            found.update(range(number, skip_until))
        elif PLAIN_MACHINE.match(line) or _is_dump(line):
            found.add(number)
        elif len(lines) > 1 and LIKELY_MACHINE.match(line):
            likely.add(number)
    if likely:
        found |= {number for number in likely if {number - 1, number + 1} & (likely | found)}
    return frozenset(found)


def without_tokens(line: str) -> str:
    """The line without words that are too long to be words; languages without spaces keep theirs."""
    if len(line) <= LONGEST_WORD:
        return line
    return " ".join(word for word in line.split() if len(word) <= LONGEST_WORD or not word.isascii())


def _fenced(lines: Sequence[str]) -> set[int]:
    """Lines between pairs of fences; a fence that never ends hides nothing but itself."""
    fences = [number for number, line in enumerate(lines) if line.startswith("```") and FENCE.match(line)]
    if not fences:
        return set()
    hidden = {fences[-1]}
    for start, end in zip(fences[::2], fences[1::2], strict=False):
        hidden.update(range(start, end + 1))
    return hidden


def _trace_end(lines: Sequence[str], start: int) -> int:
    """The line after a traceback: after its exception, or the first blank line."""
    for number in range(start + 1, min(len(lines), start + LONGEST_TRACE)):
        if not lines[number]:
            return number
        if TRACE_END.match(lines[number]):
            return number + 1
    return min(len(lines), start + LONGEST_TRACE)


def _is_dump(line: str) -> bool:
    """True for a long line in which hardly anything is spelt out."""
    if len(line) < DENSE or not line.isascii():
        return False
    return len(line) - len(line.encode().translate(None, LETTERS)) < LEAST_SPELT * len(line)
