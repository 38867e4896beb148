import type { Texts } from "./en";
import audit from "./es-audit";
import byHand from "./es-byhand";
import connections from "./es-connections";
import connectors from "./es-connectors";
import deployments from "./es-deployments";
import exceptions from "./es-exceptions";
import form from "./es-form";
import holds from "./es-holds";
import inbox from "./es-inbox";
import incoming from "./es-incoming";
import library from "./es-library";
import orders from "./es-orders";
import people from "./es-people";
import readiness from "./es-readiness";
import reconnect from "./es-reconnect";
import record from "./es-record";
import webhooks from "./es-webhooks";

const es: Texts = {
  ...people,
  ...reconnect,
  ...audit,
  ...webhooks,
  ...incoming,
  ...orders,
  ...readiness,
  ...record,
  ...byHand,
  ...connections,
  ...connectors,
  ...form,
  ...deployments,
  ...exceptions,
  ...holds,
  ...inbox,
  ...library,
  language: "Español",
  skipToContent: "Ir al contenido",
  close: "Cerrar",
  yes: "Sí",
  no: "No",
  back: "Volver",

  signIn: "Iniciar sesión",
  signInTo: brand => `Iniciar sesión en ${brand}`,
  email: "Correo electrónico",
  password: "Contraseña",
  signInFailed: "El correo y la contraseña no coinciden. Revise ambos e inténtelo de nuevo.",
  signInLater: minutes =>
    minutes > 1
      ? `Demasiados intentos. Vuelva a intentarlo en ${minutes} minutos.`
      : "Demasiados intentos. Vuelva a intentarlo en un minuto.",
  showPassword: "Mostrar la contraseña",
  emailNeeded: "Escriba su correo.",
  passwordNeeded: "Escriba su contraseña.",
  needHelp: "¿Necesita ayuda?",
  cookieRefused:
    "Ha entrado, pero este navegador no mantuvo la sesión: rechaza la cookie. Permita las cookies de esta dirección o use otro navegador.",
  sessionEnded: "Su sesión ha terminado. Inicie sesión para seguir donde estaba.",
  signOut: "Cerrar sesión",

  runs: "Ejecuciones",
  navigation: "Principal",
  account: "Cuenta",
  theme: "Tema",
  themes: { light: "Claro", dark: "Oscuro", auto: "Sistema" },
  languageWord: "Idioma",
  keyboard: "Atajos de teclado",
  singleKeys: "Atajos de una tecla",
  on: "Sí",
  off: "No",
  justNow: "ahora mismo",
  environments: { dev: "Desarrollo", test: "Pruebas", live: "Producción" },
  environmentHint: {
    dev: "Desarrollo: nada de esto es real.",
    test: "Pruebas: nada de esto llega a sus sistemas reales.",
    live: "Producción: lo que ocurre aquí es real.",
  },

  live: "Al día",
  liveHint: "Los cambios se ven en cuanto ocurren.",
  asOf: time => `Datos de las ${time}`,
  offlineHint: "Se perdió la conexión. Lo que ve puede haber cambiado; volverá por sí sola.",

  sendSample: "Enviar pedido de muestra",
  sending: "Enviando…",
  sampleUnknown:
    "No se pudo leer si una plantilla tiene una muestra. Elija el botón para intentarlo de nuevo.",
  sampleNone: "Ninguna plantilla desplegada tiene una muestra.",
  sampleNotAllowed: "Su cuenta no puede enviar eventos. Su proveedor de servicios puede permitirlo.",
  sampleNoRun: "La muestra se recibió, pero ningún despliegue la espera.",
  sampleFailed: "La muestra no se envió.",
  sampleUnanswered: "No hubo respuesta. Envíela de nuevo: sigue siendo un solo pedido.",
  sampleConfirmTitle: "¿Enviar un pedido de muestra a sus sistemas de producción?",
  sampleConfirmBody: "Allí se crea un pedido real.",
  cancel: "Cancelar",

  searchRuns: "Buscar por número de pedido",
  clearSearch: "Borrar búsqueda",
  filterByState: "Estado",
  all: "Todas",
  columns: {
    order: "Pedido",
    state: "Estado",
    note: "Qué ocurre",
    template: "Plantilla",
    started: "Inicio",
    duration: "Duración",
  },
  noKey: "Sin número de pedido",
  newRuns: count => (count === 1 ? "1 nueva" : `${count} nuevas`),
  newRunsHint: "Mostrarlas arriba",
  more: "Ver ejecuciones anteriores",
  loadingMore: "Cargando…",
  shown: (count, more) =>
    more ? `${count} a la vista` : count === 1 ? "1 ejecución" : `${count} ejecuciones`,

  emptyTitle: "Aún no hay ejecuciones",
  emptyBody:
    "Aquí aparece una ejecución cuando llega un pedido. Envíe un pedido de muestra para ver uno de principio a fin.",
  emptyBodyPlain: "Aquí aparece una ejecución cuando llega un pedido.",
  emptyFilterTitle: "Ninguna ejecución coincide",
  emptyFilterBody: (state, key) =>
    key === null
      ? `Ninguna ejecución tiene ahora el estado «${state}».`
      : `Ninguna ejecución${state === null ? "" : ` con el estado «${state}»`} tiene el número de pedido «${key}». La búsqueda espera el número completo; una parte lo encuentra entre las filas a la vista.`,
  clearFilter: "Quitar filtro",

  states: {
    pending: "Pendiente",
    running: "En curso",
    waiting: "En espera",
    suspended: "Suspendida",
    cancelled: "Cancelada",
    faulted: "Con error",
    completed: "Completada",
    held: "Retenida",
  },
  holds: {
    incomplete: "Desconocido en el ERP",
    value: "Límite de valor",
    credit: "Límite de crédito",
    stock: "Faltan existencias",
  },
  taskStates: {
    idle: "Sin alcanzar",
    running: "En curso",
    waiting: "En espera",
    completed: "Hecho",
    skipped: "Omitido",
    faulted: "Con error",
    cancelled: "Cancelado",
  },

  waitingTitle: "¿Por qué espera?",
  waitingConnection: (system, reason, time, next) =>
    `${system} no atiende la llamada desde las ${time}: ${reason}. La llamada se repite por sí sola hasta que se logre${next ? `, la próxima vez a las ${next}` : ""}.`,
  waitingLine: (system, reason, time) =>
    `En cola para ${system} desde las ${time}: ${reason}. Sigue por sí sola cuando le llegue el turno.`,
  waitingPlaybook: (system, reason, time) =>
    `Apartado para ${system} desde las ${time}: ${reason}. Sigue cuando eso esté hecho.`,
  uncertainShort: "Alguien debe comprobarlo",
  waitingUncertain: time =>
    `Desde las ${time} no se sabe si una llamada llegó al otro sistema. Alguien con permiso para cambiar ejecuciones debe comprobarlo allí e indicarlo.`,
  waitingQuarantine: time =>
    `Apartada a las ${time}, tras fallar varias veces sin avanzar. Debe reanudarla alguien con permiso para cambiar ejecuciones.`,
  waitingOther: (kind, reason, time) => `Espera ${kind} desde las ${time}. ${reason}`,
  waitingTimer: next =>
    `Hace una pausa, como dice su flujo, y sigue por sí sola${next ? ` a las ${next}` : ""}.`,
  waitingTimerShort: next => (next ? `En pausa hasta las ${next}` : "En pausa"),
  waitingEvent: (event, time) => `Espera ${event} desde las ${time}.`,
  waitingPersonShort: "Espera a una persona",
  waitingPerson: time =>
    `Espera desde las ${time} a que alguien haga la tarea que pidió, y sigue con lo que decida.`,
  waitingKeyShort: "Espera su turno",
  waitingKey: (reason, time) =>
    `Espera su turno desde las ${time}. ${reason}, y solo una puede estar en curso a la vez; esta sigue sola cuando aquella haya terminado.`,
  waitingHoldShort: time => `Retenido desde las ${time}`,
  waitingHold: (reason, time) => `Desde las ${time}: ${reason}. Sigue sola cuando ya nada retiene el pedido.`,
  waitingSince: (system, time) => `Espera a ${system} desde las ${time}`,
  theOtherSystem: "el sistema conectado",
  anEvent: kinds => (kinds ? `un evento (${kinds})` : "un evento"),
  attempt: count => `Intento ${count}`,
  quarantineShort: "Apartada, necesita a una persona",

  released: number => `Venta ${number} creada`,
  releasedTitle: "Pedido liberado",
  heldTitle: "Pedido retenido",
  saleNumber: "Venta",
  saleState: "Estado en el ERP",
  saleStates: { confirmed: "Confirmada" },
  total: "Total",
  customer: "Cliente",
  holdReason: "Motivo",
  backordered: "Pendiente de existencias",
  backorderedItems: count => (count === 1 ? "1 artículo" : `${count} artículos`),
  completedTitle: "Completada",
  faultedTitle: "Detenida por un error",
  faultedAt: "en",
  faultedBody: "Nada posterior al paso en rojo se hizo. Lo anterior queda hecho.",
  undoneBody: "Nada posterior al paso en rojo se hizo. Otra ejecución deshace lo anterior.",
  unfitTitle: "El pedido no es como el flujo lo admite",
  unfitAt: path => `El error está en ${path}.`,
  unfitBody: "No se hizo nada con él.",
  cancelledTitle: "Cancelada",
  cancelledBody:
    "Una persona la terminó antes de completarse. Una llamada que estaba en marcha puede haber tenido efecto.",

  journalCut: (shown, all) =>
    `Las primeras ${shown} de ${all} líneas. Lo posterior está en el resultado, no aquí.`,
  resultFollows: "En marcha. El resultado aparece aquí en cuanto se conoce.",
  progress: "Avance",
  journal: "Diario",
  graph: "Flujo",
  graphHint: "El camino por el flujo. Continuo: recorrido. Tenue: no recorrido.",
  started: "Inicio",
  finished: "Fin",
  ran: "Duración",
  version: version => `versión ${version}`,
  runId: "Ejecución",
  copy: "Copiar",
  copied: "Copiado",
  runStarted: "Pedido recibido",
  runCompleted: "Ejecución completada",
  runFaulted: "Ejecución detenida por un error",
  runCancelled: "Ejecución cancelada",
  runQuarantined: "Ejecución apartada",
  runSuspended: "Ejecución suspendida",
  runResumed: "Ejecución reanudada",
  runRetried: "Ejecución reintentada desde lo que falló",
  atStep: (step: string) => `en ${step}`,
  runMigrated: "Ejecución pasada a otra versión",
  runCompensated: "Otra ejecución deshace lo hecho",
  undoes: "Ejecución que deshace",
  undoneBy: "Deshecha por",
  notStarted: "Espera su turno. Los primeros pasos aparecerán aquí en un momento.",
  justStarted: "Ha empezado. Los primeros pasos aparecerán aquí en un momento.",
  steps: count => (count === 1 ? "1 paso" : `${count} pasos`),
  startNode: "Pedido recibido",
  endNode: "Fin",

  input: "Entrada",
  inputHint: "Lo que entregó el paso anterior",
  output: "Salida",
  error: "Error",
  attempts: "Intentos",
  attemptLine: (attempt, reason) => `Intento ${attempt}${reason ? `: ${reason}` : ""}`,
  noAttempts: "Un intento, sin repeticiones",
  noOutput: "Nada todavía",
  caught: "Error que se trató",
  caughtLine: title => (title ? `Tratado: ${title}` : "Se trató un error"),
  retryLine: (count, title) =>
    `${count === 1 ? "Repetido" : `Repetido ${count} veces`}${title ? `: ${title}` : ""}`,
  rerouted: "Respondió la conexión que sustituye a la que no está disponible",
  received: "Eventos recibidos",
  receivedLine: count => (count === 1 ? "1 evento recibido" : `${count} eventos recibidos`),
  latestOf: count => `la última de ${count} veces`,
  emptyValue: "Vacío",
  masked: "Oculto",
  maskedHint:
    "Personal o sensible. Su cuenta ve oculto este campo; su proveedor de servicios puede dar permiso para leerlo.",
  someMasked:
    "Los campos marcados como Oculto son personales o sensibles. Su proveedor de servicios puede dar permiso para leerlos.",
  payloadsHidden:
    "Su cuenta no puede leer los datos de las ejecuciones. Su proveedor de servicios puede permitirlo.",
  kinds: {
    start: "Inicio",
    end: "Fin",
    call: "Llamada",
    do: "Grupo",
    emit: "Evento",
    for: "Repetición",
    fork: "En paralelo",
    listen: "Espera de eventos",
    raise: "Control",
    run: "Proceso",
    set: "Preparación",
    switch: "Decisión",
    try: "Intento",
    wait: "Pausa",
  },
  items: count => (count === 1 ? "1 elemento" : `${count} elementos`),

  notFoundTitle: "Aquí no hay nada",
  notFoundBody: "La dirección no lleva a ninguna parte, o a algo que su cuenta no puede ver.",
  runNotFoundTitle: "Esta ejecución no está aquí",
  runNotFoundBody: "No existe o pertenece a otros. Revise el enlace o busque su número de pedido.",
  toRuns: "Ir a ejecuciones",
  noPermissionTitle: "No puede ver esto",
  noPermissionBody:
    "A su cuenta le falta el permiso para esta página. Su proveedor de servicios puede darlo.",
  askSupport: "Pregunte a",
  errorTitle: "No se pudo cargar",
  errorBody: "Nada se perdió ni cambió. Inténtelo de nuevo; si continúa, dé a soporte el número de abajo.",
  errorBodyPlain: "Nada se perdió ni cambió. Inténtelo de nuevo; si continúa, diga a soporte cuándo fue.",
  unreachableBody: "No hubo respuesta. Revise su conexión; nada se perdió ni cambió.",
  problemId: "Número del problema",
  tryAgain: "Intentar de nuevo",

  helpTitle: "Atajos de teclado",
  helpRows: {
    next: "Siguiente ejecución o paso",
    previous: "Ejecución o paso anterior",
    open: "Abrir",
    search: "Buscar",
    help: "Esta ayuda",
    leave: "Cerrar, o volver a la lista",
  },
};

export default es;
