import { deskWords } from "./es-desk-refusals";
import { fieldWords } from "./es-form-refusals";

/** Why the API refused somebody, as it says it, in Spanish; what is not here stays as it came. */
const SAID: readonly (readonly [RegExp, string])[] = [
  [/^The role (.+) decides this$/, "Esto lo decide el rol $1"],
  [/^It is in the queue of the role (.+)$/, "Está en la cola del rol $1"],
  [/^Nobody stands in for themselves$/, "Nadie se sustituye a sí mismo"],
  [/^Who asked for it does not decide it$/, "Quien lo pidió no lo decide"],
  [/^Who changed it last does not decide it$/, "Quien lo cambió por última vez no lo decide"],
  [/^Who decided an earlier step does not decide this one$/, "Quien decidió un paso anterior no decide este"],
  [
    /^Who changed the rules while it was open does not decide it$/,
    "Quien cambió las reglas mientras estaba abierta no la decide",
  ],
  [
    /^Who began the run approves no write of it: somebody else has to$/,
    "Quien inició la ejecución no aprueba lo que escribe: tiene que hacerlo otra persona",
  ],
  [
    /^You have decided it before: somebody else has to as well$/,
    "Usted ya lo ha decidido: tiene que hacerlo también otra persona",
  ],
  [
    /^Each approval is by another person, and a substitute is no other one$/,
    "Cada aprobación es de otra persona, y quien sustituye no es otra",
  ],
  [/^(\d+) more with the role (.+) must agree$/, "Falta la conformidad de $1 más con el rol $2"],
  [
    /^Sign in to the portal: no key decides about (.+), nor does who acts for a client$/,
    "Inicie sesión en el portal: ninguna clave decide sobre $1, ni quien actúa por un cliente",
  ],
  [
    /^Nobody has said yet who decides about (.+): set the environment's authority first$/,
    "Nadie ha indicado aún quién decide sobre $1: defina primero la autoridad del entorno",
  ],
  [/^No matrix of authority is in force$/, "No hay ninguna matriz de autoridad en vigor"],
  [
    /^State (\w+): rows of this decision ask for it$/,
    "Falta indicar $1: lo piden las reglas de esta decisión",
  ],
  [
    /^State (\w+): the row '(.+)' keeps that person out$/,
    "Falta indicar $1: la regla «$2» excluye a esa persona",
  ],
  [/^Only people decide$/, "Solo deciden personas"],
  [/^It was refused$/, "Se rechazó"],
  [/^It was approved$/, "Se aprobó"],
  [/^No row is about amounts in (.+)$/, "Ninguna regla trata de importes en $1"],
  [/^No row is about (.+)$/, "Ninguna regla trata de $1"],
  [/^No row covers (.+) for (.+)$/, "Ninguna regla cubre $1 para $2"],
  [/^Several rows cover (.+) for (.+)$/, "Varias reglas cubren $1 para $2"],
  [/^Its form asks for something: decide it by itself$/, "Su formulario pide algo: decídala por separado"],
  [/^The task is not for a role of yours any more$/, "La tarea ya no es de ningún rol suyo"],
  [/^Your account may not work on tasks any more$/, "Su cuenta ya no puede trabajar en tareas"],
  [
    /^Your account asks for more than a mail: sign in to decide$/,
    "Su cuenta pide más que un correo: inicie sesión para decidir",
  ],
];

/** What no row or several rows are about, as the matrix names a case. */
const caseWords = (said: string): string =>
  said
    .replace(/a margin of (\S+) percent/, "un margen del $1 %")
    .replace("the customer class ", "la clase de cliente ")
    .replace("the site ", "la sede ")
    .replace(/such a case$/, "un caso así");

export function refusalWords(why: string): string {
  const found = SAID.find(([said]) => said.test(why));
  if (!found) return deskWords(why) ?? fieldWords(why) ?? why;
  const words = why.replace(found[0], found[1]);
  return / rows? covers? /.test(why) ? caseWords(words) : words;
}
