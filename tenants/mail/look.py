"""How every mail looks: pieces of HTML whose places are filled with escaped values (S-102)."""

from __future__ import annotations

import base64
import binascii
import re
from typing import Final

from infra.mail.message import LOGO

_PICTURE: Final = re.compile(r'href="data:image/png;base64,([A-Za-z0-9+/=]+)"')
HEAD: Final = (
    '<!doctype html><html lang="{{language}}"><head><meta charset="utf-8">'
    '<meta name="viewport" content="width=device-width"><title>{{subject}}</title></head>'
    '<body style="margin:0;background:#f1f3f5;color:#1a1a1a;font:16px/1.5 system-ui,sans-serif">'
    '<div style="max-width:560px;margin:0 auto;padding:24px 16px">'
    '<div style="background:#ffffff;border-top:4px solid {{accent}};border-radius:6px;padding:24px">'
)
NAME: Final = '<p style="margin:0 0 16px;font-weight:600;color:{{accent}}">{{brand}}</p>'
MARK: Final = f'<p style="margin:0 0 16px"><img src="cid:{LOGO}" alt="{{{{brand}}}}" height="32"></p>'
LINE: Final = '<p style="margin:0 0 12px">{}</p>'
BUTTON: Final = (
    '<p style="margin:20px 0"><a href="{{link}}" style="display:inline-block;padding:10px 16px;border-radius:6px;'
    'background:{{accent}};color:{{on_accent}};text-decoration:none">%s</a></p>'
    '<p style="margin:0 0 12px;font-size:13px;color:#595959;word-break:break-all">{{link}}</p>'
)
FOOT: Final = '</div><p style="margin:16px 8px;font-size:13px;color:#595959">%s</p></div></body></html>'


def picture(logo: str | None) -> bytes | None:
    """The points of a logo that has any: readers of mail show no drawings."""
    found = _PICTURE.search(logo) if logo else None
    if found is None:
        return None
    try:
        return base64.b64decode(found[1], validate=True)
    except binascii.Error:
        return None


def scheme(host: str) -> str:
    """This machine's own names have no TLS."""
    return "http" if host == "localhost" or host.endswith(".localhost") else "https"
