import { Tooltip } from "@mantine/core";
import { isMoney, money } from "../display/money";
import { human } from "../display/names";
import { absolute, INSTANT } from "../display/time";
import { LockIcon } from "../states/icons";
import { useTexts } from "../texts/texts";
import { MASK } from "./mask";
import classes from "./Payload.module.css";

/** Data as people read it: names and values, money as money, lists numbered. */
export function Payload({ value }: { value: unknown }) {
  if (value === null || typeof value !== "object" || isMoney(value)) return <Leaf value={value} />;
  const entries = Object.entries(value);
  if (entries.length === 0) return <Leaf value={null} />;
  const numbered = Array.isArray(value);
  return (
    <dl className={classes.data}>
      {entries.map(([name, item]) => (
        <Entry key={name} name={numbered ? String(Number(name) + 1) : human(name)} value={item} />
      ))}
    </dl>
  );
}

function Entry({ name, value }: { name: string; value: unknown }) {
  const nested =
    value !== null && typeof value === "object" && !isMoney(value) && Object.keys(value).length > 0;
  return (
    <div className={nested ? classes.branch : classes.leaf}>
      <dt className={classes.name}>{name}</dt>
      <dd className={classes.value}>
        <Payload value={value} />
      </dd>
    </div>
  );
}

/** One value as people read it; one that is hidden says so. */
export function Leaf({ value }: { value: unknown }) {
  const { texts, language } = useTexts();
  if (value === MASK) return <Masked />;
  if (isMoney(value)) return <span className="numbers">{money(language, value)}</span>;
  if (value === null || value === "" || typeof value === "object") {
    return <span className={classes.empty}>{texts.emptyValue}</span>;
  }
  if (typeof value === "boolean") return <span>{value ? texts.yes : texts.no}</span>;
  if (typeof value === "string" && INSTANT.test(value)) {
    return <time dateTime={value}>{absolute(language, value)}</time>;
  }
  return <span className={typeof value === "number" ? "numbers" : undefined}>{String(value)}</span>;
}

function Masked() {
  const { texts } = useTexts();
  return (
    <Tooltip label={texts.maskedHint} multiline maw={280}>
      <span className={classes.masked}>
        <LockIcon width={12} height={12} />
        {texts.masked}
      </span>
    </Tooltip>
  );
}
