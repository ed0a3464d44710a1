"""The wire form of one message of each kind, on file: what a client in another language must read and write.

After a change of the wire format that is meant (raise `WIRE_VERSION`), write the files anew from the project's
root with

    python -m tests.messages.golden_cases
"""

from pathlib import Path

from fleet.messages.codec import encode
from tests.messages.bodies import KINDS, example

FOLDER = Path(__file__).parent / "golden"


def wire_hex(name: str) -> str:
    """The wire form on file, as hex digits."""
    return (FOLDER / f"{name}.hex").read_text(encoding="ascii").strip()


def write_all() -> None:
    for old in FOLDER.glob("*.hex"):
        old.unlink()
    for kind in KINDS:
        (FOLDER / f"{kind.__name__}.hex").write_text(encode(example(kind)).hex() + "\n", encoding="ascii")


if __name__ == "__main__":
    write_all()
