import { createContext, type ReactNode, use, useCallback, useEffect, useMemo, useState } from "react";
import en, { type Texts } from "./en";
import es from "./es";
import { firstLanguage, keepLanguage, type Language } from "./language";

export const CATALOGUE: Record<Language, Texts> = { en, es };

interface Spoken {
  texts: Texts;
  language: Language;
  choose: (language: Language) => void;
}

const Context = createContext<Spoken | null>(null);

export function TextsProvider({ children }: { children: ReactNode }) {
  const [language, setLanguage] = useState(firstLanguage);
  const choose = useCallback((next: Language) => {
    keepLanguage(next);
    setLanguage(next);
  }, []);
  useEffect(() => {
    document.documentElement.lang = language;
  }, [language]);
  const spoken = useMemo(() => ({ texts: CATALOGUE[language], language, choose }), [language, choose]);
  return <Context value={spoken}>{children}</Context>;
}

export function useTexts(): Spoken {
  const spoken = use(Context);
  if (!spoken) throw new Error("there are no texts above this component");
  return spoken;
}
