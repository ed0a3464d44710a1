"""Ways to spoil a file: bytes, lines, values, keys, or its end cut off."""

from __future__ import annotations

import re

WEIRD = [
    "null", "~", "", "true", "no", "0x1F", "0o17", "1e400", "-.inf", ".NaN", "9" * 30, "1_000", "2026-01-01",
    "12:30:45", "'", '"', "[", "]", "{", "}", "[[[[", "{a: {b: {c: ", "&x", "*x", "*hours", "&hours [*hours]",
    "!!int x", "!!python/object:os.system", "!t {a: 1}", "<<: *hours", "|", ">", "|9", "%YAML 1.1", "---",
    "...", "? a", ": b", "\t", "- - - -", '"\\ud800"', '"\\x"', '"\\UFFFFFFFF"', "\u2028", "\u0085", "\ufeff",
    "\U0001f600", "a" * 300, "@", "`", "!<tag:yaml.org,2002:float> 1", "!!binary aGk=", "{<<: 3}",
    "{<<: [*hours, 4]}", "-0", "+.5", "1.", "{1: 2, 1: 3}", "{[a]: b}", "{? : x}", "#", "!", "!!set {a}",
]  # fmt: skip


def _bytes(rng, data):
    out = bytearray(data)
    for _ in range(rng.randint(1, 6)):
        out[rng.randrange(len(out))] = rng.randrange(256)
    return bytes(out)


def _lines(rng, data):
    lines = data.split(b"\n")
    for _ in range(rng.randint(1, 4)):
        i, j = rng.randrange(len(lines)), rng.randrange(len(lines))
        choice = rng.randrange(6)
        if choice == 0 and len(lines) > 2:
            del lines[i]
        elif choice == 1:
            lines[i], lines[j] = lines[j], lines[i]
        elif choice == 2:
            lines[i] = b" " * rng.randint(0, 8) + lines[i].lstrip()
        elif choice == 3:
            lines.insert(i, lines[j])
        elif choice == 4:
            lines[i] = b"\t" + lines[i]
        else:
            lines[i] = lines[i].replace(b":", b"", 1)
    return b"\n".join(lines)


def _values(rng, data):
    lines = data.decode(errors="replace").split("\n")
    for _ in range(rng.randint(1, 3)):
        i = rng.randrange(len(lines))
        key, colon, value = lines[i].partition(": ")
        weird = rng.choice(WEIRD)
        lines[i] = rng.choice(
            [
                f"{key}{colon}{weird}",
                f"{key}{colon}{weird} {value}",
                f"{weird}{colon}{value}",
                f"{key}: {weird}\n  {value}",
            ]
        )
    return "\n".join(lines).encode(errors="replace")


def _keys(rng, data):
    out = data
    for _ in range(rng.randint(1, 3)):
        word = rng.choice(re.findall(rb"[A-Za-z_]{2,}", out) or [b"name"])
        out = out.replace(
            word, rng.choice([word[1:], word + b"s", word[::-1], b"", b"1", b"true", b"'" + word]), 1
        )
    return out


def _cut(rng, data):
    return data[: rng.randrange(len(data))]


def spoilt(rng, data):
    """`data` after one or two of the above, as bytes; `rng` decides."""
    for _ in range(rng.randint(1, 2)):
        data = rng.choice([_bytes, _lines, _values, _keys, _cut])(rng, data) or b" "
    return data
