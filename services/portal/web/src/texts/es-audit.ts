import type en from "./en-audit";

const audit: typeof en = {
  audit: "Auditoría",
  auditAbove:
    "Lo que se hace con clientes, personas, claves, dominios y reglas. Lo que ocurre dentro de un cliente está en su propio registro.",
  auditSearch: "Buscar por id, persona o acción",
  auditSince: "Desde",
  auditUntil: "Hasta",
  auditTrailOf: "Rastro de",
  auditActionOf: "Solo",
  auditAll: "Mostrar todo",
  auditColumns: { at: "Cuándo", action: "Qué", actor: "Quién", target: "Sobre qué", seal: "Sello" },
  auditEngine: "El sistema",
  auditKey: "Clave de API",
  auditAccount: "Persona",
  auditActing: "Proveedor de servicio",
  auditOperator: "Operador",
  auditErased: "Persona borrada",
  auditOnBehalf: "en nombre de este cliente",
  auditSealed: batch => `Sellado en el lote ${batch}`,
  auditUnsealed: "Aún sin sellar: tarda hasta un minuto.",
  auditUnsealedShort: "Pronto",
  auditVeiled: "A petición suya se borró a alguien de este registro. Su sello sigue siendo válido.",
  auditAfter: "En qué se convirtió",
  auditNothing: "No hay nada más registrado.",
  auditRecord: "Registro",
  auditTrail: "Mostrar el rastro",
  auditOpen: action => `Detalles de ${action}`,
  auditShown: (count, more) =>
    more ? `Los ${count} registros más recientes` : `${count} ${count === 1 ? "registro" : "registros"}`,
  auditEmptyTitle: "Aún no hay nada registrado",
  auditEmptyBody: "Todo lo que aquí hagan personas, claves y el sistema quedará en este registro.",
  auditNoMatchTitle: "Ningún registro coincide",
  auditNoMatchBody: "Pruebe un id como run_…, una acción como run.cancelled u otro momento.",
  auditNoMatchAbove: "Pruebe un id como cli_…, una acción como client.created u otro periodo.",
  auditExport: "Exportar",
  auditExportLines: "Con sellos, para verificar (JSON Lines)",
  auditExportTable: "Para una hoja de cálculo (CSV)",
  runTrail: "Rastro de auditoría",
  seal: {
    verify: "Verificar",
    goOn: "Verificar el resto",
    working: (done, all) => `Verificando: ${done} de ${all} lotes`,
    whole: rows => `Verificado: ${rows} registros están como se sellaron`,
    part: rows => `Verificado hasta ahora: ${rows} registros están como se sellaron`,
    none: "Aún no hay nada sellado",
    broken: "Este registro no está como se selló",
    rolledBack: "La base de datos se retrasó respecto a lo publicado",
    away: "No se pudo verificar",
    until: time => `sellado hasta ${time}`,
    unsealed: count => `${count} aún sin sellar`,
    dropped: count => `${count} lotes eliminados a su tiempo`,
    place: (batch, row) =>
      [batch === null ? "" : `lote ${batch}`, row === null ? "" : `registro ${row}`]
        .filter(Boolean)
        .join(", "),
    brokenHint: "Guarde una exportación y avise a quien presta este servicio.",
  },
};

export default audit;
