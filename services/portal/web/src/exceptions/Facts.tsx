import { useQuery, useSuspenseQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { api, body } from "../api/client";
import { sessionQuery } from "../api/queries";
import { money } from "../display/money";
import { human } from "../display/names";
import { absolute, relative } from "../display/time";
import { ordersQuery } from "../orders/queries";
import { useTexts } from "../texts/texts";
import { Until } from "./ExceptionTable";
import classes from "./Facts.module.css";
import type { Detail } from "./queries";
import { useNames } from "./useNames";

/** What is known of it, and the ways to its run, its order and its system. */
export function Facts({ one, now }: { one: Detail; now: number }) {
  const { texts, language } = useTexts();
  const nameOf = useNames();
  const of = texts.exceptionColumns;
  return (
    <dl className={classes.facts}>
      {one.at_risk && (
        <Fact name={of.risk}>
          <span className="numbers">{money(language, one.at_risk)}</span>{" "}
          {one.value && (
            <span className={classes.quiet}>
              {texts.ofValue(money(language, one.value), Math.round(one.probability * 100))}
            </span>
          )}
        </Fact>
      )}
      {one.state === "open" && (
        <Fact name={of.deadline}>
          <span className={classes.deadline}>
            <Until one={one} now={now} />
          </span>
        </Fact>
      )}
      <Fact name={of.owner}>{nameOf("owner", one.owner)}</Fact>
      <Fact name={of.since}>
        <time dateTime={one.opened_at} title={absolute(language, one.opened_at)}>
          {relative(language, one.opened_at, now, texts.justNow)}
        </time>
      </Fact>
      {one.times > 1 && <Fact name={texts.exceptionTimes}>{String(one.times)}</Fact>}
      {one.run && (
        <Fact name={texts.exceptionRun}>
          <Link to="/runs/$run" params={{ run: one.run }} search={{}}>
            {one.business_key ?? texts.noKey}
          </Link>
        </Fact>
      )}
      {one.business_key && <OrderOf number={one.business_key} />}
      {one.kind && <Fact name={texts.groupNames.kind}>{one.kind_title ?? nameOf("kind", one.kind)}</Fact>}
      {one.stage && <Fact name={texts.groupNames.stage}>{nameOf("stage", one.stage)}</Fact>}
      {one.connection && <Fact name={texts.groupNames.system}>{nameOf("system", one.connection)}</Fact>}
      {(["warehouse", "segment", "order_type", "channel"] as const).map(
        cut =>
          one[cut] && (
            <Fact key={cut} name={texts.groupNames[cut]}>
              {one[cut]}
            </Fact>
          ),
      )}
      {one.workflow && (
        <Fact name={texts.exceptionWorkflow}>
          {human((one.template ?? one.workflow).split("@")[0] ?? "")}
        </Fact>
      )}
      {one.reference && (
        <Fact name={texts.exceptionTask}>
          <span className="mono">{one.reference}</span>
        </Fact>
      )}
    </dl>
  );
}

/** The order of its run's number, where there is exactly one: what happened to it everywhere. */
function OrderOf({ number }: { number: string }) {
  const { texts } = useTexts();
  const { data: session } = useSuspenseQuery(sessionQuery);
  const { data } = useQuery({
    queryKey: [...ordersQuery(number).queryKey, "one"],
    queryFn: () => oneOf(number),
    enabled: session.permissions.includes("records:read"),
    staleTime: 30_000,
  });
  if (!data) return null;
  return (
    <Fact name={texts.exceptionOrderOf}>
      <Link to="/orders/$entity" params={{ entity: data }}>
        {texts.whatHappened}
      </Link>
    </Fact>
  );
}

async function oneOf(number: string): Promise<string | null> {
  const { items } = await body(
    api.GET("/v1/entities", { params: { query: { kind: "sales-order", value: number, limit: 2 } } }),
  );
  return items.length === 1 ? (items[0]?.id ?? null) : null;
}

function Fact({ name, children }: { name: string; children: ReactNode }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd dir="auto">{children}</dd>
    </div>
  );
}
