import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";
import { asked } from "../api/background";
import { api, body, Problem, type Schemas } from "../api/client";

export type Task = Schemas["TaskItem"];
export type TaskView = Schemas["TaskView"];
export type View = "inbox" | "mine" | "queues";
type TaskList = Schemas["TaskList"];

const PAGE = 50;
/** Colleagues claim and decide, and runs ask for more. */
const LOOK_AGAIN = 5_000;
export const TASKS = ["tasks"] as const;

export interface Shown {
  view?: View | undefined;
  queue?: string | undefined;
  sort?: "value" | undefined;
}

export const tasksQuery = (shown: Shown) =>
  infiniteQueryOptions({
    queryKey: [...TASKS, "list", shown.view ?? "", shown.queue ?? "", shown.sort ?? ""],
    queryFn: ({ pageParam, queryKey }) =>
      body(
        api.GET("/v1/tasks", {
          headers: asked(queryKey),
          params: {
            query: {
              limit: PAGE,
              ...(pageParam ? { cursor: pageParam } : {}),
              ...(shown.view ? { view: shown.view } : {}),
              ...(shown.queue ? { queue: shown.queue } : {}),
              ...(shown.sort ? { sort: shown.sort } : {}),
            },
          },
        }),
      ),
    initialPageParam: "",
    getNextPageParam: (page: TaskList) => page.next ?? undefined,
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
