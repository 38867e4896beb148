import { useSignal } from "../api/signal";
import { useTexts } from "../texts/texts";
import { Choice } from "./Choice";
import { keepSingleKeys, singleKeys } from "./keys";

export function KeysChoice() {
  const { texts } = useTexts();
  const on = useSignal(singleKeys);
  return (
    <Choice
      legend={texts.singleKeys}
      titled
      options={[
        { value: "on", label: texts.on },
        { value: "off", label: texts.off },
      ]}
      chosen={on ? "on" : "off"}
      onChoose={value => keepSingleKeys(value === "on")}
    />
  );
}
