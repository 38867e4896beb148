/** Words of the readiness board: what templates need, and what there is for it. */
const readiness = {
  readiness: "Readiness",
  readinessBody:
    "What templates need beside what this environment has for it, systems, parameters and people: the newest version of each, and those that are deployed.",
  noTemplatesTitle: "No templates",
  noTemplatesBody:
    "Templates come with the installation. What each needs is listed here once there are some.",
  levels: {
    certified: "Certified",
    "certified before": "Certified for an older version",
    simulated: "Proven against a simulator",
    "not certified": "Not yet certified",
  },
  notCertifiedOf: (connector: string) => `${connector} (not yet certified)`,
  standings: { green: "Ready", amber: "Look first", red: "Not ready" },
  versionOf: (version: string) => `Version ${version}`,
  notDeployed: "Not deployed",
  deployedAs: (names: string) => `Deployed as ${names}`,
  offeredBy: "Connections",
  connectionGroup: "Group of connections",
  boundBy: (names: string) => `Bound by ${names}`,
  asksFor: (operations: string) => `Asks for ${operations}`,
  readinessWhy: {
    ready: (name: string, _lacks: string) => `${name} offers all of it, and its connector is certified.`,
    older: (name: string, _lacks: string) =>
      `${name} offers all of it; its connector is certified for an older version of its code or tests.`,
    simulated: (name: string, _lacks: string) =>
      `${name} offers all of it; its connector is proven against a simulator alone.`,
    unproven: (name: string, _lacks: string) =>
      `${name} offers all of it; its connector is not yet certified.`,
    failing: (name: string, _lacks: string) => `The last check of ${name} failed.`,
    away: (name: string, _lacks: string) => `The system behind ${name} is away.`,
    disabled: (name: string, _lacks: string) => `${name} is disabled.`,
    lacks: (name: string, lacks: string) => `${name} does not offer ${lacks}.`,
    missing: (_name: string, lacks: string) => `No connection offers ${lacks}.`,
  },
  readinessHelp: {
    ready: (_name: string, _connectors: string) => "",
    older: (_name: string, _connectors: string) => "",
    simulated: (_name: string, _connectors: string) =>
      "Put the company's own system behind it before going live.",
    unproven: (_name: string, _connectors: string) => "Try it in another environment before going live.",
    failing: (_name: string, _connectors: string) => "Its health says what to change.",
    away: (_name: string, _connectors: string) => "What waits for it goes on by itself.",
    disabled: (name: string, _connectors: string) => `Enable ${name}, or bind another connection.`,
    lacks: (_name: string, connectors: string) =>
      connectors ? `Connect one of these and bind it: ${connectors}.` : "No connector offers all of it yet.",
    missing: (_name: string, connectors: string) =>
      connectors ? `Connect one of these: ${connectors}.` : "No connector offers all of it yet.",
  },
  parametersInOrder: (count: number) =>
    count === 1 ? "1 parameter is in order" : `${count} parameters are in order`,
  parameterOptional: "Not set, and not needed",
  isRequired: "Has to be set",
  parameterWhy: {
    missing: (_from: string) => "It has no value, and nothing gives it one.",
    refused: (from: string): string =>
      from ? `${from} comes a value that it does not take.` : "It does not take the value that it has.",
  },
  parameterHelp: {
    missing: (_from: string) => "Set it for the company, or with the deployment.",
    refused: (from: string): string =>
      from ? "Change it there, or set it with the deployment." : "Change it with the deployment.",
  },
  peopleHaveIt: (count: number) =>
    count === 0 ? "Nobody has it" : count === 1 ? "1 person has it" : `${count} people have it`,
  roleHelp: {
    empty: (_role: string) => "Give it to somebody: what goes to nobody stands still.",
    disabled: (role: string) => `The role ${role} is disabled. Enable it, and give it to somebody.`,
    absent: (role: string) => `There is no role ${role}. Make it, and give it to somebody.`,
  },
};

export default readiness;
