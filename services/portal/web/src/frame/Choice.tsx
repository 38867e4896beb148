import classes from "./Choice.module.css";

interface Option<T> {
  value: T;
  label: string;
  lang?: string;
}

interface Props<T> {
  legend: string;
  titled: boolean;
  options: Option<T>[];
  chosen: T;
  onChoose: (value: T) => void;
}

/** One of two or three, all in view; takes effect at once. */
export function Choice<T extends string>({ legend, titled, options, chosen, onChoose }: Props<T>) {
  return (
    <fieldset className={classes.choice} data-titled={titled || undefined}>
      <legend className={classes.legend}>{legend}</legend>
      <div className={classes.options}>
        {options.map(({ value, label, lang }) => (
          <button
            key={value}
            type="button"
            className={classes.one}
            aria-pressed={value === chosen}
            onClick={() => onChoose(value)}
            {...(lang ? { lang } : {})}
          >
            {label}
          </button>
        ))}
      </div>
    </fieldset>
  );
}
