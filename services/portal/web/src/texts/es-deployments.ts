import type en from "./en-deployments";

const deployments: typeof en = {
  deployments: "Despliegues",
  noDeploymentsTitle: "Aún no se ejecuta nada aquí",
  noDeploymentsBody:
    "Un flujo se despliega con sus parámetros y conexiones, o se promueve desde otro entorno.",
  deploymentColumns: { name: "Nombre", workflow: "Flujo", state: "Estado", revised: "Cambiado" },
  deploymentStates: { active: "Activo", disabled: "Desactivado" },
  deploymentsShown: (count, more) =>
    more ? `${count} mostrados` : count === 1 ? "1 despliegue" : `${count} despliegues`,
  workflowOf: (name, version) => `${name} ${version}`,
  revisionOf: revision => `Revisión ${revision}`,
  priorityOf: {
    interactive: "Adelanta a otras ejecuciones",
    normal: "Prioridad normal",
    bulk: "Deja pasar a otras ejecuciones",
  },
  parameters: "Parámetros",
  noParameters: "No tiene parámetros.",
  noParametersOwn: "Ninguno propio: toma los valores de este entorno.",
  parameterFrom: source =>
    ({
      deployment: "Fijado para este despliegue",
      default: "Valor por defecto",
      site: "De la sede",
      environment: "Del entorno",
      client: "De la empresa",
      partner: "Del proveedor",
      operator: "De la instalación",
    })[source] ?? source,
  wasBefore: "Ahora:",
  boundTo: "Conexiones",
  boundToNothing: "No llama a ningún otro sistema.",
  revisions: "Revisiones",
  revisionsBody: "Cada cambio creó una. Una ejecución conserva la revisión con la que empezó.",
  runsNow: "Se ejecuta ahora",
  rollBack: "Volver atrás",
  rollBackTo: revision => `Volver a la revisión ${revision}`,
  rollBackSame: workflow => `${workflow} se queda, con los parámetros y conexiones que tenía entonces.`,
  rollBackOther: workflow => `Vuelve a ejecutarse ${workflow}, con los parámetros y conexiones de entonces.`,
  rollBackRuns:
    "Es una revisión nueva para las ejecuciones que empiecen desde ahora. Las que están en curso conservan la suya.",
  rollBackUnfit:
    "Ya no encaja: una conexión de entonces ya no existe, está desactivada o le falta algo. No se cambió nada.",
  toDecide: "A la espera de una decisión",
  promotionTitle: name => `¿Ejecutar ${name} aquí?`,
  promotedFrom: (name, version, environment) => `${name} ${version}, desde ${environment}`,
  proposedAgo: time => `Propuesto ${time}`,
  proposedBy: "Propuesto por",
  proposersNote: "Por qué se propone",
  decidersNote: "Motivo",
  noteNeeded: "Diga por qué.",
  promotionStates: {
    proposed: "A la espera de una decisión",
    approved: "Aprobado",
    refused: "Rechazado",
    withdrawn: "Retirado",
  },
  decidedBy: { approved: "Aprobado por", refused: "Rechazado por", withdrawn: "Retirado por" },
  willBegin:
    "Aquí aún no se ejecuta nada con este nombre. Una vez aprobado, empieza a tomar eventos al momento.",
  willRevise: (workflow, revision) =>
    `${workflow} se ejecuta aquí ahora, como revisión ${revision}. Una vez aprobado, las próximas ejecuciones empiezan como se propone; las que están en curso conservan la suya.`,
  secondPerson: "Tiene que aprobarlo una segunda persona: usted lo propuso, o creó la clave que lo hizo.",
  actingDecidesNothing:
    "Quien actúa por una empresa no decide esto. Tiene que hacerlo alguien de la propia empresa.",
  decidedMeanwhile: "Alguien ha decidido entretanto. Cierre esto para ver qué.",
  promotionUnfit: "Ya no encaja: algo que necesita ha cambiado desde que se propuso. No se cambió nada.",
  ownersMissing: "Nada entra en producción sin responsables. Nombre a los que faltan y apruebe de nuevo.",
  decide: {
    approve: { act: "Aprobar", title: "Aprobarlo", body: "Se ejecuta desde este momento." },
    refuse: {
      act: "Rechazar",
      title: "Rechazarlo",
      body: "No cambia nada, y la propuesta queda para leerse.",
    },
    withdraw: { act: "Retirar", title: "Retirarlo", body: "Nadie podrá aprobarlo ya." },
  },
};

export default deployments;
