/** What the server found wrong with a field or a parameter, as it says it, in Spanish. */
const TYPES: Readonly<Record<string, string>> = {
  null: "vacío",
  string: "un texto",
  integer: "un número entero",
  number: "un número",
  boolean: "sí o no",
  array: "una lista",
  object: "un objeto",
};
const PARTS: Readonly<Record<string, string>> = {
  character: "carácter",
  characters: "caracteres",
  item: "elemento",
  items: "elementos",
  property: "propiedad",
  properties: "propiedades",
};

const typesOf = (said: string) =>
  said.replace(/"(\w+)"/g, (whole, name: string) => TYPES[name] ?? whole).replaceAll(", ", " o ");
const part = (word: string) => PARTS[word] ?? word;
const among = (said: string) => said.replace(" or ", " o ");

type Said = readonly [RegExp, string | ((...found: string[]) => string)];

const SAID: readonly Said[] = [
  [/^This is needed$/, "Hace falta"],
  [/^Write something$/, "Escriba algo"],
  [/^Write it on one line$/, "Escríbalo en una línea"],
  [
    /^Write it on one line, without spaces around it$/,
    "Escríbalo en una línea, sin espacios al principio ni al final",
  ],
  [/^Write plain text$/, "Escriba texto sin formato"],
  [/^Write a day such as (.+)$/, "Escriba un día como $1"],
  [/^Write a moment with its offset, such as (.+)$/, "Escriba un momento con su huso, como $1"],
  [/^Write a time of the day such as (.+)$/, "Escriba una hora como $1"],
  [/^Write a number such as (.+), not below zero$/, "Escriba un número como $1, no menor que cero"],
  [/^Write a number such as (.+)$/, "Escriba un número como $1"],
  [/^Write a percentage such as (.+)$/, "Escriba un porcentaje como $1"],
  [
    /^Write a currency by its three letters, such as (.+)$/,
    "Escriba una moneda con sus tres letras, como $1",
  ],
  [/^Write a unit by its code, such as (.+)$/, "Escriba una unidad con su código, como $1"],
  [/^Write a country by its two letters, such as (.+)$/, "Escriba un país con sus dos letras, como $1"],
  [/^Write an address such as (.+)$/, "Escriba una dirección como $1"],
  [/^Write a whole address such as (.+)$/, "Escriba una dirección completa como $1"],
  [/^Choose one of the documents$/, "Elija uno de los documentos"],
  [/^This is not written in the form that is asked for(.*)$/, "No está escrito en la forma que se pide$1"],
  [/^The form has no such field$/, "El formulario no tiene ese campo"],
  [/^This field is not yours to fill in$/, "Este campo no le corresponde rellenarlo a usted"],
  [/^Answer with an object, a member for each field$/, "Responda con un objeto, con un miembro por campo"],
  [/^Answer with JSON that is not nested deeply$/, "Responda con JSON que no esté muy anidado"],
  [/^Keep an answer within (\d+) bytes$/, "La respuesta puede tener $1 bytes como máximo"],
  [
    /^No (.+) is known by this number: choose one that is found$/,
    "No se conoce ningún registro con este número: elija uno de los que se encuentran",
  ],
  [/^This is filled in by somebody who is signed in$/, "Esto lo rellena alguien que haya iniciado sesión"],
  [/^(.+) is greater than the maximum of (.+)$/, "$1 es mayor que el máximo de $2"],
  [/^(.+) is less than the minimum of (.+)$/, "$1 es menor que el mínimo de $2"],
  [/^(.+) is greater than or equal to the maximum of (.+)$/, "$1 tiene que ser menor que $2"],
  [/^(.+) is less than or equal to the minimum of (.+)$/, "$1 tiene que ser mayor que $2"],
  [/^(.+) is not a multiple of (.+)$/, "$1 no es múltiplo de $2"],
  [
    /^(.+) is shorter than (\d+) (characters?)$/s,
    (_, value, count, of) => `${value} tiene menos de ${count} ${part(of)}`,
  ],
  [
    /^(.+) is longer than (\d+) (characters?)$/s,
    (_, value, count, of) => `${value} tiene más de ${count} ${part(of)}`,
  ],
  [
    /^(.+) has less than (\d+) (items?|property|properties)$/s,
    (_, value, count, of) => `${value} tiene menos de ${count} ${part(of)}`,
  ],
  [
    /^(.+) has more than (\d+) (items?|property|properties)$/s,
    (_, value, count, of) => `${value} tiene más de ${count} ${part(of)}`,
  ],
  [/^(.+) has non-unique elements$/s, "$1 tiene elementos repetidos"],
  [/^(.+) does not match (".+")$/s, "$1 no tiene la forma $2"],
  [/^(.+) is not of types? ("\w+"(?:, "\w+")*)$/s, (_, value, types) => `${value} no es ${typesOf(types)}`],
  [/^(.+) is not one of (.+)$/s, (_, value, all) => `${value} no es uno de ${among(all)}`],
  [/^(.+) was expected$/, "Se esperaba $1"],
  [/^(.+) is a required property$/, "Falta $1"],
  [/^False schema does not allow (.+)$/s, "$1 no se admite aquí"],
  [/^Additional properties are not allowed \((.+) (?:was|were) unexpected\)$/, "Aquí no se admite $1"],
  [/^needs one of (.+)$/, "Hace falta uno de $1"],
  [/^the workflow has no such connection$/, "el flujo de trabajo no tiene esa conexión"],
  [/^the workflow's connection (`.+`) is not bound$/, "la conexión $1 del flujo de trabajo no tiene sistema"],
  [/^there is no such connection$/, "no existe esa conexión"],
  [/^the connection( `.+`)? is disabled$/, "la conexión$1 está desactivada"],
  [/^the connector (`.+?`)(?: of (`.+`))? does not offer (.+)$/, "el conector $1 no ofrece $3"],
];

/** Null for what is not here. */
export function fieldWords(detail: string): string | null {
  for (const [said, words] of SAID) {
    const found = said.exec(detail);
    if (!found) continue;
    return typeof words === "string"
      ? detail.replace(said, (_, ...parts: (string | undefined)[]) =>
          words.replace(/\$(\d)/g, (_whole, at: string) => parts[Number(at) - 1] ?? ""),
        )
      : words(...found.map(one => one ?? ""));
  }
  return null;
}
