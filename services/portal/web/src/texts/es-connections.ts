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
};

export default connections;
