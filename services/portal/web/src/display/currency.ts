/**
 * Places of a currency's minor unit, as the server has them (ISO 4217). What browsers say differs for some: they follow
 * what cash there is, and a hundredth would become a whole.
 */
const PLACES: readonly (readonly [number, string])[] = [
  [0, "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF"],
  [3, "BHD IQD JOD KWD LYD OMR TND"],
  [4, "CLF UYW"],
];

const OF = new Map(
  PLACES.flatMap(([places, codes]) => codes.split(" ").map(code => [code, places] as const)),
);

/** Two, where nothing else is known. */
export function places(currency: string): number {
  return OF.get(currency) ?? 2;
}
