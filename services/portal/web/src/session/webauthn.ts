/**
 * What the server asks and what a device answers, between JSON and the browser.
 *
 * By hand: `parseRequestOptionsFromJSON` and `toJSON` are missing from browsers that are three years old, and keepers of
 * passkeys that stand in for the browser answer with objects that lack the second.
 */

type Asked = Record<string, unknown>;
type Sent = Record<string, unknown>;

export function creationOptions(asked: Asked): PublicKeyCredentialCreationOptions {
  const json = asked as unknown as PublicKeyCredentialCreationOptionsJSON;
  return {
    ...json,
    challenge: bytes(json.challenge),
    user: { ...json.user, id: bytes(json.user.id) },
    excludeCredentials: descriptors(json.excludeCredentials),
  } as unknown as PublicKeyCredentialCreationOptions;
}

export function requestOptions(asked: Asked): PublicKeyCredentialRequestOptions {
  const json = asked as unknown as PublicKeyCredentialRequestOptionsJSON;
  return {
    ...json,
    challenge: bytes(json.challenge),
    allowCredentials: descriptors(json.allowCredentials),
  } as unknown as PublicKeyCredentialRequestOptions;
}

/** A new key, or a signature. */
export function sent(given: PublicKeyCredential): Sent {
  return {
    id: given.id,
    rawId: text(given.rawId),
    type: given.type,
    authenticatorAttachment: given.authenticatorAttachment ?? undefined,
    clientExtensionResults: given.getClientExtensionResults(),
    response: {
      clientDataJSON: text(given.response.clientDataJSON),
      ...("attestationObject" in given.response
        ? made(given.response as AuthenticatorAttestationResponse)
        : signed(given.response as AuthenticatorAssertionResponse)),
    },
  };
}

const made = (response: AuthenticatorAttestationResponse): Sent => ({
  attestationObject: text(response.attestationObject),
  transports: response.getTransports?.() ?? [],
});

const signed = (response: AuthenticatorAssertionResponse): Sent => ({
  authenticatorData: text(response.authenticatorData),
  signature: text(response.signature),
  ...(response.userHandle ? { userHandle: text(response.userHandle) } : {}),
});

const descriptors = (known: PublicKeyCredentialDescriptorJSON[] | undefined) =>
  (known ?? []).map(one => ({ ...one, id: bytes(one.id) }));

/** Of base64url without padding. */
export function bytes(of: string): Uint8Array<ArrayBuffer> {
  const letters = atob(of.replace(/-/g, "+").replace(/_/g, "/"));
  return Uint8Array.from(letters, letter => letter.charCodeAt(0));
}

export function text(of: ArrayBuffer): string {
  const letters = Array.from(new Uint8Array(of), byte => String.fromCharCode(byte)).join("");
  return btoa(letters).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
}
