import type en from "./en-reconnect";

const reconnect: typeof en = {
  reconnect: "Conectar un sistema",
  reconnectAsked: brand => `${brand} le pide conectar un sistema`,
  reconnectBody:
    "Continúe en este navegador. Después entra en su propio sistema y permite allí la conexión; su contraseña queda con usted.",
  openReconnect: "Continuar",
  reconnectTo: system => `Conectar ${system}`,
  reconnectFor: client => `Para ${client}`,
  reconnectConnection: connection => `Conexión ${connection}`,
  reconnectToBody: system =>
    `Va a ${system}, entra con una cuenta que pueda permitirlo y vuelve aquí. No siga si no esperaba esta petición.`,
  reconnectGo: system => `Ir a ${system}`,
  reconnectAgain: "Intentar de nuevo",
  reconnecting: system => `Conectando ${system}`,
  reconnectingBody: "Ya está de vuelta. Tarda unos segundos.",
  reconnectDone: system => `${system} está conectado`,
  reconnectDoneBody: client =>
    `El trabajo de ${client} que lo esperaba sigue por sí solo. Puede cerrar esta página.`,
  reconnectOver: "Este enlace ha terminado o se abrió en otro navegador. Pida otro a quien se lo envió.",
  reconnectRefused: {
    denied: "No permitió la conexión allí, así que no se conectó nada.",
    "system-refused":
      "El sistema le envió de vuelta sin permitir la conexión. Inténtelo de nuevo o avise a quien envió el enlace.",
    "other-issuer":
      "La respuesta vino de otro servidor que el preguntado y no se usó. Avise a quien envió el enlace.",
    "code-refused": "El sistema retiró su respuesta o llegó tarde. Inténtelo de nuevo.",
    settings: "Los ajustes de la conexión no encajan con el sistema. Avise a quien envió el enlace.",
    away: "El sistema no respondió. Inténtelo de nuevo en unos minutos.",
    interrupted: "Se interrumpió antes de terminar. Inténtelo de nuevo.",
  },
};

export default reconnect;
