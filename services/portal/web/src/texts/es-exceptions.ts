import type en from "./en-exceptions";

const exceptions: typeof en = {
  exceptions: "Excepciones",
  noExceptionsTitle: "Nada está parado",
  noExceptionsBody:
    "Lo que falla, es incierto o espera a alguien aparece aquí hasta que siga o alguien lo abandone.",
  exceptionOrder: "Orden y responsable",
  exceptionSorts: {
    risk: "Mayor riesgo",
    age: "Más antiguas",
    value: "Mayor valor",
    deadline: "Próximo plazo",
  },
  onlyMine: "Mías",
  groupBy: "Agrupar por",
  groupedBy: name => `Por ${name.toLowerCase()}`,
  groupNames: {
    category: "Lo que ocurre",
    kind: "Tipo",
    warehouse: "Almacén",
    segment: "Segmento de cliente",
    order_type: "Tipo de pedido",
    channel: "Canal",
    stage: "Etapa",
    system: "Sistema",
    owner: "Responsable",
  },
  noGroup: {
    category: "Otras",
    kind: "Sin tipo",
    warehouse: "Sin almacén",
    segment: "Sin segmento",
    order_type: "Sin tipo de pedido",
    channel: "Sin canal",
    stage: "Sin etapa",
    system: "Sin sistema",
  },
  someOwner: "Alguien",
  allGroups: count => `Mostrar los ${count}`,
  withoutCut: (group, name) => `${group}: ${name}. Quitar este filtro`,
  sumAtRisk: sum => `${sum} en riesgo`,
  lateOfThem: count => (count === 1 ? "1 fuera de plazo" : `${count} fuera de plazo`),
  noneOfTheseTitle: "Ninguna de estas",
  noneOfTheseBody: "Nada parado cumple todos los filtros. Quite uno para ver más.",
  exceptionCategories: {
    failed: "Fallidas",
    uncertain: "Resultado desconocido",
    parked: "A la espera de un sistema",
    quarantined: "Apartadas",
    outage: "Sistema caído",
    "dead-letter": "No recibidas",
    missed: "Perdidas",
    data: "Datos que se contradicen",
  },
  oldest: time => `La más antigua: ${time}`,
  moreOfThem: "Mostrar más",
  chooseExceptions: "Elegir todas las mostradas",
  chosenExceptions: count => (count === 1 ? "1 elegida" : `${count} elegidas`),
  takeAllThatMatch: "Todas las que cumplen los filtros",
  allThatMatch: "Todas las que cumplen los filtros, de 200 en 200",
  exceptionColumns: {
    what: "Qué",
    why: "Por qué",
    risk: "En riesgo",
    deadline: "Plazo",
    owner: "Responsable",
    since: "Desde",
  },
  exceptionsShown: (count, more) =>
    more ? `${count} mostradas` : count === 1 ? "1 excepción" : `${count} excepciones`,
  ofValue: (sum, chance) => `${chance} % de ${sum}`,
  overdue: time => `Desde ${time}`,
  nobodys: "Nadie",
  exceptionCause: "Lo que ocurre",
  exceptionRunbook: "Guía de actuación",
  exceptionNextTitle: "Qué hacer",
  exceptionStates: { open: "Abierta", resolved: "Sigue adelante", discarded: "Abandonada" },
  exceptionOrderOf: "Pedido",
  exceptionRun: "Ejecución",
  exceptionWorkflow: "Flujo",
  exceptionTask: "Tarea",
  exceptionTimes: "Veces que llegó a esto",
  exceptionNote: "Nota",
  exceptionNext: {
    failed:
      "La ejecución ha terminado. Corrija lo que indica y reintente: sigue desde la tarea que falló, y nada se hace dos veces.",
    uncertain:
      "No se sabe si el otro sistema atendió la última petición. Mire allí y decida en la página de la ejecución, o cancele la ejecución.",
    parked:
      "Sigue por sí sola cuando el sistema vuelva o se responda su entrada. Cancélela si ya nadie la necesita.",
    quarantined:
      "Sus procesos murieron con ella una y otra vez. Reanúdela una vez; si vuelve, que alguien lo mire.",
    outage: "Termina con la primera llamada que se responda. Corrija la conexión si eso es lo que falla.",
    "dead-letter":
      "Un evento no inició ninguna ejecución o no se recibió. Corríjalo, haga que se envíe otra vez y descarte esto.",
    missed: "Llegó una hora a la que no empezó ninguna ejecución. Corríjalo y descarte esto.",
    data: "Dos sistemas dicen cosas distintas. Termina cuando vuelvan a coincidir.",
  },
  exceptionNextOfEntry:
    "Compare la entrada con lo que tiene su sistema y decídala en la página de la ejecución.",
  exceptionOtherwise: {
    failed: "su ejecución ha terminado: reinténtela o descártela",
    uncertain: "decida en la página de la ejecución qué pasó, o cancele la ejecución",
    parked: "sigue por sí sola, o se cancela o se descarta",
    quarantined: "reanúdela, cancélela o descártela",
    outage: "termina por sí sola con la primera llamada que se responda",
    "dead-letter": "descártela cuando esté corregido",
    missed: "descártela cuando esté corregido",
    data: "termina cuando los sistemas coincidan, o se descarta",
  },
  exceptionActs: {
    retry: {
      act: "Reintentar",
      title: "Reintentar",
      body: "Las ejecuciones fallidas siguen desde la tarea que falló. Lo ya hecho no se repite.",
    },
    resume: { act: "Reanudar", title: "Reanudar", body: "Las ejecuciones siguen donde están." },
    cancel: {
      act: "Cancelar la ejecución",
      title: "Cancelar las ejecuciones",
      body: "Las ejecuciones terminan. Lo hecho, hecho queda.",
    },
    discard: {
      act: "Descartar",
      title: "Descartar",
      body: "Se abandonan. Una ejecución que no ha terminado se cancela.",
    },
    assign: { act: "Asignar", title: "Asignar", body: "Reciben un responsable, a quien esto no avisa." },
    note: {
      act: "Anotar",
      title: "Anotar",
      body: "Las palabras quedan en cada una, en lugar de las anteriores.",
    },
  },
  editAndRetry: "Editar y reintentar",
  editBody: (task: string) =>
    `«${task}» se intenta de nuevo con lo que escriba aquí, y la ejecución sigue desde ahí. Lo ya hecho no se repite.`,
  editBodyPlain: "La ejecución sigue desde lo que falló, con lo que escriba aquí. Lo ya hecho no se repite.",
  editUnknown: "Aquí no se sabe qué recibió. Escríbalo todo.",
  editHidden:
    "Una parte de lo que recibió está oculta para usted, así que no puede devolverla. Pida ayuda a quien pueda leerla, o reintente sin cambios.",
  editInput: "Entrada, en JSON",
  editNoJson: "Esto no es JSON. Busque una coma, una comilla o un corchete que falte.",
  editTakesNone: "Lo que falló no admite otra entrada. Reinténtelo sin cambios.",
  editLate: "Alguien lo ha reintentado ya.",
  covered: (covered, count) =>
    covered < count
      ? `Las ${covered} más antiguas de ${count}. Repítalo para el resto.`
      : covered === 1
        ? "Esta:"
        : covered === 0
          ? "No hay ninguna con la que se pueda hacer esto."
          : `Estas ${covered}:`,
  notTaken: count => (count === 1 ? "Otra no admite esto." : `Otras ${count} no admiten esto.`),
  notTakenOne: why => `Esto no: ${why}`,
  wouldBe: {
    retried: "Se reintentará.",
    resumed: "Se reanudará.",
    cancelled: "Su ejecución se cancelará.",
    discarded: "Se abandonará.",
    assigned: "Recibirá el responsable.",
    noted: "Recibirá la nota.",
  },
  endsItsRun: "Su ejecución termina.",
  discardReason: "Diga algo.",
  assignTo: "A",
  assignees: { me: "Mí", role: "Otro rol", nobody: "Nadie", roles: "Roles", people: "Personas" },
  roleName: "Nombre del rol",
  roleNeeded: "Nombre el rol.",
  ownerUnknown: "No existe ese rol ni nadie activo con ese nombre. No se cambió nada.",
  nothingDone: "No quedaba nada por hacer.",
  became: {
    retried: "Reintentada",
    resumed: "Reanudada",
    cancelled: "Cancelada",
    discarded: "Abandonada",
    assigned: "Asignada",
    noted: "Anotada",
    changed: "Sin tocar: alguien actuó entretanto",
    refused: "Rechazada",
    left: "Pendiente: en otras manos, inténtelo de nuevo",
  },
  actedOn: (count, outcome) =>
    `${count} ${
      {
        retried: "reintentadas",
        resumed: "reanudadas",
        cancelled: "canceladas",
        discarded: "descartadas",
        assigned: "asignadas",
        noted: "anotadas",
        changed: "sin tocar: alguien actuó entretanto",
        refused: "rechazadas: ábralas para ver por qué",
        left: "pendientes: en otras manos, inténtelo de nuevo",
      }[outcome] ?? outcome
    }`,
};

export default exceptions;
