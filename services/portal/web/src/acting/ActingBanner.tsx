import { Button } from "@mantine/core";
import { useMutation, useSuspenseQuery } from "@tanstack/react-query";
import { api } from "../api/client";
import { sessionQuery } from "../api/queries";
import { useTexts } from "../texts/texts";
import classes from "./ActingBanner.module.css";

/** Whose pages somebody of the partner sees, why, and until when. Nobody else has it, and it cannot be put away. */
export function ActingBanner() {
  const { texts, language } = useTexts();
  const { data: session } = useSuspenseQuery(sessionQuery);
  const stopping = useMutation({
    mutationFn: () => api.DELETE("/portal/acting"),
    // All that was read was the client's.
    onSuccess: () => location.assign("/clients"),
  });
  if (!session.acting || !session.client) return null;
  const until = new Date(session.expires_at).toLocaleTimeString(language, { timeStyle: "short" });
  return (
    <aside className={classes.banner} aria-label={texts.actingAs(session.client.name)}>
      <span className={classes.who}>{texts.actingAs(session.client.name)}</span>
      <span className={classes.why}>
        {session.acting.reason} · <span className={classes.until}>{texts.actingUntil(until)}</span>
      </span>
      <Button
        className={classes.stop}
        size="compact-sm"
        variant="default"
        loading={stopping.isPending}
        onClick={() => stopping.mutate()}
      >
        {texts.stopActing}
      </Button>
    </aside>
  );
}
