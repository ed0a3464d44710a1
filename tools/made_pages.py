"""Pages of `docs/` of which a part is made: what stands between `<!-- made: NAME -->` and `<!-- /made -->`.

The prose around it is not touched.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

DOCS = Path(__file__).parents[1] / "docs"


def filled(page: str, texts: Mapping[str, str]) -> str:
    """The page with each text at the place of its name. Raises `SystemExit` unless there is just one."""
    for name, text in texts.items():
        pattern = rf"(<!-- made: {re.escape(name)} -->\n).*?(<!-- /made -->)"
        page, times = re.subn(pattern, lambda m, t=text: f"{m[1]}{t}\n{m[2]}", page, flags=re.DOTALL)
        if times != 1:
            raise SystemExit(f"expected one place `<!-- made: {name} -->` in the page, found {times}")
    return page


def write(path: Path, renewed: Callable[[str], str]) -> int:
    """Write a page anew, or with `--check` say whether it is as it would be written: the exit code."""
    page = path.read_text(encoding="utf-8")
    fresh = renewed(page)
    if "--check" in sys.argv[1:]:
        return int(fresh != page)
    path.write_text(fresh, encoding="utf-8")
    print(f"wrote {path}")
    return 0
