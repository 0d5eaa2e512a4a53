#!/usr/bin/env python3
"""Writes lookalikes.txt: which characters look like which Latin letter or digit.

Source: the skeletons of Unicode Technical Standard 39 as ICU 72 holds them
(Debian libicu72), and the names of characters in Python's unicodedata.
Run by `go generate ./internal/leak`.
"""
import ctypes
import re
import sys
import unicodedata

icu = ctypes.CDLL("libicui18n.so.72")
status = ctypes.c_int(0)
icu.uspoof_open_72.restype = ctypes.c_void_p
checker = ctypes.c_void_p(icu.uspoof_open_72(ctypes.byref(status)))


def skeleton(text):
    raw = text.encode("utf-16-le")
    out = ctypes.create_string_buffer(256)
    code = ctypes.c_int(0)
    n = icu.uspoof_getSkeleton_72(checker, 0, raw, len(raw) // 2, out, 128, ctypes.byref(code))
    return out.raw[: 2 * n].decode("utf-16-le")


NAMED = re.compile(
    r"(?:LATIN LETTER SMALL CAPITAL|NEGATIVE (?:CIRCLED|SQUARED) LATIN CAPITAL LETTER"
    r"|REGIONAL INDICATOR SYMBOL LETTER|LATIN (?:SMALL|CAPITAL) LETTER) ([A-Z])(?: WITH .*)?$"
)
letters = {}
for c in "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ23456789":
    letters.setdefault(skeleton(c), c.lower())


def target(ch):
    named = NAMED.match(unicodedata.name(ch, ""))
    if named:
        return named[1].lower()
    seen = letters.get(skeleton(ch))
    if seen == "l" and letters.get(skeleton(ch.lower())) == "i":
        return "i"  # a capital I in another script
    return seen or letters.get(skeleton(ch.upper()))


found = {}
for cp in range(0x80, 0x20000):
    ch = chr(cp)
    if unicodedata.category(ch)[0] in "CMZ":
        continue
    plain = [c for c in unicodedata.normalize("NFKD", ch) if not unicodedata.combining(c)]
    if "".join(plain).isascii():
        continue  # compatibility folding brings it to ASCII already
    if to := target(ch):
        found.setdefault(to, []).append(ch)
with open("lookalikes.txt", "w") as out:
    for to in sorted(found):
        out.write(to + " " + "".join(found[to]) + "\n")
print(sum(map(len, found.values())), "characters", file=sys.stderr)
