import type en from "./en-readiness";

const readiness: typeof en = {
  readiness: "Preparación",
  readinessBody:
    "Lo que piden las plantillas y lo que este entorno tiene para ello, en sistemas, parámetros y personas: la última versión de cada una y las desplegadas.",
  noTemplatesTitle: "No hay plantillas",
  noTemplatesBody:
    "Las plantillas vienen con la instalación. Lo que pide cada una aparece aquí cuando las hay.",
  levels: {
    certified: "Certificado",
    "certified before": "Certificado para una versión anterior",
    simulated: "Probado con un simulador",
    "not certified": "Aún sin certificar",
  },
  notCertifiedOf: connector => `${connector} (aún sin certificar)`,
  standings: { green: "Lista", amber: "Revisar antes", red: "No lista" },
  versionOf: version => `Versión ${version}`,
  notDeployed: "Sin desplegar",
  deployedAs: names => `Desplegada como ${names}`,
  offeredBy: "Conexiones",
  connectionGroup: "Grupo de conexiones",
  boundBy: names => `Enlazada por ${names}`,
  asksFor: operations => `Pide ${operations}`,
  readinessWhy: {
    ready: name => `${name} lo ofrece todo y su conector está certificado.`,
    older: name =>
      `${name} lo ofrece todo; su conector está certificado para una versión anterior de su código o de sus pruebas.`,
    simulated: name => `${name} lo ofrece todo; su conector solo se ha probado con un simulador.`,
    unproven: name => `${name} lo ofrece todo; su conector aún no está certificado.`,
    failing: name => `La última comprobación de ${name} falló.`,
    away: name => `El sistema detrás de ${name} no responde.`,
    disabled: name => `${name} está desactivada.`,
    lacks: (name, lacks) => `${name} no ofrece ${lacks}.`,
    missing: (_name, lacks) => `Ninguna conexión ofrece ${lacks}.`,
  },
  readinessHelp: {
    ready: () => "",
    older: () => "",
    simulated: () => "Ponga detrás el sistema propio de la empresa antes de pasar a producción.",
    unproven: () => "Pruébela en otro entorno antes de pasar a producción.",
    failing: () => "Su estado dice qué hay que cambiar.",
    away: () => "Lo que la espera continúa por sí solo.",
    disabled: name => `Active ${name} o enlace otra conexión.`,
    lacks: (_name, connectors) =>
      connectors
        ? `Conecte uno de estos y enlácelo: ${connectors}.`
        : "Ningún conector lo ofrece todo todavía.",
    missing: (_name, connectors) =>
      connectors ? `Conecte uno de estos: ${connectors}.` : "Ningún conector lo ofrece todo todavía.",
  },
  parametersInOrder: count =>
    count === 1 ? "1 parámetro está en orden" : `${count} parámetros están en orden`,
  parameterOptional: "Sin fijar, y no hace falta",
  isRequired: "Hay que fijarlo",
  parameterWhy: {
    missing: () => "No tiene valor y nada se lo da.",
    refused: from => (from ? `${from} llega un valor que no admite.` : "No admite el valor que tiene."),
  },
  parameterHelp: {
    missing: () => "Fíjelo para la empresa o con el despliegue.",
    refused: from => (from ? "Cámbielo allí o fíjelo con el despliegue." : "Cámbielo con el despliegue."),
  },
  peopleHaveIt: count =>
    count === 0 ? "Nadie lo tiene" : count === 1 ? "1 persona lo tiene" : `${count} personas lo tienen`,
  roleHelp: {
    empty: () => "Asígnelo a alguien: lo que no va a nadie se queda parado.",
    disabled: role => `El rol ${role} está desactivado. Actívelo y asígnelo a alguien.`,
    absent: role => `No existe el rol ${role}. Créelo y asígnelo a alguien.`,
  },
};

export default readiness;
