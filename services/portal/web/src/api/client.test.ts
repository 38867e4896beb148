import createClient from "openapi-fetch";
import { afterEach, expect, it, vi } from "vitest";
import { replaced } from "./client";
import type { paths } from "./schema.gen";

type Fetch = (request: Request) => Promise<Response>;

afterEach(() => vi.unstubAllGlobals());

function asking(fetch: Fetch) {
  vi.stubGlobal("fetch", fetch);
  const api = createClient<paths>({ baseUrl: "https://portal.example/", fetch });
  api.use(replaced);
  return api;
}

const proof = { body: { password: "x" } };

it("reads again what was refused while a proof put another session in place", async () => {
  let isNew = false;
  let prove = () => {};
  const proved = new Promise<void>(done => {
    prove = done;
  });
  const asked: string[] = [];
  const api = asking(async request => {
    asked.push(request.method);
    if (request.method !== "GET") {
      await proved;
      isNew = true;
      return new Response(null, { status: 204 });
    }
    return Response.json({}, { status: isNew ? 200 : 401 });
  });
  const proving = api.POST("/portal/session/proof", proof);
  const reading = api.GET("/portal/session");
  await new Promise(done => setTimeout(done, 20));
  expect(asked).toEqual(["POST", "GET"]);
  prove();
  expect((await reading).response.status).toBe(200);
  expect((await proving).response.status).toBe(204);
  expect(asked).toEqual(["POST", "GET", "GET"]);
});

it("asks an ended session once more and no oftener", async () => {
  let asked = 0;
  const api = asking(async () => {
    asked += 1;
    return Response.json({}, { status: 401 });
  });
  expect((await api.GET("/portal/session")).response.status).toBe(401);
  expect(asked).toBe(2);
});

it("takes a proof that nobody answered for over", async () => {
  const api = asking(async request => {
    if (request.method !== "GET") throw new TypeError("offline");
    return Response.json({}, { status: 401 });
  });
  const reading = api.GET("/portal/session");
  await expect(api.POST("/portal/session/proof", proof)).rejects.toThrow("offline");
  expect((await reading).response.status).toBe(401);
});
