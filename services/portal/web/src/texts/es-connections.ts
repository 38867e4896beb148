import type en from "./en-connections";

const connections: typeof en = {
  templates: "Plantillas",
  connections: "Conexiones",
  connectionsBody:
    "A cada conexión se le hace una pequeña pregunta cuando cambia y de vez en cuando. Abajo está lo que dijo la última respuesta.",
  noConnectionsTitle: "No hay conexiones",
  noConnectionsBody: "Los sistemas de este entorno aparecen aquí cuando están conectados.",
  healthStates: {
    well: "Bien",
    failing: "Falla",
    away: "No responde",
    unknown: "Sin comprobar",
    disabled: "Desactivada",
  },
  healthErrors: {
    authentication: "Se rechazan sus credenciales",
    authorization: "Falta un permiso",
    configuration: "Un ajuste es incorrecto",
    communication: "No responde como debe",
    timeout: "No respondió a tiempo",
    validation: "No acepta la pregunta",
  },
  awayWhy: reason => `Se la deja en paz hasta que responda de nuevo: ${reason}`,
  checkedAt: "Comprobada",
  lastGood: "Última respuesta buena",
  errorKind: "Error",
  answeredIn: "Respondió en",
  quotaLeft: "Cuota restante",
  quotaOf: (left, most) => `${left} de ${most}`,
  breaker: "Interruptor abierto desde",
  breakerWord: "Interruptor",
  breakerClosed: "Cerrado: las llamadas salen",
  endsAt: "Termina",
  renewsItself: "se renueva solo",
  endsSoon: at => `Su acceso termina el ${at}. Renuévelo antes.`,
  rights: "Permisos",
  rightsUnknown: "No se puede saber: el sistema no dice cuáles dio",
  tooManyRights: rights =>
    `Sus credenciales pueden más de lo que necesita cualquier operación: ${rights}. Quite estos permisos en el sistema.`,
  authorizations: {
    none: "Nadie la ha autorizado todavía. Cree un enlace y haga que lo abra quien pueda.",
    ended: "Su autorización ha terminado. Cree un enlace y haga que lo abra quien pueda.",
  },
  moreConnections: "Mostrar más",
  checkNow: "Comprobar ahora",
  makeLink: "Crear enlace para autorizar",
  linkTitle: "El enlace para autorizarla",
  linkBody:
    "Entréguelo a quien pueda permitir la conexión en el sistema, y a nadie más. Vale una vez, durante un día, y no se vuelve a mostrar.",
  removeAuthorization: "Quitar la autorización",
  removeAuthorizationBody: system =>
    `El trabajo que necesita ${system} espera hasta que alguien la autorice de nuevo. No se avisa al sistema: termínela allí también, en su lista de aplicaciones.`,
  healthTitle: "Cómo está",
  disableConnectionTitle: name => `¿Desactivar ${name}?`,
  disableConnectionBody:
    "En segundos nada la llama: ninguna ejecución, vigilancia ni comprobación. Una ejecución que la necesita se detiene en ese paso, dice que la conexión está desactivada y queda en Excepciones. Reinténtela allí cuando la conexión esté activada.",
  usedBy: (count, names) =>
    count === 1 ? `1 despliegue activo la usa: ${names}.` : `${count} despliegues activos la usan: ${names}.`,
  usedByNone: "Ningún despliegue activo la usa.",
  usedMore: (names, more) => `${names} y ${more} más`,
  isDisabled:
    "Está desactivada: nada la llama. Las ejecuciones que la necesitan se detienen y quedan en Excepciones.",
  care: {
    title: "Responsable, límites y reserva",
    body: "Las llamadas se rigen por ello en segundos; los despliegues no cambian.",
    owner: "Responsable",
    ownerHint:
      "A quién se avisa cuando no responde, cuando vuelve y antes de que termine su acceso: un correo, un rol o un nombre.",
    nobody: "No se avisa a nadie",
    atOnce: "Llamadas a la vez",
    atOnceHint: said =>
      `Por encima de sus límites, una ejecución espera su turno. El conector dice: ${said}.`,
    calls: "Llamadas que pueden empezar en un periodo",
    callsHint: "Vacío, cuantas haya.",
    seconds: "Segundos del periodo",
    secondsHint: "Vacío, un segundo.",
    callsNeeded: "Diga cuántas llamadas pueden empezar en ese tiempo",
    fallback: "Reserva",
    fallbackHint:
      "Otra conexión con el mismo conector; lo que solo se lee se lee allí mientras esta no responde.",
    noFallback: "Ninguna: las llamadas esperan hasta que vuelva",
    limits: "Límites",
    save: "Guardar responsable y límites",
    saved: "Responsable, límites y reserva están guardados.",
  },
};

export default connections;
