import type en from "./en-inbox";

const inbox: typeof en = {
  inbox: "Bandeja",
  noTasksTitle: "Nada que hacer",
  noTasksBody:
    "Lo que una ejecución le pide a usted o a sus roles aparece aquí hasta que alguien lo haya hecho.",
  chooseTaskTitle: "Elija una tarea",
  chooseTaskBody: "Aquí se abre lo que pide y en qué se basa.",
  taskViews: "De quién son",
  taskViewNames: { inbox: "Para mí", mine: "En mis manos", queues: "Todas las de mis roles" },
  taskQueues: "Por rol",
  byValue: "Mayor valor",
  tasksShown: (count, more) => (more ? `${count} mostradas` : count === 1 ? "1 tarea" : `${count} tareas`),
  taskDue: time => `Vence en ${time}`,
  taskLate: time => `Venció ${time}`,
  taskStandings: {
    created: "Nadie tiene el rol",
    offered: "Abierta",
    claimed: "En curso",
    delegated: "Dada a alguien",
    completed: "Hecha",
    expired: "Se agotó el plazo",
    cancelled: "Ya no hace falta",
  },
  atStake: sum => `${sum} en juego`,
  queueOf: role => `Para ${role}`,
  itsRun: "Su ejecución",
  taskShown: "En qué se basa",
  taskFacts: "En qué se fija la autoridad",
  notYours: role => `Tiene que hacerlo alguien con el rol ${role}.`,
  decidedBefore: count =>
    count === 1
      ? "Una persona ya lo ha decidido así. Tiene que hacerlo otra más."
      : `${count} personas ya lo han decidido así. Tienen que hacerlo otras más.`,
  yourDecision: "Su decisión",
  whySo: "Por qué",
  whySoHint: "Se guarda con la decisión.",
  endedWith: outcome => `Decidido: ${outcome}.`,
  endedWithout: {
    expired: "Nadie decidió a tiempo.",
    cancelled: "Su ejecución ha terminado, así que nada espera ya por esto.",
  },
  taskChanged: "Alguien actuó desde que usted la vio. Mire de nuevo y decida.",
  taskTaken: "La tiene otra persona.",
  taskOver: "Ha terminado: alguien decidió, o su ejecución acabó.",
  noAuthority: why => `Usted no puede decidir esto: ${why}`,
  authorityUnknown:
    "Nadie puede decir quién decide esto: la matriz de autoridad no dice nada. Tiene que hacerlo un administrador.",
  formElsewhere: "Este formulario está en otro sitio y no se puede rellenar aquí.",
  claim: "Tomarla",
  release: "Devolverla",
  taskHistory: "Qué se hizo",
  taskDone: {
    created: "Pedida",
    offered: "Ofrecida",
    claimed: "Tomada",
    released: "Devuelta",
    delegated: "Dada a un colega",
    reassigned: "Pasada a otro rol",
    commented: "Dicho",
    attached: "Documento añadido",
    approved: "Decidido, faltan otros",
    completed: "Hecha",
    told: "Recordada",
    expired: "Se agotó el plazo",
    cancelled: "Ya no hace falta",
  },
  onBehalf: "en nombre de un colega ausente",
  comment: "Diga algo",
  say: "Decirlo",
};

export default inbox;
