"""The page behind the link of a notice, where whoever got it wants no more of them. Plain HTML without a script."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal

import msgspec

from infra.mail.template import in_html, in_text

Shown = Literal["ask", "out", "in", "unknown"]
POLICY: Final = (
    "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)


class Words(msgspec.Struct, frozen=True):
    """`stop`, `again`: what the buttons say."""

    title: str
    ask: str
    stop: str
    out: str
    again: str
    back: str
    unknown: str


WORDS: Final[Mapping[str, Words]] = {
    "en": Words(
        "Messages of {{brand}}",
        "Do you want no more messages about orders and deliveries at this address?",
        "Send me no more",
        "You get no more messages about orders and deliveries at this address.",
        "Send me messages again",
        "You get messages about orders and deliveries at this address again.",
        "This link is not valid.",
    ),
    "es": Words(
        "Mensajes de {{brand}}",
        "¿No desea recibir más mensajes sobre pedidos y entregas en esta dirección?",
        "No enviarme más",
        "Ya no recibirá mensajes sobre pedidos y entregas en esta dirección.",
        "Volver a enviarme mensajes",
        "Vuelve a recibir mensajes sobre pedidos y entregas en esta dirección.",
        "Este enlace no es válido.",
    ),
    "de": Words(
        "Nachrichten von {{brand}}",
        "Möchten Sie an diese Adresse keine Nachrichten über Bestellungen und Lieferungen mehr?",
        "Keine mehr senden",
        "Sie erhalten an diese Adresse keine Nachrichten über Bestellungen und Lieferungen mehr.",
        "Wieder Nachrichten senden",
        "Sie erhalten an diese Adresse wieder Nachrichten über Bestellungen und Lieferungen.",
        "Dieser Link ist nicht gültig.",
    ),
    "fr": Words(
        "Messages de {{brand}}",
        "Ne plus recevoir de messages sur les commandes et les livraisons à cette adresse ?",
        "Ne plus m'en envoyer",
        "Vous ne recevrez plus de messages sur les commandes et les livraisons à cette adresse.",
        "M'envoyer à nouveau des messages",
        "Vous recevez à nouveau des messages sur les commandes et les livraisons à cette adresse.",
        "Ce lien n'est pas valable.",
    ),
    "nl": Words(
        "Berichten van {{brand}}",
        "Wilt u op dit adres geen berichten over bestellingen en leveringen meer?",
        "Stuur mij niets meer",
        "U krijgt op dit adres geen berichten over bestellingen en leveringen meer.",
        "Stuur mij weer berichten",
        "U krijgt op dit adres weer berichten over bestellingen en leveringen.",
        "Deze link is niet geldig.",
    ),
}
_PAGE: Final = (
    '<!doctype html><html lang="{{language}}"><head><meta charset="utf-8">'
    '<meta name="viewport" content="width=device-width, initial-scale=1"><meta name="robots" content="noindex">'
    '<title>{{title}}</title><link rel="icon" href="/portal/icon.svg"><link rel="stylesheet" href="/portal/brand.css">'
    '<link rel="stylesheet" href="/portal/notices.css"></head><body><main><h1>'
)
_MARK: Final = '<img src="/portal/logo.svg" alt="{{brand}}" height="40"></h1>'
_NAME: Final = "{{brand}}</h1>"
_SAID: Final = '<p role="status">{{said}}</p>'
_FORM: Final = '<form method="post" action="{{action}}"><button class="{{kind}}">{{button}}</button></form>'
_END: Final = "</main></body></html>"
STYLE: Final = """\
:root { color-scheme: light dark; }
body { margin: 0; background: #f1f3f5; color: #1a1a1a; font: 1rem/1.5 var(--brand-font, system-ui), sans-serif; }
main { box-sizing: border-box; max-width: 32rem; margin: 12vh auto 0; padding: 2rem 1.5rem; background: #fff;
  border-top: 4px solid var(--brand-accent); border-radius: 6px; overflow-wrap: anywhere; }
h1 { margin: 0 0 1.5rem; font-size: 1.25rem; line-height: 1.3; }
img { display: block; max-width: 100%; }
p { margin: 0 0 1.5rem; }
button { min-height: 2.75rem; padding: 0.5rem 1.25rem; border: 0; border-radius: 6px; font: inherit; font-weight: 600;
  background: var(--brand-accent); color: var(--brand-on-accent); cursor: pointer; }
button.back { background: none; color: inherit; box-shadow: inset 0 0 0 1px currentcolor; }
button:focus-visible { outline: 3px solid currentcolor; outline-offset: 3px; }
@media (max-width: 40rem) { main { margin-top: 0; border-radius: 0; min-height: 100vh; } button { width: 100%; } }
@media (prefers-color-scheme: dark) { body { background: #141517; color: #e6e6e6; } main { background: #242528; }
  button:focus-visible { outline-color: #e6e6e6; } }
"""


def language_of(accepted: str) -> str:
    """The first that there are words in, of an `Accept-Language`; English else."""
    for one in accepted[:500].lower().split(","):
        if (known := one.strip()[:2]) in WORDS:
            return known
    return "en"


def page(shown: Shown, *, brand: str, has_logo: bool, language: str, address: str) -> bytes:
    """`address`: the path of the link, which was found or says nothing."""
    words = WORDS[language]
    said = {"ask": words.ask, "out": words.out, "in": words.back, "unknown": words.unknown}[shown]
    title = in_text(words.title, {"brand": brand})
    values = {"language": language, "brand": brand, "title": title, "said": said}
    top = in_html(_PAGE + (_MARK if has_logo else _NAME) + _SAID, values)
    button = {"ask": (words.stop, address), "in": (words.stop, address), "out": (words.again, f"{address}/again")}
    form = ""
    if shown in button:
        label, action = button[shown]
        form = in_html(_FORM, {"button": label, "action": action, "kind": "back" if shown == "out" else "stop"})
    return (top + form + _END).encode()
