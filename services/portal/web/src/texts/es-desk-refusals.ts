/** Why an exception did not take what was done with many, as the API says it, in Spanish. */
const SAID: Readonly<Record<string, string>> = {
  "Its workflow does not declare that what failed may be skipped: retry it, or discard it with a reason":
    "Su flujo de trabajo no declara que se pueda omitir lo que falló: reinténtela, o descártela con un motivo",
  "Its workflow does not declare what undoes it: retry it, or discard it with a reason once that is done by hand":
    "Su flujo de trabajo no declara qué lo deshace: reinténtela, o descártela con un motivo cuando esté hecho a mano",
  "Decide its entry: `/entries/{entry}/reconcile`":
    "Decida su entrada, en la página de lo que se hizo a mano",
  "Its run has ended: retry it, or discard the exception with a reason":
    "Su ejecución ha terminado: reinténtela, o descarte la excepción con un motivo",
  "Decide the effect of unknown outcome (`/runs/{run}/effects/{effect}/decide`), or cancel the run":
    "Decida en la página de la ejecución qué pasó con la llamada sin respuesta, o cancele la ejecución",
  "Its run goes on when the connection is back or its entry is answered; it can be cancelled or discarded":
    "Su ejecución sigue cuando vuelva la conexión o se responda su entrada; se puede cancelar o descartar",
  "Its run was set aside by the engine: resume, cancel or discard it":
    "El motor apartó su ejecución: reanúdela, cancélela o descártela",
  "It ends by itself with the first call that is answered; correct the connection where it is wrong":
    "Termina por sí sola con la primera llamada que se responda; corrija la conexión si está mal",
  "It stands for events that began no run, or were not taken in; discard it once that is put right":
    "Representa eventos que no iniciaron ninguna ejecución o no se aceptaron; descártela cuando esté corregido",
  "It stands for a time at which nothing was done; discard it once that is put right":
    "Representa un momento en el que no se hizo nada; descártela cuando esté corregido",
  "Systems contradict each other or their map: it ends when they agree again, or discard it with a reason":
    "Los sistemas se contradicen entre sí o con su mapa: termina cuando coincidan, o descártela con un motivo",
  "The exception is not open any more": "La excepción ya no está abierta",
  "The exception has changed": "La excepción ha cambiado",
  "The exception takes another action": "La excepción admite otra acción",
  "Nobody of this name can own an exception": "Nadie con ese nombre puede ser responsable de una excepción",
};

/** Null for what is not here. */
export const deskWords = (why: string): string | null =>
  Object.hasOwn(SAID, why) ? (SAID[why] ?? null) : null;
