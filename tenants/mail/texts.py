"""What mails say, by kind and language. Plain words, filled by name; how it looks is in `letters` (S-102)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal, get_args

from tenants.mail import task_texts
from tenants.mail.wording import Frame, Words

Kind = Literal[
    "people.invited",
    "people.passkey-added",
    "people.password-changed",
    "connection.away",
    "connection.back",
    "connection.ending",
    "webhook.gone",
    "webhook.failing",
    "webhook.recovered",
    "task.offered",
    "task.reminder",
    "task.digest",
    "task.outside",
    "task.outside-reminder",
]
KINDS: Final[tuple[str, ...]] = get_args(Kind)
LANGUAGES: Final = ("en", "es")
"""Those of the portal."""


_EN: Final[dict[str, Words]] = {
    "people.invited": Words(
        subject="Your invitation to {{brand}}",
        lines=("You are invited to work with {{brand}}.", "Open the link and choose how you sign in."),
        button="Accept the invitation",
        after=(
            "The link works once, until {{expires}}, and only for you. Do not pass it on.",
            "If you did not expect this, do nothing: no account is made until you accept.",
        ),
    ),
    "people.passkey-added": Words(
        subject="A passkey was added to your account",
        lines=(
            "A passkey named “{{passkey}}” was added to your account at {{host}} on {{at}}.",
            "It opens your account without a password.",
        ),
        button="Look at your account",
        after=("If that was not you, remove the passkey, change your password and tell whoever runs your account.",),
    ),
    "people.password-changed": Words(
        subject="Your password was changed",
        lines=(
            "The password of your account was changed on {{at}}.",
            "You were signed out everywhere, and passkeys of the account were removed.",
        ),
        button="Sign in",
        after=("If that was not you, tell whoever runs your account at once.",),
    ),
    "connection.away": Words(
        subject="{{connection}} is away ({{client}}, {{environment}})",
        lines=(
            "The connection {{connection}} of {{client}} ({{environment}}) does not answer since {{since}}.",
            "Work that needs it waits and goes on by itself when it is back. Nothing is lost.",
        ),
        button="See what waits",
        after=("You are told again when it is back.",),
    ),
    "connection.back": Words(
        subject="{{connection}} is back ({{client}}, {{environment}})",
        lines=(
            "The connection {{connection}} of {{client}} ({{environment}}) answers again since {{until}}.",
            "It was away since {{since}}. What waited goes on now.",
        ),
        button="See what goes on",
    ),
    "connection.ending": Words(
        subject="What {{connection}} signs in with ends soon ({{client}}, {{environment}})",
        lines=(
            "What the connection {{connection}} of {{client}} ({{environment}}) signs in with ends on {{until}}.",
            "Renew it before that day: afterwards work that needs the connection waits.",
        ),
        button="See what ends",
    ),
    "webhook.gone": Words(
        subject="Webhooks to {{address}} are switched off ({{client}}, {{environment}})",
        lines=(
            "{{address}} of {{client}} ({{environment}}) answered that it wants nothing more (410).",
            "No webhook is sent there any more. What happens meanwhile is kept for 30 days.",
        ),
        button="Look at the endpoint",
        after=("When the receiver is right again, enable the endpoint and send again what was missed.",),
    ),
    "webhook.failing": Words(
        subject="Webhooks to {{address}} are switched off ({{client}}, {{environment}})",
        lines=(
            "Nothing could be delivered to {{address}} of {{client}} ({{environment}}) since {{since}}.",
            "No webhook is sent there any more. What happens meanwhile is kept for 30 days.",
        ),
        button="See what was answered",
        after=("When the receiver is right again, enable the endpoint and send again what was missed.",),
    ),
    "webhook.recovered": Words(
        subject="{{address}} takes webhooks again ({{client}}, {{environment}})",
        lines=(
            "{{address}} of {{client}} ({{environment}}) took a webhook for the first time since it was switched off.",
            "What happened meanwhile is not sent by itself: send again what was missed.",
        ),
        button="Look at the endpoint",
    ),
}

_ES: Final[dict[str, Words]] = {
    "people.invited": Words(
        subject="Su invitación a {{brand}}",
        lines=("Está invitado a trabajar con {{brand}}.", "Abra el enlace y elija cómo iniciar sesión."),
        button="Aceptar la invitación",
        after=(
            "El enlace funciona una vez, hasta el {{expires}}, y solo para usted. No lo reenvíe.",
            "Si no lo esperaba, no haga nada: no se crea ninguna cuenta hasta que acepte.",
        ),
    ),
    "people.passkey-added": Words(
        subject="Se añadió una clave de acceso a su cuenta",
        lines=(
            "Se añadió una clave de acceso llamada «{{passkey}}» a su cuenta en {{host}} el {{at}}.",
            "Abre su cuenta sin contraseña.",
        ),
        button="Ver su cuenta",
        after=("Si no fue usted, quite la clave, cambie su contraseña y avise a quien administra su cuenta.",),
    ),
    "people.password-changed": Words(
        subject="Se cambió su contraseña",
        lines=(
            "La contraseña de su cuenta se cambió el {{at}}.",
            "Se cerraron todas sus sesiones y se quitaron las claves de acceso de la cuenta.",
        ),
        button="Iniciar sesión",
        after=("Si no fue usted, avise de inmediato a quien administra su cuenta.",),
    ),
    "connection.away": Words(
        subject="{{connection}} no responde ({{client}}, {{environment}})",
        lines=(
            "La conexión {{connection}} de {{client}} ({{environment}}) no responde desde el {{since}}.",
            "El trabajo que la necesita espera y continúa solo cuando vuelva. No se pierde nada.",
        ),
        button="Ver qué espera",
        after=("Le avisaremos cuando vuelva.",),
    ),
    "connection.back": Words(
        subject="{{connection}} responde de nuevo ({{client}}, {{environment}})",
        lines=(
            "La conexión {{connection}} de {{client}} ({{environment}}) responde de nuevo desde el {{until}}.",
            "No respondía desde el {{since}}. Lo que esperaba continúa ahora.",
        ),
        button="Ver qué continúa",
    ),
    "connection.ending": Words(
        subject="El acceso de {{connection}} termina pronto ({{client}}, {{environment}})",
        lines=(
            "El acceso de la conexión {{connection}} de {{client}} ({{environment}}) termina el {{until}}.",
            "Renuévelo antes de ese día: después, el trabajo que necesita la conexión espera.",
        ),
        button="Ver qué termina",
    ),
    "webhook.gone": Words(
        subject="Los webhooks a {{address}} están desactivados ({{client}}, {{environment}})",
        lines=(
            "{{address}} de {{client}} ({{environment}}) respondió que no quiere nada más (410).",
            "Ya no se envía ningún webhook allí. Lo que ocurra entretanto se guarda 30 días.",
        ),
        button="Ver el destino",
        after=("Cuando el receptor esté bien de nuevo, active el destino y envíe otra vez lo que faltó.",),
    ),
    "webhook.failing": Words(
        subject="Los webhooks a {{address}} están desactivados ({{client}}, {{environment}})",
        lines=(
            "No se pudo entregar nada a {{address}} de {{client}} ({{environment}}) desde el {{since}}.",
            "Ya no se envía ningún webhook allí. Lo que ocurra entretanto se guarda 30 días.",
        ),
        button="Ver qué se respondió",
        after=("Cuando el receptor esté bien de nuevo, active el destino y envíe otra vez lo que faltó.",),
    ),
    "webhook.recovered": Words(
        subject="{{address}} acepta webhooks de nuevo ({{client}}, {{environment}})",
        lines=(
            "{{address}} de {{client}} ({{environment}}) aceptó un webhook por primera vez desde que se desactivó.",
            "Lo que ocurrió entretanto no se envía solo: envíe otra vez lo que faltó.",
        ),
        button="Ver el destino",
    ),
}

WORDS: Final[Mapping[str, Mapping[str, Words]]] = {"en": {**_EN, **task_texts.EN}, "es": {**_ES, **task_texts.ES}}
FRAMES: Final[Mapping[str, Frame]] = {
    "en": Frame(
        greeting="Hello {{recipient}},",
        greeting_nobody="Hello,",
        help="Questions? Write to {{support}}.",
        automatic="{{brand}} sends this by itself.",
    ),
    "es": Frame(
        greeting="Hola, {{recipient}}:",
        greeting_nobody="Hola:",
        help="¿Preguntas? Escriba a {{support}}.",
        automatic="{{brand}} envía este mensaje automáticamente.",
    ),
}
