import { human } from "../display/names";
import { Leaf } from "../run/Payload";
import type { Texts } from "../texts/en";
import { useTexts } from "../texts/texts";
import classes from "./RecordFields.module.css";
import { inOrder, isObject, told } from "./told";

/** A list of more is folded. */
const OPEN = 3;
const STATES = new Set(["state", "status"]);

/** A canonical record as people read it: its members by their words, each part on a line where it fits on one. */
export function RecordFields({ record }: { record: Readonly<Record<string, unknown>> }) {
  const { language } = useTexts();
  return (
    <dl className={classes.fields}>
      {inOrder(record, language).map(([name, value]) => (
        <Field key={name} name={name} value={value} />
      ))}
    </dl>
  );
}

function Field({ name, value }: { name: string; value: unknown }) {
  const { texts, language } = useTexts();
  const label = labelOf(name, texts);
  if (Array.isArray(value)) {
    return (
      <div className={classes.branch}>
        <dt className={classes.name}>{`${label} (${value.length})`}</dt>
        <dd>
          <Items label={label} items={value} />
        </dd>
      </div>
    );
  }
  const line = told(value, language);
  if (isObject(value) && line === null) {
    return (
      <div className={classes.branch}>
        <dt className={classes.name}>{label}</dt>
        <dd className={classes.inside}>
          <RecordFields record={value} />
        </dd>
      </div>
    );
  }
  return (
    <div className={classes.leaf}>
      <dt className={classes.name}>{label}</dt>
      <dd className={classes.value} dir="auto">
        {line ?? <Leaf value={wordOf(name, value, texts)} />}
      </dd>
    </div>
  );
}

function Items({ label, items }: { label: string; items: readonly unknown[] }) {
  const { texts, language } = useTexts();
  const list = (
    <ol className={classes.items}>
      {items.map((item, at) => {
        const line = told(item, language);
        return (
          // biome-ignore lint/suspicious/noArrayIndexKey: what stands in a list of a record has its place alone
          <li key={at} className={classes.item}>
            {isObject(item) && line === null ? (
              <RecordFields record={item} />
            ) : (
              (line ?? <Leaf value={item} />)
            )}
          </li>
        );
      })}
    </ol>
  );
  if (items.length <= OPEN) return list;
  return (
    <details>
      <summary className={classes.summary}>{texts.showAllOf(label.toLowerCase(), items.length)}</summary>
      {list}
    </details>
  );
}

const labelOf = (name: string, texts: Texts): string => texts.recordWords[name] ?? human(name);

/** A state by its word; the rest as it stands. */
function wordOf(name: string, value: unknown, texts: Texts): unknown {
  if (!STATES.has(name) || typeof value !== "string") return value;
  const words: Readonly<Record<string, string>> = texts.orderStates;
  return Object.hasOwn(words, value) ? words[value] : /^[a-z-]+$/.test(value) ? human(value) : value;
}
