import { Button } from "@mantine/core";
import type { Passkey } from "../api/queries";
import { useNow } from "../display/now";
import { absolute, relative } from "../display/time";
import { PasskeyIcon } from "../states/icons";
import { useTexts } from "../texts/texts";
import classes from "./PasskeyList.module.css";

const MINUTE = 60_000;

export function PasskeyList({
  passkeys,
  onRemove,
}: {
  passkeys: readonly Passkey[];
  onRemove: (passkey: Passkey) => void;
}) {
  const { texts } = useTexts();
  const now = useNow(MINUTE);
  return (
    <ul className={classes.list}>
      {passkeys.map(one => (
        <li key={one.id} className={classes.row}>
          <PasskeyIcon className={classes.icon} />
          <div className={classes.what}>
            <span className={classes.name}>{one.name}</span>
            <span className={classes.facts}>
              {one.host !== location.hostname && <span>{texts.onlyOn(one.host)}</span>}
              <When at={one.created_at} now={now} words={texts.addedAt} />
              {one.used_at ? (
                <When at={one.used_at} now={now} words={texts.usedAt} />
              ) : (
                <span>{texts.notUsed}</span>
              )}
            </span>
          </div>
          <Button variant="default" aria-label={texts.removeOne(one.name)} onClick={() => onRemove(one)}>
            {texts.removeShort}
          </Button>
        </li>
      ))}
    </ul>
  );
}

function When({ at, now, words }: { at: string; now: number; words: (time: string) => string }) {
  const { texts, language } = useTexts();
  return (
    <time dateTime={at} title={absolute(language, at)}>
      {words(relative(language, at, now, texts.justNow))}
    </time>
  );
}
