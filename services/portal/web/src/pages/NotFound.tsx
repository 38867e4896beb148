import { Button } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import { CompassIcon } from "../states/icons";
import { useTexts } from "../texts/texts";
import { Notice } from "./Notice";

export function NotFound() {
  const { texts } = useTexts();
  return <Missing title={texts.notFoundTitle} body={texts.notFoundBody} />;
}

export function RunNotFound() {
  const { texts } = useTexts();
  return <Missing title={texts.runNotFoundTitle} body={texts.runNotFoundBody} />;
}

function Missing({ title, body }: { title: string; body: string }) {
  const { texts } = useTexts();
  return (
    <Notice level="h1" icon={<CompassIcon />} title={title} body={body}>
      <Button component={Link} to="/runs">
        {texts.toRuns}
      </Button>
    </Notice>
  );
}
