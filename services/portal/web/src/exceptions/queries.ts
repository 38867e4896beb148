import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";
import { asked } from "../api/background";
import { api, body, type Schemas } from "../api/client";

export type Exception = Schemas["ExceptionView"];
export type Category = Exception["category"];
export type Preview = Schemas["ActedOnAll"];
export type Action = NonNullable<Schemas["ActOnExceptions"]["action"]>;
export type Sort = "age" | "value" | "deadline";
type ExceptionList = Schemas["ExceptionList"];

const PAGE = 50;
/** What stands still is taken up by others, too, and goes on by itself. */
const LOOK_AGAIN = 5_000;
export const EXCEPTIONS = ["exceptions"] as const;

export interface Shown {
  category?: Category | undefined;
  connection?: string | undefined;
  mine?: true | undefined;
  sort?: Sort | undefined;
}

export const summaryQuery = queryOptions({
  queryKey: [...EXCEPTIONS, "summary"],
  queryFn: ({ queryKey }) => body(api.GET("/v1/exceptions/summary", { headers: asked(queryKey) })),
  refetchInterval: LOOK_AGAIN,
});

export const exceptionsQuery = (shown: Shown, owner: string | undefined) =>
  infiniteQueryOptions({
    queryKey: [...EXCEPTIONS, shown.category ?? "", shown.connection ?? "", owner ?? "", shown.sort ?? ""],
    queryFn: ({ pageParam, queryKey }) =>
      body(
        api.GET("/v1/exceptions", {
          headers: asked(queryKey),
          params: {
            query: {
              limit: PAGE,
              ...(pageParam ? { cursor: pageParam } : {}),
              ...(shown.category ? { category: shown.category } : {}),
              ...(shown.connection ? { connection: shown.connection } : {}),
              ...(owner ? { owner } : {}),
              ...(shown.sort ? { sort: shown.sort } : {}),
            },
          },
        }),
      ),
    initialPageParam: "",
    getNextPageParam: (page: ExceptionList) => page.next ?? undefined,
    refetchInterval: LOOK_AGAIN,
  });

/** What people may do with one of each category, the first that clears it first; the server holds to the same. */
export const TAKES: Record<Category, readonly Action[]> = {
  failed: ["retry", "discard", "assign"],
  uncertain: ["cancel", "discard", "assign"],
  parked: ["cancel", "discard", "assign"],
  quarantined: ["resume", "cancel", "discard", "assign"],
  outage: ["assign"],
  "dead-letter": ["discard", "assign"],
  missed: ["discard", "assign"],
  data: ["discard", "assign"],
};
