"""Who is at the page: a signed cookie says it, a token in the page proves that the page asks; and
how they like it to look."""

from __future__ import annotations

import hashlib
import hmac
import secrets

from itsdangerous import BadSignature, URLSafeSerializer
from starlette.requests import Request
from starlette.responses import Response

from bot.channels.webchat_limits import network
from handlers.messages import Contact

_COOKIE, _FRAMED, _LOOK = "youjun", "youjun-framed", "youjun-look"
_YEAR = 365 * 24 * 3600
_LOOKS = {"size": ("normal", "large"), "theme": ("auto", "light", "dark", "contrast")}


class People:
    """Reads and writes the cookies of one installation."""

    def __init__(self, channel: str, secret: str, *, secure: bool) -> None:
        self._channel = channel
        self._secure = secure
        self._secret = hashlib.sha256(b"webchat:" + secret.encode()).digest()
        self._signer = URLSafeSerializer(self._secret, salt="contact")

    def new(self) -> Contact:
        """Somebody we have not seen before."""
        return Contact(self._channel, secrets.token_urlsafe(18))

    def who(self, request: Request) -> Contact | None:
        """The person whose cookie came along; None without a cookie of ours."""
        for name in (_COOKIE, _FRAMED):
            try:
                address = self._signer.loads(request.cookies.get(name, ""))
            except BadSignature:
                continue
            return Contact(self._channel, str(address))
        return None

    def remember(self, response: Response, request: Request, contact: Contact) -> None:
        """Hand over the cookie that brings ``contact`` back, for a year from now."""
        name = _FRAMED if framed(request) else _COOKIE
        self._set(response, request, name, str(self._signer.dumps(contact.address)))

    def remember_look(self, response: Response, request: Request, look: str) -> None:
        """Keep size and theme."""
        self._set(response, request, _LOOK, look)

    def token(self, contact: Contact) -> str:
        """What every form of this person's page carries."""
        return hmac.new(self._secret, contact.address.encode(), hashlib.sha256).hexdigest()

    def proves(self, contact: Contact, token: str) -> bool:
        """Whether ``token`` comes from a page we gave to this person."""
        return hmac.compare_digest(token.encode("utf-8", "replace"), self.token(contact).encode())

    def _set(self, response: Response, request: Request, name: str, value: str) -> None:
        """A frame on another site gets its cookie only as SameSite=None, which needs HTTPS; it is
        partitioned: on every site that embeds us the person is another one."""
        foreign = framed(request) and self._secure
        response.set_cookie(
            name,
            value,
            max_age=_YEAR,
            httponly=True,
            samesite="none" if foreign else "lax",
            secure=self._secure,
        )
        if foreign:  # http.cookies knows the attribute only from Python 3.14 on
            key, cookie = response.raw_headers.pop()
            response.raw_headers.append((key, cookie + b"; Partitioned"))


def framed(request: Request) -> bool:
    """Whether the page stands in a frame of another one."""
    if request.url.path.startswith("/chat/"):
        return request.url.path == "/chat/embed" or request.query_params.get("framed") == "1"
    return False


def address(request: Request) -> str:
    """Where the request comes from, as far as limits care."""
    return network(request.client.host if request.client else "")


def look(request: Request) -> dict[str, str]:
    """Size and theme from the cookie, as far as we know such."""
    words = request.cookies.get(_LOOK, "").split(".")
    asked = dict(word.split("-", 1) for word in words if "-" in word)
    return {
        kind: asked[kind] if asked.get(kind) in known else known[0]
        for kind, known in _LOOKS.items()
    }


def chosen_look(request: Request) -> str | None:
    """The new look as a cookie, if the person just chose one."""
    asked = {kind: request.query_params.get(kind) for kind in _LOOKS}
    new = {kind: value for kind, value in asked.items() if value and value in _LOOKS[kind]}
    if not new:
        return None
    return ".".join(f"{kind}-{value}" for kind, value in (look(request) | new).items())
