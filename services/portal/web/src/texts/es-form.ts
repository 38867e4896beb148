import type en from "./en-form";

const form: typeof en = {
  optional: "opcional",
  isNeeded: "obligatorio",
  choose: "Elija",
  amount: "Importe",
  currency: "Moneda",
  quantity: "Cantidad",
  unit: "Unidad",
  oneALine: "Uno por línea.",
  noChoices: "Todavía no hay nada que elegir.",
  addRow: "Añadir una línea",
  removeRow: line => `Quitar la línea ${line}`,
  entryName: "Nombre",
  entryValue: "Valor",
  lookUpFailed: "El otro sistema no ha respondido. Escriba lo que sepa.",
  lookUpFound: count => (count === 1 ? "Se ha encontrado 1." : `Se han encontrado ${count}.`),
  lookUpNone: "No se ha encontrado nada.",
  formWrongTitle: count => (count === 1 ? "Hay una cosa que corregir" : `Hay ${count} cosas que corregir`),
  formWhole: "El formulario",
  formWrong: {
    needed: "Este dato es necesario.",
    number: "Escriba un número, como 12,5.",
    whole: "Escriba un número entero.",
    places: "Son más decimales de los que tiene la moneda.",
    least: least => `Escriba ${least} o más.`,
    most: most => `Escriba ${most} o menos.`,
    long: most => `Use como máximo ${most} caracteres.`,
    of: "Diga de qué: una moneda o una unidad.",
    twice: "Este nombre aparece dos veces.",
  },
};

export default form;
