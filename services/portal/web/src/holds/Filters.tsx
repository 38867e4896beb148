import { Button, NativeSelect, TextInput } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { type FormEvent, useState } from "react";
import { human } from "../display/names";
import page from "../exceptions/ExceptionsPage.module.css";
import { CloseIcon, SearchIcon } from "../states/icons";
import { useTexts } from "../texts/texts";
import classes from "./Filters.module.css";
import { summaryQuery } from "./queries";
import { type Cut, cutsOf, type Shown, STATUSES, TYPED } from "./shown";
import { useOwnRoles, useTypeName } from "./words";

/** What the list is narrowed to: who looks after them, in which state, and what somebody looks for. */
export function Filters({ shown }: { shown: Shown }) {
  const { texts } = useTexts();
  const navigate = useNavigate();
  return (
    <>
      <div className={page.cuts}>
        <Role shown={shown} />
        <NativeSelect
          size="xs"
          aria-label={texts.holdState}
          value={shown.status ?? "active"}
          data={STATUSES.map(value => ({ value, label: texts.holdStatuses[value] }))}
          onChange={event => {
            const status = STATUSES.find(one => one === event.currentTarget.value);
            void navigate({
              to: "/holds",
              search: { ...shown, status: status === "active" ? undefined : status },
            });
          }}
        />
        <Find shown={shown} />
      </div>
      {cutsOf(shown).length > 0 && <Cuts shown={shown} />}
    </>
  );
}

function Role({ shown }: { shown: Shown }) {
  const { texts } = useTexts();
  const navigate = useNavigate();
  const own = useOwnRoles();
  const { data: summary } = useQuery(summaryQuery({}));
  const others = new Set(summary?.items.map(one => one.role));
  if (shown.role) others.add(shown.role);
  const items = (roles: Iterable<string>) => [...roles].sort().map(value => ({ value, label: human(value) }));
  const rest = items([...others].filter(one => !own.includes(one)));
  return (
    <NativeSelect
      size="xs"
      aria-label={texts.holdRole}
      value={shown.role ?? ""}
      data={[
        { value: "", label: texts.everyRole },
        ...(own.length > 0 ? [{ group: texts.ownRoles, items: items(own) }] : []),
        ...(rest.length > 0 ? [{ group: texts.otherRoles, items: rest }] : []),
      ]}
      onChange={event =>
        void navigate({ to: "/holds", search: { ...shown, role: event.currentTarget.value || undefined } })
      }
    />
  );
}

/** An order, a customer or a site, by the whole of its number or name. */
function Find({ shown }: { shown: Shown }) {
  const { texts } = useTexts();
  const navigate = useNavigate();
  const [cut, setCut] = useState<(typeof TYPED)[number]>("order");
  const find = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const typed = String(new FormData(event.currentTarget).get("value") ?? "").trim();
    void navigate({ to: "/holds", search: { ...shown, [cut]: typed || undefined } });
  };
  return (
    <form className={classes.find} onSubmit={find}>
      <NativeSelect
        size="xs"
        aria-label={texts.findHoldBy}
        value={cut}
        data={TYPED.map(value => ({ value, label: texts.holdCuts[value] }))}
        onChange={event => setCut(TYPED.find(one => one === event.currentTarget.value) ?? "order")}
      />
      <TextInput
        key={`${cut} ${shown[cut] ?? ""}`}
        name="value"
        type="search"
        size="xs"
        maxLength={125}
        className={classes.field ?? ""}
        aria-label={texts.findHold}
        placeholder={texts.findHold}
        defaultValue={shown[cut] ?? ""}
        leftSection={<SearchIcon />}
      />
      <Button type="submit" variant="default" size="xs" className={classes.go ?? ""}>
        {texts.find}
      </Button>
    </form>
  );
}

/** Each goes with a press. */
function Cuts({ shown }: { shown: Shown }) {
  const { texts } = useTexts();
  const typeOf = useTypeName();
  const named = (cut: Cut, value: string) =>
    cut === "type" ? typeOf(value) : cut === "role" ? human(value) : value;
  return (
    <div className={page.cuts}>
      {cutsOf(shown).map(cut => {
        const name = named(cut, shown[cut] ?? "");
        return (
          <Link
            key={cut}
            to="/holds"
            search={{ ...shown, [cut]: undefined }}
            className={page.cut}
            aria-label={texts.withoutCut(texts.holdCuts[cut], name)}
          >
            <span className={page.cutName}>{texts.holdCuts[cut]}</span> <bdi>{name}</bdi>
            <CloseIcon width={12} height={12} />
          </Link>
        );
      })}
    </div>
  );
}
