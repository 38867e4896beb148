import { Button, TextInput } from "@mantine/core";
import { useInfiniteQuery, useSuspenseQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { type FormEvent, useEffect } from "react";
import { brandQuery, sessionQuery } from "../api/queries";
import { Failure } from "../pages/Failure";
import { LinesSkeleton } from "../pages/LinesSkeleton";
import { Notice } from "../pages/Notice";
import { OrderIcon, SearchIcon } from "../states/icons";
import { useTexts } from "../texts/texts";
import classes from "./OrdersPage.module.css";
import { OrderTable } from "./OrderTable";
import { ordersQuery } from "./queries";

/** Orders that systems told of, and the way to one by the number that any of them gave it. */
export function OrdersPage() {
  const { texts } = useTexts();
  const { number } = useSearch({ from: "/inside/orders" });
  const { data: brand } = useSuspenseQuery(brandQuery);
  const { data: session } = useSuspenseQuery(sessionQuery);
  const maps = session.permissions.includes("deployments:write");
  const { data: orders, error, refetch, ...list } = useInfiniteQuery(ordersQuery(number));
  useEffect(() => {
    document.title = `${texts.orders} · ${brand.name}`;
  }, [texts, brand]);
  const rows = orders?.pages.flatMap(page => page.items) ?? [];
  return (
    <>
      <div className={classes.head}>
        <h1 className={classes.title}>{texts.orders}</h1>
        <Search number={number} />
      </div>
      {error && !orders ? (
        <Failure error={error} reset={() => void refetch()} />
      ) : !orders ? (
        <div className={classes.loading}>
          <LinesSkeleton lines={5} />
        </div>
      ) : rows.length === 0 ? (
        <Notice
          icon={<OrderIcon />}
          title={number ? texts.noOrderOf(number) : texts.noOrdersTitle}
          body={number ? texts.noOrderOfBody : maps ? texts.noOrdersBody : texts.noOrdersOnly}
        />
      ) : (
        <OrderTable
          rows={rows}
          more={list.hasNextPage}
          loading={list.isFetchingNextPage}
          onMore={list.fetchNextPage}
        />
      )}
    </>
  );
}

/** What is looked for stands in the address. */
function Search({ number }: { number: string | undefined }) {
  const { texts } = useTexts();
  const navigate = useNavigate({ from: "/orders" });
  const find = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const typed = String(new FormData(event.currentTarget).get("number") ?? "").trim();
    void navigate({ search: typed ? { number: typed } : {} });
  };
  return (
    <form className={classes.search} onSubmit={find}>
      <TextInput
        key={number ?? ""}
        name="number"
        type="search"
        size="sm"
        maxLength={200}
        className={classes.field ?? ""}
        aria-label={texts.findOrder}
        placeholder={texts.findOrder}
        defaultValue={number ?? ""}
        leftSection={<SearchIcon />}
      />
      <Button type="submit" variant="default" size="sm" className={classes.find ?? ""}>
        {texts.find}
      </Button>
    </form>
  );
}
