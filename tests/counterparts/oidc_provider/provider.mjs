// An OpenID provider for tests, on loopback: PORT, SECRET, and the keys that it signs with in KEYS. Each line on its input
// makes it a new one with nobody signed in: the addresses that browsers come back to as `returns`, and where it tells that
// a session ended as `logout`. It says "ready" then.
// Whoever signs in as NAME is the subject NAME; any password is taken.
import { createServer } from "node:http";
import { createInterface } from "node:readline";
import { Provider } from "oidc-provider";

const issuer = `http://127.0.0.1:${process.env.PORT}`;
const people = {
  alice: {
    sub: "alice",
    oid: "0a21f0f2-8d2a-4f8e-bf98-7363c4aed4ef",
    email: "alice@acme.example",
    email_verified: true,
    name: "Alice Acme",
  },
  bob: { sub: "bob", email: "clerk@acme.example", email_verified: true, name: "Bob Builder" },
};

const keys = JSON.parse(process.env.KEYS);
const made = ({ returns, logout }) =>
  new Provider(issuer, {
    clients: [
      {
        client_id: "portal",
        client_secret: process.env.SECRET,
        redirect_uris: returns,
        grant_types: ["authorization_code"],
        response_types: ["code"],
        token_endpoint_auth_method: "client_secret_basic",
        ...(logout && { backchannel_logout_uri: logout, backchannel_logout_session_required: true }),
      },
      {
        client_id: "system",
        client_secret: process.env.SECRET,
        redirect_uris: returns,
        grant_types: ["authorization_code", "refresh_token"],
        response_types: ["code"],
        token_endpoint_auth_method: "client_secret_basic",
      },
    ],
    rotateRefreshToken: () => true,
    claims: { openid: ["sub", "oid"], email: ["email", "email_verified"], profile: ["name"] },
    conformIdTokenClaims: false,
    pkce: { required: () => true },
    cookies: { keys: ["of-these-tests"] },
    findAccount: (_context, id) => people[id] && { accountId: id, claims: () => people[id] },
    jwks: keys,
    // Its own goes to no loopback address, where these tests live.
    fetch: (address, options) => fetch(address, { ...options, dispatcher: undefined }),
    features: { devInteractions: { enabled: true }, backchannelLogout: { enabled: true } },
    ttl: { AccessToken: 600, IdToken: 600, Interaction: 600, Session: 3600, Grant: 3600 },
  }).callback();

let answer;
const server = createServer((request, response) => answer(request, response));
server.listen(Number(process.env.PORT), "127.0.0.1", () =>
  createInterface({ input: process.stdin }).on("line", (line) => {
    answer = made(JSON.parse(line));
    console.log("ready");
  }),
);
