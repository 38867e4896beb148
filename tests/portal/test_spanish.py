"""What the server says stands in Spanish on Spanish pages: of parameters, of many exceptions, of a hold."""

from __future__ import annotations

from typing import Any, Final

from playwright.async_api import Browser, expect

from services.cli.running import Portal
from tests.portal.people import look, staff
from tests.portal.person import Person, person
from tests.portal.site import Site
from tests.portal.test_exceptions import GROUPS, HISTORY, LONG, ONE, OTHER
from tests.portal.test_holds import ONE as HOLD
from tests.portal.test_people_look import answers

NOT_DECLARED: Final = (
    "Its workflow does not declare what undoes it: retry it, or discard it with a reason once that is done by hand"
)


async def sign_in(someone: Person, account: Portal, heading: str) -> None:
    page = someone.page
    await someone.open()
    await page.get_by_label("Correo electrónico").fill(account.email)
    await page.get_by_role("textbox", name="Contraseña").fill(account.password)
    await page.get_by_role("button", name="Iniciar sesión", exact=True).click()
    await someone.heading(heading).wait_for()


async def test_a_form_of_parameters_has_units_and_refusals_in_spanish(browser: Browser, site: Site) -> None:
    boss = await staff(site, "pilar@harbor.example", name="Pilar Parámetros")
    async with person(browser, site, boss, language="es-ES") as someone:
        page = someone.page
        await sign_in(someone, boss, "Clientes")
        at = f"client={site.harbor.client_slug}&environment={site.harbor.environment}"
        await someone.open(f"/library/order-release/deploy?{at}")
        for words in ("Credit tolerance (%)", "Days of grace (días)", "Warn of a delay before (horas laborables)"):
            await expect(page.get_by_label(words, exact=True)).to_be_visible()
        await page.get_by_label("Decide within").fill("soon")
        await page.get_by_role("button", name="Desplegar en").click()
        await expect(page.get_by_label("Decide within")).to_have_attribute("aria-invalid", "true")
        await expect(page.get_by_text('"soon" no tiene la forma').first).to_be_visible()
        await look(someone, "spanish-parameters")
        await someone.shoot("spanish-parameters-whole", whole=True)


async def test_the_desk_of_many_and_a_hold_say_why_not_in_spanish(browser: Browser, site: Site) -> None:
    chief = await staff(site, "irene@harbor.example", name="Irene Incidencias", of_client=True)
    async with person(browser, site, chief, language="es-ES") as someone:
        page = someone.page
        await sign_in(someone, chief, "Ejecuciones")
        await answers(someone, "**/v1/exceptions/groups*", {"by": "category", "count": 134, "items": GROUPS})
        await answers(someone, "**/v1/exceptions?*", {"items": [ONE, OTHER], "next": None})
        await answers(someone, "**/v1/exceptions/exc_*", {**ONE, "runbook": None, "history": HISTORY})
        lines: list[dict[str, Any]] = [
            {"id": ONE["id"], "category": "failed", "name": LONG, "is_of_entry": False, "at_risk": ONE["at_risk"],
             "outcome": "retried", "ends_run": False, "why": None},
            {"id": OTHER["id"], "category": "outage", "name": None, "is_of_entry": False, "at_risk": None,
             "outcome": None, "ends_run": False, "why": "It ends by itself"},
        ]  # fmt: skip
        seen = {"count": 1, "covered": 1, "refused": 1, "exceptions": [], "foreseen": lines, "done": [], "token": "x"}
        await answers(someone, "**/v1/exceptions/act", seen)
        await someone.open("/exceptions")
        await page.get_by_role("checkbox", name="Elegir todas las mostradas").check()
        await look(someone, "spanish-desk")
        await page.get_by_role("button", name="Reintentar").click()
        dialog = page.get_by_role("dialog")
        await expect(dialog.get_by_text("termina por sí sola")).to_be_visible()
        await look(someone, "spanish-desk-preview")
        refused = {**seen, "done": [{"id": ONE["id"], "outcome": "refused", "why": NOT_DECLARED}]}
        await answers(someone, "**/v1/exceptions/act", refused)
        await dialog.get_by_role("button", name="Reintentar").click()
        await expect(dialog.get_by_text("no declara qué lo deshace")).to_be_visible()
        await look(someone, "spanish-desk-done")
        await someone.open(f"/exceptions/{ONE['id']}")
        await someone.heading(LONG).wait_for()
        await look(someone, "spanish-exception")
        await someone.shoot("spanish-exception-whole", whole=True)
        judged = {"hold": HOLD, "may": "refused", "because": "No row covers credit.release for 7 USD, the site north"}
        verdict = {"count": 1, "covered": 1, "allowed": 0, "done": [], "token": "x", "holds": [judged]}
        await answers(someone, "**/v1/holds/act", verdict)
        await answers(someone, f"**/v1/holds/{HOLD['id']}", HOLD)
        await someone.open(f"/holds/{HOLD['id']}")
        await expect(page.get_by_text("Ninguna regla cubre credit.release para 7 USD, la sede north")).to_be_visible()
        await expect(page.get_by_text("Límite superado")).to_be_visible()
        await someone.shoot("spanish-hold-whole", whole=True)
        await look(someone, "spanish-hold")
