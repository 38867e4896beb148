import type en from "./en-readiness";

const readiness: typeof en = {
  readiness: "Preparación",
  readinessBody:
    "Lo que piden las plantillas y lo que este entorno tiene para ello: la última versión de cada una y las desplegadas.",
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
};

export default readiness;
