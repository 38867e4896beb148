import { idOf, plain, short } from "../audit/wanted";
import { useTexts } from "../texts/texts";

/** Who did something, as the audit names them. */
export function Actor({ actor }: { actor: string }) {
  const { texts } = useTexts();
  const [kind = ""] = actor.split(":", 1);
  const words: Record<string, string> = {
    key: texts.auditKey,
    account: texts.auditAccount,
    acting: texts.auditActing,
  };
  const id = idOf(actor);
  return (
    <bdi title={plain(actor)}>
      {words[kind] ?? plain(actor)}
      {id && words[kind] && <> {short(actor)}</>}
    </bdi>
  );
}
