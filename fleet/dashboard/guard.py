"""Who may open the page: only who knows the token of this run, and only from the page's own address.

The token keeps other users and machines out. The checks of Host and Origin keep other web pages out, whose scripts
run in the same browser and would be given the cookie: a page of another site (Origin), and a foreign name that
was made to point at this machine (Host).
"""

from __future__ import annotations

import hmac
import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass

NAMES_OF_LOOPBACK = frozenset({"127.0.0.1", "localhost", "[::1]"})


@dataclass(frozen=True)
class Guard:
    """The lock of one page: the IP address and port it is bound to, and its token."""

    host: str
    port: int
    token: str

    @property
    def cookie(self) -> str:
        """The name of the cookie; a browser gives cookies to every port of a host, so the port is in it."""
        return f"fleet_{self.port}"

    @property
    def address(self) -> str:
        """The URL of the page, without its token."""
        return f"http://[{self.host}]:{self.port}" if ":" in self.host else f"http://{self.host}:{self.port}"

    @property
    def loopback(self) -> bool:
        """Whether only this machine can reach the page."""
        return ipaddress.ip_address(self.host).is_loopback

    def knows(self, token: str | None) -> bool:
        """Whether that is the token; takes as long for any wrong one."""
        return hmac.compare_digest((token or "").encode(), self.token.encode())

    def refusal(self, headers: Mapping[str, str], *, script: bool) -> str:
        """Why a request is refused on account of its headers, or "".

        A `script`'s request (a WebSocket) must name the page's own origin; a browser always says it there.
        """
        host = headers.get("host", "").lower()
        if self.loopback and host not in self._own_names():
            return "this page is for this machine only"
        if script and headers.get("origin", "").lower() not in (f"http://{host}", f"https://{host}"):
            return "another page may not do that"
        return ""

    def _own_names(self) -> frozenset[str]:
        names = NAMES_OF_LOOPBACK | {f"[{self.host}]" if ":" in self.host else self.host}
        return frozenset(f"{name}:{self.port}" for name in names) | (names if self.port == 80 else frozenset())
