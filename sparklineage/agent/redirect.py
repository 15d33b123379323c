"""A password for one host, which urllib would otherwise hand to every host it is redirected to."""

from __future__ import annotations

from base64 import b64encode
from typing import TYPE_CHECKING
from urllib.parse import urlsplit
from urllib.request import HTTPRedirectHandler, Request

if TYPE_CHECKING:
    from http.client import HTTPMessage
    from typing import IO

    from sparklineage.model.secret import Secret

_HEADER = "Authorization"


def authorize(request: Request, username: str, password: Secret) -> None:
    """Give `request` a user name and password, in a header that urllib by itself does not redirect."""
    pair = b64encode(f"{username}:{password.reveal()}".encode()).decode("ascii")
    request.add_unredirected_header(_HEADER, f"Basic {pair}")


class SameHostRedirect(HTTPRedirectHandler):
    """Follows redirects; the password goes along to the same scheme, host and port alone."""

    def redirect_request(  # noqa: PLR0917 - urllib's signature
        self, req: Request, fp: IO[bytes], code: int, msg: str, headers: HTTPMessage, newurl: str
    ) -> Request | None:
        following = super().redirect_request(req, fp, code, msg, headers, newurl)
        login = req.unredirected_hdrs.get(_HEADER)
        if following is not None and login and urlsplit(newurl)[:2] == urlsplit(req.full_url)[:2]:
            following.add_unredirected_header(_HEADER, login)
        return following
