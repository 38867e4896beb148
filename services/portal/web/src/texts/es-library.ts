import type library from "./en-library";

const es: typeof library = {
  library: "Biblioteca",
  libraryBody:
    "Lo que se puede desplegar para un cliente. Cada versión queda como se publicó; un cambio es otra versión.",
  emptyLibraryTitle: "No hay plantillas",
  emptyLibraryBody:
    "Las plantillas vienen con la instalación. Lo que se puede desplegar aparece aquí cuando hay alguna.",
  categories: { customers: "Clientes", orders: "Pedidos", fulfilment: "Entregas", finance: "Finanzas" },
  versionWord: "Versión",
  versionsOf: count => (count === 1 ? "1 versión" : `${count} versiones`),
  setUpIn: time => `Se prepara en unos ${time}`,
  deployTemplate: "Desplegar una plantilla",
  deployToClient: "Desplegar para un cliente",
  capabilities: "Sistemas",
  capabilitiesBody:
    "Nombres que el flujo da a los sistemas, y las operaciones que cada uno tiene que ofrecer.",
  templateRoles: "Roles",
  templateRolesBody: "Délos a personas del cliente: sus tareas van a ellas.",
  ownsProcess: "Responde del conjunto",
  templateExceptions: "Lo que puede ir de otra manera",
  exceptionFor: (owner, within) => (within ? `${owner}, en ${within}` : owner),
  templateEvents: "Eventos",
  consumesEvents: "Empieza o sigue con",
  emitsEvents: "Avisa de",
  templateFigures: "Cifras que mejora",
  guideTitle: "Cómo funciona",
  rehearsal: "Ensayo",
  rehearsalBody:
    "Sus escenarios se representan en sistemas simulados, con personas, retenciones y tiempo. No se toca nada de ningún cliente. Tarda hasta dos minutos.",
  rehearse: "Ensayar",
  rehearseWith: "Ensayar con estos valores",
  rehearsing: "Se representan los escenarios…",
  rehearsed: (passed, all) =>
    passed === all
      ? `Los ${all} escenarios han pasado`
      : `${all - passed} de ${all} escenarios no han pasado`,
  scenarioPassed: "Ha pasado",
  scenarioFailed: "No ha pasado",
  rehearsalOwnValues: "Con valores propios un escenario puede salir de otra manera que la que se escribió.",
  rehearsalBusy: "Hay otro ensayo en marcha. Inténtelo de nuevo dentro de un momento.",
  deployTitle: (title, version) => `Desplegar ${title} ${version}`,
  whereTo: "Dónde",
  clientWord: "Cliente",
  chooseClient: "Elija un cliente",
  liveByPromotion: "A producción se llega por una promoción, que aprueba una segunda persona.",
  deploymentName: "Nombre del despliegue",
  deploymentNameHint: "Minúsculas, cifras y guiones. Se llama igual en todos los entornos.",
  nameTaken: "Este entorno tiene un despliegue con este nombre. Elija otro.",
  bindSystems: "Sistemas",
  bindBody: "Cada nombre del flujo se une a una de las conexiones del cliente.",
  notBound: "Sin unir",
  readinessOfVersion: version =>
    `Se sabe lo que está listo para la versión ${version}; esta se comprueba al desplegarla.`,
  notBoundWhy: "Elija una conexión. Sin ella no se puede desplegar.",
  parametersBody:
    "Están los valores que rigen donde no se dice nada. Solo lo que cambie se fija para este despliegue.",
  parameterDefault: value => `Por defecto: ${value}.`,
  inheritedFrom: source =>
    ({
      site: "Del centro.",
      environment: "Del entorno.",
      client: "Del cliente.",
      partner: "De usted, para todos los clientes.",
      operator: "De la instalación.",
    })[source] ?? source,
  parameterUnits: {
    days: "días",
    "business-days": "días laborables",
    hours: "horas",
    "business-hours": "horas laborables",
    minutes: "minutos",
    percent: "%",
    "minor-units": "unidades menores, como céntimos",
  },
  noParametersOfTemplate: "Esta plantilla no tiene parámetros.",
  deployTo: environment => `Desplegar en ${environment}`,
  deployRefused: "No se ha desplegado. Lo que hay que corregir está en su campo.",
  pagesOfClient: "Páginas del cliente",
  materials: "Lista de materiales",
  materialsBody:
    "Todo aquello de lo que se compone una ejecución. Dos despliegues con el mismo resumen ejecutan lo mismo.",
  materialWords: {
    template: "Plantilla",
    workflow: "Flujo",
    connectors: "Conectores",
    forms: "Formularios",
    mails: "Correos",
    mappings: "Correspondencias",
    rules: "Reglas de escritura",
    calendars: "Calendarios",
    roles: "Roles",
    digest: "Resumen",
  },
  propose: "Proponer para producción",
  proposeTitle: name => `Proponer ${name}`,
  proposeBody:
    "Lo que se ejecuta aquí se propone tal cual, con las conexiones que allí se llaman igual. Se ejecuta cuando una segunda persona lo ha aprobado.",
  proposeTo: "Dónde debe ejecutarse",
  proposeNote: "Por qué, para quien decide",
  proposeRefused: "Allí todavía no encaja:",
};

export default es;
