export type Language = "en" | "es";

export const LANGUAGES: readonly Language[] = ["en", "es"];

const KEPT = "language";

/** The one that was chosen, else the browser's, else English. */
export function firstLanguage(): Language {
  const wanted = [stored(), ...navigator.languages];
  for (const name of wanted) {
    const found = LANGUAGES.find(language => name?.toLowerCase().startsWith(language));
    if (found) return found;
  }
  return "en";
}

function stored(): string | null {
  try {
    return localStorage.getItem(KEPT);
  } catch {
    return null;
  }
}

export function keepLanguage(language: Language): void {
  try {
    localStorage.setItem(KEPT, language);
  } catch {
    // Storage is closed to this page: chosen for this visit.
  }
}
