import { Button } from "@mantine/core";
import { useQueryClient } from "@tanstack/react-query";
import { type ErrorComponentProps, Link, useRouter } from "@tanstack/react-router";
import { Problem, Unreachable } from "../api/client";
import { type Brand, brandQuery, sessionQuery } from "../api/queries";
import { CopyText } from "../display/CopyText";
import { CompassIcon, FaultedIcon, LockIcon } from "../states/icons";
import { useTexts } from "../texts/texts";
import classes from "./Failure.module.css";
import { Notice } from "./Notice";

/** What failed, whether anything was lost, what to do, and the number to name. */
export function Failure({ error, reset }: Pick<ErrorComponentProps, "error" | "reset">) {
  const { texts } = useTexts();
  const router = useRouter();
  const again = () => {
    reset();
    void router.invalidate();
  };
  if (error instanceof Problem && error.status === 403) {
    return (
      <Notice level="h1" icon={<LockIcon />} title={texts.noPermissionTitle} body={texts.noPermissionBody}>
        <ToRuns />
        <Support />
      </Notice>
    );
  }
  if (error instanceof Problem && error.status === 404) {
    return <Notice level="h1" icon={<CompassIcon />} title={texts.notFoundTitle} body={texts.notFoundBody} />;
  }
  const id = error instanceof Problem ? error.id : null;
  const body =
    error instanceof Unreachable ? texts.unreachableBody : id ? texts.errorBody : texts.errorBodyPlain;
  return (
    <Notice level="h1" icon={<FaultedIcon />} title={texts.errorTitle} body={body}>
      <Button variant="default" onClick={again}>
        {texts.tryAgain}
      </Button>
      {id && (
        <p className={classes.id}>
          {texts.problemId} <CopyText text={id} />
        </p>
      )}
      <Support />
    </Notice>
  );
}

/** The way out of a page that is not for whoever works for a client; nothing on the runs themselves. */
function ToRuns() {
  const { texts } = useTexts();
  const client = useQueryClient();
  const { pathname } = useRouter().state.location;
  if (!client.getQueryData(sessionQuery.queryKey)?.client || pathname === "/runs") return null;
  return (
    <Button component={Link} to="/runs">
      {texts.toRuns}
    </Button>
  );
}

/** Whom to ask; nothing before the brand was read, as this page also tells that reading it failed. */
function Support() {
  const { texts } = useTexts();
  const email = useQueryClient().getQueryData<Brand>(brandQuery.queryKey)?.support_email;
  if (!email) return null;
  return (
    <p className={classes.support}>
      {texts.askSupport} <a href={`mailto:${email}`}>{email}</a>
    </p>
  );
}
