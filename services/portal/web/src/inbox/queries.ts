import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";
import { asked } from "../api/background";
import { api, body, Problem, type Schemas } from "../api/client";
import type { Found } from "../form/context";
import type { LookUp } from "../form/view";

export type Task = Schemas["TaskItem"];
export type TaskView = Schemas["TaskView"];
export type View = "inbox" | "mine" | "queues" | "all";
export type Colleague = Schemas["ColleagueView"];
export type Told = Schemas["CompletedTask"];

const PAGE = 50;
/** Colleagues claim and decide, and runs ask for more. */
const LOOK_AGAIN = 5_000;
export const TASKS = ["tasks"] as const;

export interface Shown {
  view?: View | undefined;
  queue?: string | undefined;
  sort?: "value" | undefined;
  /** Those that are over. */
  which?: "closed" | undefined;
  late?: true | undefined;
  kind?: string | undefined;
}

/** Where a page goes on; `before` stays what it was on the first one, as a cursor is good for one filter alone. */
interface Place {
  cursor: string;
  before: string;
}

export const tasksQuery = (shown: Shown) =>
  infiniteQueryOptions({
    queryKey: [...TASKS, "list", JSON.stringify(shown)],
    queryFn: async ({ pageParam, queryKey }) => {
      const before = !shown.late ? "" : pageParam.before || new Date().toISOString();
      const page = await body(
        api.GET("/v1/tasks", {
          headers: asked(queryKey),
          params: {
            query: {
              limit: PAGE,
              ...(pageParam.cursor ? { cursor: pageParam.cursor } : {}),
              ...(shown.view ? { view: shown.view } : {}),
              ...(shown.queue ? { queue: shown.queue } : {}),
              ...(shown.sort ? { sort: shown.sort } : {}),
              ...(shown.which ? { which: shown.which } : {}),
              ...(shown.kind ? { kind: shown.kind } : {}),
              ...(before ? { due_before: before } : {}),
            },
          },
        }),
      );
      return { ...page, before };
    },
    initialPageParam: { cursor: "", before: "" } as Place,
    getNextPageParam: (page): Place | undefined =>
      page.next === null ? undefined : { cursor: page.next, before: page.before },
    refetchInterval: LOOK_AGAIN,
  });

export const countsQuery = queryOptions({
  queryKey: [...TASKS, "counts"],
  queryFn: ({ queryKey }) => body(api.GET("/v1/tasks/counts", { headers: asked(queryKey) })),
  refetchInterval: LOOK_AGAIN,
});

/** A task with the tag of the version that was read: who decides sends it along. */
export interface Read {
  task: TaskView;
  etag: string;
}

export const taskQuery = (task: string) =>
  queryOptions({
    queryKey: [...TASKS, "one", task],
    queryFn: async ({ queryKey }): Promise<Read> => {
      const { data, response } = await api.GET("/v1/tasks/{task}", {
        params: { path: { task } },
        headers: asked(queryKey),
      });
      if (data === undefined) throw new Problem(502, { title: "An answer without a body" }, null);
      return { task: data, etag: response.headers.get("etag") ?? "" };
    },
    refetchInterval: LOOK_AGAIN,
  });

export const taskMailQuery = queryOptions({
  queryKey: ["task-mail"],
  queryFn: () => body(api.GET("/v1/task-mail")),
});

const MOST_PAGES = 5;

/** The client's people, by name; of many no more than the first thousand. */
export const colleaguesQuery = queryOptions({
  queryKey: ["colleagues"],
  queryFn: async () => {
    const found: Colleague[] = [];
    let cursor: string | null = null;
    for (let page = 0; page < MOST_PAGES; page += 1) {
      const { items, next }: Schemas["ColleagueList"] = await body(
        api.GET("/v1/colleagues", { params: { query: { limit: 200, ...(cursor ? { cursor } : {}) } } }),
      );
      found.push(...items);
      cursor = next;
      if (cursor === null) break;
    }
    return found.sort((one, other) => (one.name ?? "").localeCompare(other.name ?? ""));
  },
  staleTime: 30_000,
});

/** Those of a run's documents that are wanted; nothing is asked where there are none. */
export const attachmentsQuery = (run: string, wanted: readonly string[]) =>
  queryOptions({
    queryKey: [...TASKS, "documents", run, ...wanted],
    queryFn: async ({ queryKey }) => {
      const page = await body(
        api.GET("/v1/runs/{run}/documents", {
          params: { path: { run }, query: { limit: 200 } },
          headers: asked(queryKey),
        }),
      );
      return page.items.filter(one => wanted.includes(one.id));
    },
    enabled: wanted.length > 0,
  });

/** What a field of a task may be given. What a connection would have to be asked for is typed in. */
export async function found(task: string, lookUp: LookUp, text: string, field: string): Promise<Found[]> {
  if (lookUp.record === null) return [];
  const { items } = await body(
    api.GET("/v1/tasks/{task}/look-up", { params: { path: { task }, query: { field, text } } }),
  );
  return items.map(one => ({ value: one.value, title: one.title ?? one.value }));
}
