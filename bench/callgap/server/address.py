"""Where a server is, what key it gets, and whether the way there may carry a key."""

from __future__ import annotations

import ipaddress
import os
import re
import urllib.request
from urllib.parse import SplitResult, urlsplit

from callgap.errors import InputError

_VARIABLE = re.compile(r"[A-Z][A-Z0-9_]*")
_IN_A_HEADER = re.compile(r"[\x21-\x7e]+")


def check_address(base_url: str, *, keyed: bool, allow_plain: bool, stage: str) -> None:
    """Refuse an address that cannot be asked, or one that a key may not be sent to.

    Args:
        base_url: of the server.
        keyed: whether a key will be sent.
        allow_plain: whether a key may cross a network unencrypted.
        stage: key of the configuration below which the address stands, for messages.

    Raises:
        InputError: it is no address of a server, holds a password, or is not encrypted.
    """
    parts = _parts(base_url, stage)
    if parts.username is not None or parts.password is not None:
        # Not shown: whatever stands before the @ is a secret.
        raise InputError(
            f"{stage}.base_url holds a user's name or a password, which would be stored with the run; accepted: an "
            f"address without them, and {stage}.key_variable for a key"
        )
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
        raise InputError(
            # A query is not shown: some servers take their key in one.
            f"{stage}.base_url: found {re.split('[?#]', base_url)[0]!r}{' and a query' if parts.query else ''}; "
            "accepted: http(s)://HOST/PATH without a query, such as http://localhost:8000/v1"
        )
    if keyed and parts.scheme == "http" and not is_local(base_url) and not allow_plain:
        raise InputError(
            f"{stage}.base_url: found {base_url!r}, where the key would be sent unencrypted; accepted: https://, "
            f"localhost, or {stage}.allow_plain=true"
        )


def is_local(url: str) -> bool:
    """Whether an address is of this very machine, so that nothing crosses a network."""
    host = _parts(url).hostname or ""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def key_in(variable: str | None, stage: str) -> str | None:
    """The key that a variable of the environment holds.

    Args:
        variable: its name; None where the server wants no key.
        stage: key of the configuration below which the name stands, for messages.

    Returns:
        The key, which must reach no file, log or message.

    Raises:
        InputError: the name is none, or the variable is not set, or what it holds fits into no header.
    """
    if variable is None:
        return None
    if not _VARIABLE.fullmatch(variable):
        # Not shown: somebody may have written the key itself.
        raise InputError(
            f"{stage}.key_variable takes the name of a variable of the environment, in capital letters, digits and "
            "underscores (for example OPENAI_API_KEY), never the key itself; found something else"
        )
    key = os.environ.get(variable)
    if not key:
        raise InputError(f"{stage}.key_variable: the variable {variable} is not set; set it to the server's key")
    if not _IN_A_HEADER.fullmatch(key):
        raise InputError(
            f"{stage}.key_variable: the variable {variable} holds white space or characters that no key has"
        )
    return key


def proxy_for(url: str) -> str | None:
    """The proxy that the environment names for an address (`https_proxy`, `no_proxy` and their like).

    Raises:
        InputError: it is a kind of proxy that is not spoken here.
    """
    parts = _parts(url)
    # What a server on this machine gets stays on this machine.
    if is_local(url) or urllib.request.proxy_bypass(parts.netloc):
        return None
    proxies = urllib.request.getproxies()
    found = proxies.get(parts.scheme) or proxies.get("all")
    if found is None:
        return None
    proxy = found if "://" in found else f"http://{found}"
    if urlsplit(proxy).scheme not in ("http", "https"):
        raise InputError(
            f"the environment names a proxy of the kind {urlsplit(proxy).scheme!r} for {parts.hostname}; accepted: "
            "http and https, or the host in no_proxy"
        )
    return proxy


def _parts(url: str, stage: str = "") -> SplitResult:
    try:
        parts = urlsplit(url)
        # Read here, where a wrong one can be told: it is read from the text on each access.
        _ = parts.port
    except ValueError:
        key = f"{stage}.base_url" if stage else "base_url"
        raise InputError(f"{key} cannot be read as an address; accepted: http(s)://HOST:PORT/PATH") from None
    return parts
