import type en from "./en-incoming";

const incoming: typeof en = {
  directions: "Dirección",
  outgoing: "Salientes",
  incoming: "Entrantes",
  incomingTitle: "Webhooks entrantes",
  incomingBody:
    "Otros sistemas envían sus webhooks a estas direcciones. Lo que envía un emisor comprobado se convierte en un evento.",
  noHooksTitle: "Aún no hay direcciones",
  noHooksBody:
    "Una dirección se crea por la API, una para cada sistema que envía. Lo que envíe aparece aquí.",
  moreHooks: "Mostrar más direcciones",
  hookActive: "Activa",
  hookRefused: "Último rechazado",
  hookDisabled: "Cerrada",
  hookDisabledLong: "Alguien la cerró. Se le dice a su emisor y no se recibe nada.",
  lastReceived: time => `Último mensaje ${time}`,
  nothingReceived: "Aún no hay mensajes",
  provenBy: {
    "standard-webhooks": "Comprobado con Standard Webhooks",
    "hmac-sha256": "Comprobado con HMAC-SHA256",
    token: "Comprobado con un token",
  },
  hookPath: "Bajo la dirección de la API",
  hookSource: source => `Origen de sus eventos ${source}`,
  hookWeakness: {
    "static-token": "El secreto viaja con cada mensaje y nada demuestra que el contenido sea del emisor.",
    "no-timestamp": "No se firma ninguna hora: un mensaje que alguien obtuvo sigue siendo válido.",
    "id-not-signed":
      "El identificador no se firma: un mensaje que alguien obtuvo vale otra vez con otro identificador.",
  },
  hookMessages: "Mensajes",
  receivedStates: { taken: "Recibido", ignored: "Ignorado", refused: "Rechazado" },
  receivedColumns: { type: "Evento", state: "Estado", note: "Qué fue de él", size: "Tamaño", when: "Llegó" },
  receivedShown: (count, more) =>
    more ? `${count} a la vista` : count === 1 ? "1 mensaje" : `${count} mensajes`,
  moreReceived: "Mostrar mensajes anteriores",
  noReceivedTitle: "Aún no llegó nada",
  noReceivedOf: state => `Ningún mensaje está «${state}»`,
  noReceivedBody:
    "Lo que envía un emisor comprobado aparece aquí. Un mensaje que no demuestra nada se rechaza y no se guarda.",
  noEvent: "Sin evento",
  openReceived: name => `Abrir ${name}`,
  becameEvent: "Es un evento",
  becameNothing: "De un tipo que no se pide",
  takenAgainTimes: count => (count === 1 ? "recibido otra vez" : `recibido otras ${count} veces`),
  refusedWhy: {
    "malformed-webhook": "El contenido no es un JSON que se acepte",
    "webhook-not-mapped": "Falta aquello de lo que se lee el evento",
    "event-breaks-schema": "No cumple el esquema de su evento",
    "unknown-event-schema": "Nombra un esquema que no existe",
  },
  refusedPlain: "Se rechazó",
  sentId: "Identificador del emisor",
  receivedHeaders: "Cabeceras",
  receivedContent: "Contenido, tal como llegó",
  receivedBinary: "Contenido, que no es texto, en base64",
  contentMasked: "Lo privado que contiene está oculto, y sus cabeceras también.",
  contentHidden:
    "Su cuenta puede ver que llegó algo, pero no qué. Quien administra sus cuentas puede permitírselo.",
  contentUnmasked: "No es texto: no se puede separar lo privado del resto, y por eso está todo oculto.",
  contentRefused: "Su cuenta no puede leer lo que llegó. Quien administra sus cuentas puede permitirlo.",
  takeAgain: "Recibir otra vez",
  takenAgain: runs =>
    runs === 0
      ? "Ahora es un evento; no comenzó ninguna ejecución."
      : runs === 1
        ? "Ahora es un evento y comenzó 1 ejecución."
        : `Ahora es un evento y comenzaron ${runs} ejecuciones.`,
  ignoredAgain: "Sigue siendo de un tipo que no se pide.",
  refusedAgain: why => `Se rechaza de nuevo: ${why}.`,
};

export default incoming;
