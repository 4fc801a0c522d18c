"""What browsers may do with our pages: no foreign or inline script, no frame but those named."""

from __future__ import annotations

from collections.abc import Sequence

_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "geolocation=(self), microphone=(self), camera=()",
    "Cache-Control": "no-store",
}


def headers(origins: Sequence[str] | None, images: str = "") -> dict[str, str]:
    """The headers of every answer; ``origins`` may frame it (None: nobody, not even we), and
    pictures may come from the origin ``images`` besides."""
    ancestors = "'none'" if origins is None else " ".join(("'self'", *origins))
    pictures = " ".join(filter(None, ("'self'", "data:", images)))
    policy = (
        "default-src 'none'; script-src 'self'; style-src 'self'; "
        f"img-src {pictures}; "
        "connect-src 'self'; frame-src 'self'; base-uri 'none'; form-action 'self'; "
        f"frame-ancestors {ancestors}"
    )
    return _HEADERS | {"Content-Security-Policy": policy}
