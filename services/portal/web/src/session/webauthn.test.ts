import { expect, test } from "vitest";
import { bytes, creationOptions, requestOptions, sent, text } from "./webauthn";

test("bytes survive base64url of every length and letter", () => {
  for (let length = 0; length < 70; length += 1) {
    const value = Uint8Array.from({ length }, (_, place) => (place * 37 + 251) % 256);
    const written = text(value.buffer);
    expect(written).toMatch(/^[A-Za-z0-9_-]*$/);
    expect(bytes(written)).toEqual(value);
  }
});

test("what the server asks is handed to the device as bytes, and the rest as it came", () => {
  const made = creationOptions({
    rp: { id: "portal.example", name: "Portal" },
    user: { id: "-_8", name: "ann@portal.example", displayName: "Ann" },
    challenge: "AQID",
    pubKeyCredParams: [{ type: "public-key", alg: -7 }],
    excludeCredentials: [{ type: "public-key", id: "BAU" }],
    timeout: 60000,
  });
  expect(made.user).toEqual({ id: Uint8Array.of(251, 255), name: "ann@portal.example", displayName: "Ann" });
  expect(made.challenge).toEqual(Uint8Array.of(1, 2, 3));
  expect(made.excludeCredentials).toEqual([{ type: "public-key", id: Uint8Array.of(4, 5) }]);
  expect(made.timeout).toBe(60000);
  expect(requestOptions({ challenge: "AQID", rpId: "portal.example" })).toEqual({
    challenge: Uint8Array.of(1, 2, 3),
    rpId: "portal.example",
    allowCredentials: [],
  });
});

test("an answer without toJSON is sent all the same", () => {
  const buffer = (...values: number[]) => Uint8Array.from(values).buffer;
  const given = {
    id: "BAU",
    rawId: buffer(4, 5),
    type: "public-key",
    authenticatorAttachment: null,
    getClientExtensionResults: () => ({}),
    response: {
      clientDataJSON: buffer(1),
      authenticatorData: buffer(2),
      signature: buffer(3),
      userHandle: null,
    },
  };
  expect(sent(given as unknown as PublicKeyCredential)).toEqual({
    id: "BAU",
    rawId: "BAU",
    type: "public-key",
    clientExtensionResults: {},
    response: { clientDataJSON: "AQ", authenticatorData: "Ag", signature: "Aw" },
  });
});
