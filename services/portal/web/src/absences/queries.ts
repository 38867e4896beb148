import { queryOptions } from "@tanstack/react-query";
import { api, body, type Schemas } from "../api/client";

export type Absence = Schemas["AbsenceView"];

/** Who is away now or later. */
export const absencesQuery = queryOptions({
  queryKey: ["absences"],
  queryFn: () => body(api.GET("/v1/absences", { params: { query: { limit: 200 } } })),
});
