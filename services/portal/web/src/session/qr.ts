import { generate } from "lean-qr";

export type Picture = boolean[][];

/** A text as a picture that cameras read (ISO/IEC 18004), row by row, dark where true; null where none holds it. */
export function picture(text: string): Picture | null {
  try {
    const code = generate(text);
    const along = Array.from({ length: code.size }, (_, at) => at);
    return along.map(y => along.map(x => code.get(x, y)));
  } catch {
    return null;
  }
}
