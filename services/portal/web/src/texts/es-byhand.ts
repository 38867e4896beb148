import type en from "./en-byhand";

const byHand: typeof en = {
  byHand: "Trabajo manual",
  byHandPeriod: "Periodo",
  lastDays: days => `Últimos ${days} días`,
  noteWorkaround: "Hecho fuera de los sistemas",
  ways: {
    spreadsheet: "Hoja de cálculo",
    mail: "Correo",
    telephone: "Teléfono",
    chat: "Chat",
    paper: "Papel",
    other: "De otra manera",
  },
  workaroundNoted: (way, uses, day) =>
    uses === 1
      ? `${way}, anotado: termina antes del ${day}.`
      : `${way}, anotado ${uses} veces: termina antes del ${day}.`,
  allWorkarounds: "Todos los atajos",
  workarounds: "Atajos",
  workaroundsAbout: "Lo que se hace fuera de los sistemas. Cada uno tiene quien lo termine y un día límite.",
  workaroundStates: { open: "Abiertos", retired: "Terminados" },
  noWorkarounds: {
    open: "No hay nada anotado. Un pedido, una excepción y una tarea tienen un botón para ello.",
    retired: "Ninguno ha terminado todavía.",
  },
  workaroundColumns: {
    what: "Qué",
    uses: "Anotado",
    owner: "Quién lo termina",
    until: "Hasta",
    acts: "Acciones",
  },
  workaroundsShown: (count, more) =>
    more ? `${count} mostrados` : count === 1 ? "1 atajo" : `${count} atajos`,
  usesPerWeek: (uses, week) => (uses === 1 ? "Una vez" : `${uses} veces, ${week} por semana`),
  pastItsDay: day => `Pasado su día, ${day}`,
  workaroundActs: {
    assign: { act: "Asignar", body: "Desde ahora le toca terminarlo." },
    postpone: { act: "Aplazar", body: "Diga hasta cuándo y por qué no puede terminar antes." },
    retire: { act: "Terminar", body: "Ya no se hace. Quien lo necesite otra vez lo anota de nuevo." },
  },
  workaroundChanged: "Alguien actuó entretanto. No se cambió nada; mírelo otra vez.",
  workaroundRefused:
    "El día debe ser de hoy en adelante y dentro de un año, y el responsable alguien activo.",
  reEntry: "Tecleado otra vez",
  reEntryAbout: "Hallado en lo que la gente respondió, sin los valores mismos.",
  noReEntry: "Nada se tecleó ni se corrigió una y otra vez en este tiempo.",
  reEntryWhat: {
    "typed-twice": (field, step, before) => `${field} en ${step}: lo mismo se tecleó antes en ${before}`,
    "edited-again": (field, step) => `${field} en ${step}: rellenado una y otra vez`,
    "done-again": (_, step) => `${step}: hecho una y otra vez para lo mismo`,
  },
  reEntryCauses: {
    "typed-twice":
      "La tarea posterior pregunta lo que ya se dijo en otra: pase el valor o haga que se busque.",
    "edited-again": "El valor no se queda: su sistema tiene otro, o la regla que hay detrás no encaja.",
    "done-again":
      "Lo mismo se corrige a mano una y otra vez: dos sistemas no coinciden y nada los relaciona.",
  },
  reEntryTimes: (count, things) => `${count} veces, para ${things === 1 ? "1 cosa" : `${things} cosas`}`,
  minutesAtIt: minutes => `${minutes} min`,
  nobodyMeasured: "Nadie midió cuánto duró",
  forExample: key => `Por ejemplo ${key}`,
  touches: "Por paso",
  touchesAbout: "Lo que la gente tuvo que hacer y cuánto tardó, hasta donde las páginas lo midieron.",
  noTouches: "Nadie tuvo que hacer nada a mano en este tiempo.",
  touchColumns: {
    step: "Paso",
    touches: "Veces",
    perEntity: "Por cada cosa",
    people: "Personas",
    active: "Tiempo dedicado",
    each: "Cada vez",
    estimated: "Estimado fuera",
  },
  touchSteps: count => (count === 1 ? "1 paso" : `${count} pasos`),
};

export default byHand;
