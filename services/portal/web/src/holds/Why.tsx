import { Textarea } from "@mantine/core";
import { useTexts } from "../texts/texts";

const LONGEST = 2000;

interface Props {
  value: string;
  onChange: (value: string) => void;
  /** It was sent without one. */
  isMissed: boolean;
}

/** The reason that every act on a hold takes, and that is kept with it. */
export function Why({ value, onChange, isMissed }: Props) {
  const { texts } = useTexts();
  return (
    <Textarea
      mt={12}
      label={texts.holdWhy}
      description={texts.holdWhyHint}
      value={value}
      onChange={event => onChange(event.currentTarget.value)}
      maxLength={LONGEST}
      autosize
      minRows={2}
      maxRows={8}
      data-autofocus
      error={isMissed && texts.holdWhyNeeded}
      errorProps={{ role: "alert" }}
    />
  );
}
