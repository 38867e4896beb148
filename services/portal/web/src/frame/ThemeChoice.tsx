import { type MantineColorScheme, useMantineColorScheme } from "@mantine/core";
import { useTexts } from "../texts/texts";
import { Choice } from "./Choice";

const THEMES: readonly MantineColorScheme[] = ["light", "dark", "auto"];

export function ThemeChoice() {
  const { texts } = useTexts();
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  const options = THEMES.map(theme => ({ value: theme, label: texts.themes[theme] }));
  return (
    <Choice legend={texts.theme} titled options={options} chosen={colorScheme} onChoose={setColorScheme} />
  );
}
