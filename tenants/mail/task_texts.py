"""What mails about tasks say, by kind and language (ADR 0112)."""

from __future__ import annotations

from typing import Final

from tenants.mail.wording import Words

EN: Final[dict[str, Words]] = {
    "task.offered": Words(
        subject="To decide: {{task}} ({{client}}, {{environment}})",
        lines=("{{client}} ({{environment}}) asks you: {{task}}.", "The link shows what it stands on."),
        button="Look and decide",
        after=(
            "The link decides once, until {{until}}, as you. Do not pass it on. Looking at it changes nothing.",
            "How you hear of tasks is set in your inbox.",
        ),
    ),
    "task.reminder": Words(
        subject="Waiting for you: {{task}} ({{client}}, {{environment}})",
        lines=("{{task}} of {{client}} ({{environment}}) has waited since {{since}}.",),
        button="Look and decide",
        after=(
            "The link decides once, until {{until}}, as you. Do not pass it on. Looking at it changes nothing.",
            "How you hear of tasks is set in your inbox.",
        ),
    ),
    "task.outside": Words(
        subject="{{client}} asks you: {{task}}",
        lines=("{{client}} asks you for an answer: {{task}}.", "You need no account: the link opens it."),
        button="Open and answer",
        after=("The link is for you alone, until {{until}} or until it is answered. Do not pass it on.",),
    ),
    "task.outside-reminder": Words(
        subject="Still open: {{client}} asks you: {{task}}",
        lines=("{{client}} still waits for your answer: {{task}}.", "This link takes the place of earlier ones."),
        button="Open and answer",
        after=("The link is for you alone, until {{until}} or until it is answered. Do not pass it on.",),
    ),
    "task.digest": Words(
        subject="{{waiting}} open tasks ({{client}}, {{environment}})",
        lines=("Tasks of {{client}} ({{environment}}) that wait for you: {{waiting}}. Overdue: {{overdue}}.",),
        button="Open the inbox",
        after=("You get this once a day, as you chose in your inbox.",),
    ),
}

ES: Final[dict[str, Words]] = {
    "task.offered": Words(
        subject="Por decidir: {{task}} ({{client}}, {{environment}})",
        lines=("{{client}} ({{environment}}) le pregunta: {{task}}.", "El enlace muestra en qué se basa."),
        button="Ver y decidir",
        after=(
            "El enlace decide una vez, hasta el {{until}}, en su nombre. No lo reenvíe. Mirarlo no cambia nada.",
            "Cómo recibe avisos de tareas se elige en su bandeja.",
        ),
    ),
    "task.reminder": Words(
        subject="Le espera: {{task}} ({{client}}, {{environment}})",
        lines=("{{task}} de {{client}} ({{environment}}) espera desde el {{since}}.",),
        button="Ver y decidir",
        after=(
            "El enlace decide una vez, hasta el {{until}}, en su nombre. No lo reenvíe. Mirarlo no cambia nada.",
            "Cómo recibe avisos de tareas se elige en su bandeja.",
        ),
    ),
    "task.outside": Words(
        subject="{{client}} le pregunta: {{task}}",
        lines=("{{client}} le pide una respuesta: {{task}}.", "No necesita cuenta: el enlace la abre."),
        button="Abrir y responder",
        after=("El enlace es solo para usted, hasta el {{until}} o hasta que se responda. No lo reenvíe.",),
    ),
    "task.outside-reminder": Words(
        subject="Sigue abierto: {{client}} le pregunta: {{task}}",
        lines=("{{client}} aún espera su respuesta: {{task}}.", "Este enlace sustituye a los anteriores."),
        button="Abrir y responder",
        after=("El enlace es solo para usted, hasta el {{until}} o hasta que se responda. No lo reenvíe.",),
    ),
    "task.digest": Words(
        subject="{{waiting}} tareas abiertas ({{client}}, {{environment}})",
        lines=("Tareas de {{client}} ({{environment}}) que le esperan: {{waiting}}. Vencidas: {{overdue}}.",),
        button="Abrir la bandeja",
        after=("Recibe esto una vez al día, como eligió en su bandeja.",),
    ),
}
