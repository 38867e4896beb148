import type en from "./en-exceptions";

const exceptions: typeof en = {
  exceptions: "Excepciones",
  noExceptionsTitle: "Nada está parado",
  noExceptionsBody:
    "Lo que falla, es incierto o espera a alguien aparece aquí hasta que siga o alguien lo abandone.",
  exceptionOrder: "Orden y responsable",
  exceptionSorts: { age: "Más antiguas", value: "Mayor valor", deadline: "Próximo plazo" },
  onlyMine: "Mías",
  exceptionGroups: "Por lo que ocurre",
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
  nextDeadline: time => `Próximo plazo: ${time}`,
  deadlineMissed: time => `Plazo vencido ${time}`,
  moreOfThem: "Mostrar más",
  ofAll: (count, more) => (more ? `Más de ${count} mostradas:` : `Las ${count} mostradas:`),
  exceptionColumns: {
    what: "Qué",
    why: "Por qué",
    value: "En juego",
    deadline: "Plazo",
    owner: "Responsable",
    since: "Desde",
  },
  exceptionsShown: (count, more) =>
    more ? `${count} mostradas` : count === 1 ? "1 excepción" : `${count} excepciones`,
  overdue: time => `Desde ${time}`,
  nobodys: "Nadie",
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
    note: { act: "Anotar", title: "Anotar", body: "Las palabras quedan en cada una." },
  },
  covered: (covered, count) =>
    covered < count
      ? `Las ${covered} más antiguas de ${count}. Repítalo para el resto.`
      : covered === 1
        ? "Esta:"
        : covered === 0
          ? "No hay ninguna con la que se pueda hacer esto."
          : `Estas ${covered}:`,
  discardReason: "Diga por qué se abandonan.",
  assignTo: "A",
  assignees: { me: "Mí", role: "Un rol", nobody: "Nadie" },
  roleName: "Nombre del rol",
  roleNeeded: "Nombre el rol.",
  ownerUnknown: "No existe ese rol ni nadie activo con ese nombre. No se cambió nada.",
  nothingDone: "No quedaba nada por hacer.",
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
