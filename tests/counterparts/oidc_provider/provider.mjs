// An OpenID provider for tests, on loopback: PORT, SECRET, and the addresses that browsers come back to in RETURNS.
// Whoever signs in as NAME is the subject NAME; any password is taken.
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

const provider = new Provider(issuer, {
  clients: [
    {
      client_id: "portal",
      client_secret: process.env.SECRET,
      redirect_uris: process.env.RETURNS.split(" "),
      grant_types: ["authorization_code"],
      response_types: ["code"],
      token_endpoint_auth_method: "client_secret_basic",
    },
  ],
  claims: { openid: ["sub", "oid"], email: ["email", "email_verified"], profile: ["name"] },
  conformIdTokenClaims: false,
  pkce: { required: () => true },
  cookies: { keys: ["of-these-tests"] },
  findAccount: (_context, id) => people[id] && { accountId: id, claims: () => people[id] },
  features: { devInteractions: { enabled: true } },
  ttl: { AccessToken: 600, IdToken: 600, Interaction: 600, Session: 3600, Grant: 3600 },
});
provider.listen(Number(process.env.PORT), "127.0.0.1", () => console.log("ready"));
