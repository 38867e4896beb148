/** Words of the page on which somebody authorises a connection by its link. */
const reconnect = {
  reconnect: "Connect a system",
  reconnectAsked: (brand: string) => `${brand} asks you to connect a system`,
  reconnectBody:
    "Continue in this browser. You then sign in at your own system and allow the connection there; your password stays with you.",
  openReconnect: "Continue",
  reconnectTo: (system: string) => `Connect ${system}`,
  reconnectFor: (client: string) => `For ${client}`,
  reconnectConnection: (connection: string) => `Connection ${connection}`,
  reconnectToBody: (system: string) =>
    `You go to ${system}, sign in with an account that may allow this, and come back here. Stop if you did not expect this request.`,
  reconnectGo: (system: string) => `Go to ${system}`,
  reconnectAgain: "Try again",
  reconnecting: (system: string) => `Connecting ${system}`,
  reconnectingBody: "You are back. This takes a few seconds.",
  reconnectDone: (system: string) => `${system} is connected`,
  reconnectDoneBody: (client: string) =>
    `Work for ${client} that waited for it goes on by itself. You can close this page.`,
  reconnectOver: "This link is over, or was opened in another browser. Ask whoever sent it for another.",
  reconnectRefused: {
    denied: "You did not allow the connection there, so nothing was connected.",
    "system-refused":
      "The system sent you back without allowing the connection. Try again, or tell whoever sent the link.",
    "other-issuer":
      "The answer came from another server than the one that was asked, so it was not used. Tell whoever sent the link.",
    "code-refused": "The system took its answer back, or it came too late. Try again.",
    settings: "The connection's settings do not fit the system. Tell whoever sent the link.",
    away: "The system did not answer. Try again in a few minutes.",
    interrupted: "That was interrupted before it was finished. Try again.",
  },
};

export default reconnect;
