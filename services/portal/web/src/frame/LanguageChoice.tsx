import { LANGUAGES } from "../texts/language";
import { CATALOGUE, useTexts } from "../texts/texts";
import classes from "./LanguageChoice.module.css";

export function LanguageChoice() {
  const { texts, language, choose } = useTexts();
  return (
    <fieldset className={classes.choice}>
      <legend className={classes.legend}>{texts.languageWord}</legend>
      {LANGUAGES.map(one => (
        <button
          key={one}
          type="button"
          lang={one}
          className={classes.one}
          aria-pressed={one === language}
          onClick={() => choose(one)}
        >
          {CATALOGUE[one].language}
        </button>
      ))}
    </fieldset>
  );
}
