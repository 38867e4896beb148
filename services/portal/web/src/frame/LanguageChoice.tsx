import { LANGUAGES } from "../texts/language";
import { CATALOGUE, useTexts } from "../texts/texts";
import { Choice } from "./Choice";

/** `titled`: with the word above it. */
export function LanguageChoice({ titled = false }: { titled?: boolean }) {
  const { texts, language, choose } = useTexts();
  const options = LANGUAGES.map(one => ({ value: one, label: CATALOGUE[one].language, lang: one }));
  return (
    <Choice
      legend={texts.languageWord}
      titled={titled}
      options={options}
      chosen={language}
      onChoose={choose}
    />
  );
}
