import type en from "./en-holds";

const holds: typeof en = {
  holdsTitle: "Retenciones",
  noHoldsTitle: "Nada está retenido",
  noHoldsBody: "Lo que impide que un pedido salga aparece aquí hasta que lo levante quien puede hacerlo.",
  noneHeldBody: "Ninguna retención cumple todos los filtros. Quite uno para ver más.",
  holdOrder: "Orden de la lista",
  holdSorts: { due: "Próximo plazo", value: "Mayor valor", age: "Más antiguas" },
  holdStatuses: { active: "Activas", cleared: "Levantadas", overridden: "Anuladas" },
  holdCuts: { type: "Tipo", role: "Rol", order: "Pedido", customer: "Cliente", site: "Sede" },
  holdMarks: { active: "Activa", cleared: "Levantada", overridden: "Anulada" },
  holdState: "Estado",
  holdRole: "A cargo de",
  everyRole: "Todos los roles",
  ownRoles: "Mis roles",
  otherRoles: "Otros roles",
  findHoldBy: "Buscar",
  findHold: "Su número o nombre",
  holdKinds: "Por tipo",
  holdNever: "Sin plazo",
  holdColumns: {
    what: "Retenido por",
    of: "Pedido",
    risk: "En riesgo",
    deadline: "Plazo",
    role: "Rol",
    raised: "Puesta",
  },
  holdsShown: (count, more) =>
    more ? `${count} a la vista` : count === 1 ? "1 retención" : `${count} retenciones`,
  moreHolds: "Ver más",
  holdTypes: {
    credit: "Crédito",
    price: "Precio",
    margin: "Margen",
    stock: "Existencias",
    compliance: "Cumplimiento",
    incomplete: "Incompleto",
    "proof-of-delivery": "Prueba de entrega",
  },
  holdNamed: (type, subject) => `${type}: ${subject}`,
  allItsOrders: "Todos los pedidos del cliente",
  lineOfOrder: line => `Línea ${line}`,
  onlyCustomer: customer => `Solo el cliente ${customer}`,

  whyHeld: "Por qué está retenido",
  heldAfterRelease:
    "El pedido ya se había liberado cuando se puso esta retención. Reclámelo si está en camino.",
  holdDecision: "Qué hacer",
  holdEnded: "En qué quedó",
  holdNext:
    "Vea por qué está retenido. Levante la retención cuando su causa ya no exista o cuando decida dejar salir el pedido; este sigue solo cuando nada más lo retiene.",
  holdNextCustomer:
    "Retiene todos los pedidos de este cliente. Levántela cuando su causa ya no exista; cada uno sigue solo cuando nada más lo retiene.",
  holdActs: {
    clear: {
      act: "Levantar",
      title: "Levantar esta retención",
      body: "El pedido sale en cuanto nada más lo retenga.",
    },
    override: {
      act: "Anular",
      title: "Anular esta retención",
      body: "El pedido sale aunque la causa siga. Pide la misma autoridad y deja en pie una retención del cliente.",
    },
  },
  holdWhy: "Motivo",
  holdWhyHint: "Queda guardado con la retención y lo lee quien venga después.",
  holdWhyNeeded: "Indique el motivo.",
  holdNotYours: why => `Usted no puede decidir sobre esta retención: ${why}`,
  holdMore: why => `Usted puede dar su conformidad, y hace falta más: ${why}`,
  holdAgreed: "Usted ya dio su conformidad. Sigue cuando la dé también otra persona.",
  holdClosed: "Alguien la levantó o la anuló entretanto. Abajo consta quién y por qué.",
  holdChanged: "Algo cambió en ella entretanto. Véala como está ahora y decida.",
  holdForbidden: "Su cuenta no puede hacer esto. Quien administra las cuentas puede permitírselo.",
  holdReadOnly: role =>
    `Su cuenta puede ver las retenciones y no levantarlas. De esta se encarga el rol ${role}.`,
  holdWasCleared: { cleared: "Se levantó.", overridden: "Se anuló: la causa seguía." },
  elseHeld: "Qué más lo retiene",
  nothingElse: "Nada más.",
  nothingKeeps: "Ahora nada retiene el pedido.",
  orderWent: "El pedido se liberó.",
  onItsCustomer: "Del cliente",
  holdFactNames: {
    requester: "Lo pidió",
    last_editor: "Último cambio de",
    customer_class: "Clase del cliente",
    margin_percent: "Margen, por ciento",
  },
  holdHistory: "Lo que se hizo",
  holdRaised: "Puesta",
  holdRaisedToo: "Puesta otra vez",
  holdAgreedBy: "Conforme",
  holdRun: "Ejecución",
  raisedByRun: "Una ejecución",
  openHold: "Abrir la retención",
  heldOrder: "Retenido",
  seeItsHolds: "Ver qué lo retiene",

  clearMany: "Levantar varias",
  clearManyTitle: "Levantar varias retenciones",
  clearManyBody:
    "Todas las retenciones activas que encuentran los filtros, las 200 más antiguas como máximo. Antes verá qué pasaría con cada una.",
  seeWhatWould: "Ver qué pasaría",
  clearCount: count => `Levantar ${count}`,
  coveredHolds: (covered, count, allowed) =>
    covered < count
      ? `Usted puede levantar ${allowed} de las ${covered} más antiguas; hay ${count}. Repítalo para el resto.`
      : `Usted puede levantar ${allowed} de ${covered}.`,
  firstOfThem: count => `Las primeras ${count}:`,
  wouldClear: {
    allowed: "Se levantará.",
    more: "Usted da su conformidad; hace falta más:",
    refused: "Se deja:",
  },
  clearedMany: {
    cleared: "Levantada",
    overridden: "Ya anulada",
    agreed: "Conforme; falta otra persona",
    changed: "Se dejó: algo cambió en ella entretanto",
    refused: "Rechazada: ábrala para ver por qué",
    left: "Se dejó: se acabó el tiempo, repítalo",
  },
  clearedOf: (count, outcome) => `${outcome}: ${count}`,
};

export default holds;
