/** Words of signing in, being let in, and acting as a client. */
const people = {
  signInWith: (provider: string) => `Sign in with ${provider}`,
  or: "or",
  failed: {
    "sign-in-stale":
      "That sign-in is over: it took longer than ten minutes, or was used before. Begin again.",
    "provider-refused":
      "Your sign-in provider did not confirm who you are. Begin again, or ask whoever runs it.",
    "provider-away": "Your sign-in provider does not answer. Try again later, or sign in with a password.",
    "nobody-here": "You are signed in there, and nobody has invited you here. Ask for an invitation.",
    "invitation-over": "That invitation is over. Ask for another.",
  } as Record<string, string>,
  failedOther: "The sign-in did not succeed. Begin again.",
  stillSignedIn: "You are signed in",
  stillSignedInBody:
    "You came back after more than ten minutes, or a second time, so nothing was done. Go on, and do again what you were about to do.",
  goOn: "Go on",
  told: {
    "password-changed":
      "Your password is changed, and you are signed out everywhere. Sign in with the new one.",
    "passkey-removed": "The passkey is removed, and you are signed out everywhere. Sign in again.",
    "factor-removed": "The second factor is removed, and you are signed out everywhere. Sign in again.",
  } as Record<string, string>,
  withPasskey: "Use a passkey",
  passkeyFailed: {
    cancelled:
      "No passkey was used: the request was cancelled or ran out of time, or this device has none for this address. Try again, or use another way.",
    refused:
      "That passkey opens nothing here: it was removed, or the request took over five minutes. Try again, or use another way.",
    unsupported: "This browser cannot use passkeys here. Use another browser, or another way.",
    unfit: "This device cannot use the passkey: it has to ask for a finger, a face or a PIN.",
    known: "This device cannot use the passkey.",
  },

  passkeys: "Passkeys",
  passkeysBody: (host: string) =>
    `Your finger, face or PIN in place of password and code. A passkey works on ${host} alone, and never on an imitation of it.`,
  passkeysUnsupported:
    "This browser cannot add passkeys here. Open this page in another browser or on another device.",
  noPasskeysTitle: "No passkeys yet",
  noPasskeysBody: "Add one on each device that you sign in with. Your password goes on working beside them.",
  addPasskey: "Add a passkey",
  addPasskeyBody: "Next, your browser asks where to keep it and who you are.",
  passkeyName: "Name",
  passkeyNameHint: "To know it by in your list.",
  passkeyNameNeeded: "Give it a name.",
  passkeyNameBad: "Use letters, figures and plain signs in the name.",
  passkeyAsking: "Your browser asks you now. Answer it to go on.",
  passkeyAdded: (name: string) => `“${name}” is added. You can sign in with it from now on.`,
  passkeyNotAdded: {
    cancelled: "No passkey was made: the request was cancelled or ran out of time. Try again.",
    refused:
      "The passkey was not accepted: the request took over five minutes, or it is known already. Try again. If your device kept one, remove it there.",
    unsupported: "This browser cannot add passkeys here. Use another browser or another device.",
    unfit: "This device cannot keep a passkey: it has to ask for a finger, a face or a PIN.",
    known: "This device has a passkey for your account already.",
  },
  onSystem: (browser: string, system: string) => `${browser} on ${system}`,
  thisDevice: "This device",
  addedAt: (time: string) => `Added ${time}`,
  usedAt: (time: string) => `Last used ${time}`,
  notUsed: "Not used yet",
  onlyOn: (host: string) => `Works on ${host}`,
  removeOne: (name: string) => `Remove ${name}`,
  removeShort: "Remove",
  removePasskeyTitle: (name: string) => `Remove “${name}”?`,
  removePasskeyBody:
    "It opens nothing here any more, and you are signed out everywhere, here too. Your device may go on offering it until you remove it there.",
  removePasskey: "Remove passkey",
  failedPlain: "That did not work, and nothing was changed. Try again.",

  code: "Code",
  codeHint: "Six digits from your authenticator app, or one of your recovery codes.",
  codeNeeded: "Enter the code.",
  codeFailed: "That code is wrong, or was used before. Wait for the next one.",

  invitation: "Invitation",
  invitedTo: (brand: string) => `You are invited to ${brand}`,
  invitedBody: "Continue in this browser. You then have a quarter of an hour to finish.",
  openInvitation: "Continue",
  invitationFor: (name: string) => `For ${name}`,
  choosePassword: "Choose a password",
  passwordRule: "At least 12 characters. Several words that do not belong together make a good one.",
  acceptInvitation: "Create account",
  invitationOver: "This invitation is over. Ask whoever invited you for another.",
  weakPassword:
    "That password is too short or easily guessed. Use several words that do not belong together.",

  weak: {
    length: "Use at least 12 characters.",
    common: "Many people use that password, or one like it. Use several words that do not belong together.",
    personal: "Your name, your address and the name of this portal are tried first. Use other words.",
    words: "That is easily guessed. Use several words that do not belong together.",
    keyboard: "That follows the keys of a keyboard. Use several words that do not belong together.",
    repeats: "That repeats itself. Use several words that do not belong together.",
    sequence: "That counts up or down. Use several words that do not belong together.",
    date: "Dates and years are tried first. Use several words that do not belong together.",
  } as Record<string, string>,

  ownPassword: "Password",
  passwordBody:
    "With a new password you are signed out everywhere, here too, and your passkeys are removed. Then you sign in with the new one.",
  oldPassword: "Password until now",
  newPassword: "New password",
  changePassword: "Change password",
  noPassword: "You sign in at your provider, and your account has no password here. You change it there.",

  proveTitle: "Prove that it is you",
  proveBody: "You last proved who you are over ten minutes ago. Prove it once more, and this goes on.",
  prove: "Continue",
  proveFailed: "That password is wrong. Try again.",
  proveAt: (provider: string) => `Prove it at ${provider}`,
  proveFailedAt: {
    "provider-refused":
      "Your sign-in provider did not confirm that it is you, so nothing was done. Try again, or prove it in another way.",
    "provider-away":
      "Your sign-in provider does not answer, so nothing was done. Try again later, or prove it in another way.",
  } as Record<string, string>,
  proveFailedOther: "The proof did not succeed, so nothing was done. Try again.",

  secondFactor: "Second factor",
  secondFactorOff:
    "Your account has no second factor. A code from an app on your phone keeps others out who know your password.",
  secondFactorOn: "Your account asks for a code after the password.",
  setUp: "Set up",
  secretBody:
    "Scan this with your authenticator app, or type the key. Then enter the code that the app shows.",
  keyPicture: "The key as a picture for a camera",
  openApp: "Open in an app on this device",
  confirmCode: "Confirm",
  copyCodes: "Copy all",
  recoveryTitle: "Keep these recovery codes",
  recoveryBody: "Each works once in place of a code. They are not shown again. Sign in again to go on.",
  afterSetUp: "Once it is set, you are signed out everywhere and sign in with a code.",
  removeBody: "Removing it leaves your account to the password alone and signs you out everywhere, here too.",
  remove: "Remove second factor",
  insteadPasskey: "Use a passkey in place of password and code",

  clients: "Clients",
  clientsBody: "Choose a client to work for it. It sees your name, your reason and what you do in its log.",
  clientsOnly: "The clients that your account may see.",
  clientsShown: (count: number, more: boolean) =>
    more ? `${count} shown` : count === 1 ? "1 client" : `${count} clients`,
  moreClients: "Show more clients",
  noClientsTitle: "No clients yet",
  noClients: "A client appears here once whoever runs your account adds one.",
  actAs: (client: string) => `Act as ${client}`,
  actAsWho: "Act as",
  actAsShort: "Act as client",
  actingBody:
    "You see the client's pages without what is private in them, until the time is over or you stop.",
  environmentWord: "Environment",
  reason: "Reason",
  reasonHint: "The client reads it. Ten characters at least.",
  reasonShort: "Say why, in ten characters at least.",
  minutes: "For how long",
  minutesOf: (minutes: number) =>
    minutes < 60 ? `${minutes} minutes` : minutes === 60 ? "1 hour" : `${minutes / 60} hours`,
  actingAs: (client: string) => `You act as ${client}`,
  actingUntil: (time: string) => `until ${time}`,
  stopActing: "Stop acting",
};

export default people;
