import type en from "./en-webhooks";

const webhooks: typeof en = {
  webhooks: "Webhooks",
  webhooksBody:
    "Los eventos de este entorno van a estas direcciones, firmados, y otra vez hasta que se reciban.",
  webhooksOnly: "Adónde van los eventos de este entorno. Su cuenta puede mirar, sin cambiar nada.",
  noEndpointsTitle: "Aún no hay destinos",
  noEndpointsBody: "Añada uno para enviar eventos a otro sistema. Lo que ocurrió antes no se envía.",
  noEndpointsOnly:
    "No se envía nada a otro sistema. Un destino aparece aquí cuando lo añade alguien que puede hacerlo.",
  addEndpoint: "Añadir un destino",
  takes: types => `Recibe ${types}`,
  endpointActive: "Activo",
  endpointFailing: "Con fallos",
  endpointWhy: { asked: "Desactivado", gone: "Ya no existe", failing: "Abandonado" },
  endpointWhyLong: {
    asked: "Alguien lo desactivó. Lo que ocurra entretanto se guarda 30 días; actívelo y envíe lo que faltó.",
    gone: "Respondió que no quiere nada más (410), así que no se envía nada. Corrija el receptor y actívelo.",
    failing: "Nada se pudo entregar en cinco días, así que no se envía nada. Corrija el receptor y actívelo.",
  },
  failingSince: time => `Las entregas fallan; el primer fallo fue ${time}. Cada mensaje se intenta de nuevo.`,
  earlierSecret: time => `El secreto anterior también firma hasta ${time}`,
  endpointUrl: "Dirección",
  endpointUrlHint: "https, accesible desde internet.",
  endpointUrlNeeded: "Escriba una dirección que empiece por https://.",
  endpointUrlRefused: "No se puede enviar a esta dirección: no es https o lleva a una red privada.",
  endpointTypes: "Eventos",
  endpointTypesHint: "Tipos como order.shipped, familias como order.*, o * para todos.",
  endpointTypesNeeded: "Escriba al menos un tipo, o * para todos.",
  endpointTypesWrong: "Uno de ellos no es un tipo. Escriba order.shipped, order.* o *.",
  endpointDescription: "Nombre",
  endpointsFull: "Hay 20 destinos, y no puede haber más. Quite uno primero.",
  secretTitle: "Copie el secreto ahora",
  endpointSecretBody: "El receptor comprueba las firmas con él. Se muestra solo esta vez.",
  secretRotatedBody: "Se muestra solo esta vez. Durante 24 horas también firma el anterior.",
  secretKept: "Lo he copiado",
  disable: "Desactivar",
  enable: "Activar",
  rotateSecret: "Cambiar el secreto",
  replayMissed: "Enviar lo que faltó",
  replayed: count =>
    count === 0
      ? "No faltó nada."
      : count === 1
        ? "Se envía otra vez 1 mensaje."
        : `Se envían otra vez ${count} mensajes.`,
  endpointAsk: {
    disable: {
      title: "¿Desactivar este destino?",
      body: "No se le envía nada más. Lo que ocurra entretanto se guarda 30 días.",
      act: "Desactivar",
    },
    rotate: {
      title: "¿Cambiar el secreto?",
      body: "Recibe uno nuevo ahora. Durante 24 horas cada mensaje lleva las dos firmas.",
      act: "Cambiar el secreto",
    },
    remove: {
      title: "¿Quitar este destino?",
      body: "Su secreto y su registro de entregas se van con él. Lo que está en camino no se envía.",
      act: "Quitar",
    },
  },
  deliveries: "Entregas",
  deliveryStates: { pending: "Pendiente", delivered: "Entregado", failed: "Fallido" },
  deliveryColumns: {
    type: "Evento",
    state: "Estado",
    last: "Última respuesta",
    tries: "Intentos",
    when: "Anunciado",
  },
  deliveriesShown: (count, more) =>
    more ? `${count} mostrados` : count === 1 ? "1 mensaje" : `${count} mensajes`,
  moreDeliveries: "Mostrar mensajes anteriores",
  noDeliveriesTitle: "Aún no se envió nada",
  noDeliveriesOf: state => `Ningún mensaje está en «${state}»`,
  noDeliveriesBody: "Los mensajes se listan aquí durante 30 días desde que ocurre su evento.",
  openDelivery: type => `Abrir ${type}`,
  saidLast: (status, error) =>
    status === null
      ? (error ?? "Sin intentar aún")
      : error === null
        ? `Respondió ${status}`
        : `Respondió ${status}: ${error}`,
  tries: count => (count === 1 ? "1 intento" : `${count} intentos`),
  triedAgain: time => `Se intenta otra vez: ${time}.`,
  milliseconds: count => `${count} ms`,
  sendAgain: "Enviar otra vez",
  replayDisabled: "El destino está desactivado. Actívelo primero.",
};

export default webhooks;
