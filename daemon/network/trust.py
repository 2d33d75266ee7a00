"""The authorities that TLS trusts, and messages for certificates that fail."""

from __future__ import annotations

import ssl
from pathlib import Path
from typing import Final

from daemon.network.happy_eyeballs import DialError, Step, why_not
from daemon.text.text_file import TextFileError, decoded, read_bytes

_NOT_NOW: Final = (9, 10)
"""OpenSSL's numbers for a certificate that is not valid yet, or not any more."""
_OTHER_NAME: Final = (62, 64)
"""OpenSSL's numbers for a certificate of another name or address."""


def trust(ca_file: str) -> ssl.SSLContext:
    """The authorities of the system, and those of this file if there is one. Raises DialError."""
    context = ssl.create_default_context()
    try:
        data = read_bytes(Path(ca_file)) if ca_file else b""
    except (OSError, TextFileError) as failure:
        why = why_not(failure) if isinstance(failure, OSError) else failure.problem
        sentence = f"realtime.ca_file: {ca_file} cannot be read ({why})"
        raise DialError(Step.CA_FILE, sentence, "correct the path, or the rights of the file") from None
    try:
        if ca_file:  # certificates in PEM form, whatever stands between them
            context.load_verify_locations(cadata=decoded(data).encode("ascii", "replace").decode())
    except (ssl.SSLError, ValueError, TextFileError):
        sentence = f"realtime.ca_file: {ca_file} holds no certificate in PEM form"
        remedy = "it must hold BEGIN CERTIFICATE; `openssl x509 -inform der` makes that of another form"
        raise DialError(Step.CA_FILE, sentence, remedy) from None
    return context


def untrusted(host: str, said: ssl.SSLCertVerificationError) -> DialError:
    """The error for a certificate that is not trusted, with the remedy."""
    if said.verify_code in _NOT_NOW:
        return DialError(
            Step.CLOCK,
            f"the certificate of {host} is not valid at this time ({said.verify_message})",
            "set the clock; if it is right, the server's owner must act",
        )
    if said.verify_code in _OTHER_NAME:
        remedy = "check realtime.url: write the name that the certificate is made out for"
    else:
        remedy = (
            "check realtime.url; for a server of your own write ca_file = the certificate of its authority "
            "into [realtime], for any other run `apt install --reinstall ca-certificates`"
        )
    return DialError(
        Step.CERTIFICATE, f"the certificate of {host} is not trusted ({said.verify_message})", remedy
    )
