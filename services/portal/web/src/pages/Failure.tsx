import { Button } from "@mantine/core";
import { useQueryClient } from "@tanstack/react-query";
import { type ErrorComponentProps, useRouter } from "@tanstack/react-router";
import { Problem, Unreachable } from "../api/client";
import { type Brand, brandQuery } from "../api/queries";
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
        <Support />
      </Notice>
    );
  }
  if (error instanceof Problem && error.status === 404) {
    return <Notice level="h1" icon={<CompassIcon />} title={texts.notFoundTitle} body={texts.notFoundBody} />;
  }
  const body = error instanceof Unreachable ? texts.unreachableBody : texts.errorBody;
  return (
    <Notice level="h1" icon={<FaultedIcon />} title={texts.errorTitle} body={body}>
      <Button variant="default" onClick={again}>
        {texts.tryAgain}
      </Button>
      {error instanceof Problem && error.id && (
        <p className={classes.id}>
          {texts.problemId} <CopyText text={error.id} />
        </p>
      )}
      <Support />
    </Notice>
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
