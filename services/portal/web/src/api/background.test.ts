import { QueryClient, QueryObserver } from "@tanstack/react-query";
import { expect, it } from "vitest";
import { asked, readAgain } from "./background";

it("marks what is read by itself, to its end, and nothing else", async () => {
  const queries = new QueryClient();
  const seen: [string, number][] = [];
  const read = (key: string[]) => {
    const queryFn = async () => {
      for (let page = 0; page < 2; page += 1) {
        seen.push([key.join("/"), Object.keys(asked(key)).length]);
        await Promise.resolve();
      }
      return 1;
    };
    const observer = new QueryObserver(queries, {
      queryKey: key,
      queryFn,
      staleTime: Number.POSITIVE_INFINITY,
    });
    return observer.subscribe(() => {});
  };
  const leave = [read(["runs", "a"]), read(["session"])];
  await queries.refetchQueries();
  expect(seen.every(([, marked]) => marked === 0)).toBe(true);
  seen.length = 0;
  await readAgain(queries, ["runs"]);
  expect(seen).toEqual([
    ["runs/a", 1],
    ["runs/a", 1],
  ]);
  expect(asked(["runs", "a"])).toEqual({});
  for (const one of leave) one();
  queries.clear();
});
