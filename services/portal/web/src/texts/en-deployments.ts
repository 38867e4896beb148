/** Words of what runs, what it was, and what is to run once a second person has said so. */
const deployments = {
  deployments: "Deployments",
  noDeploymentsTitle: "Nothing runs here yet",
  noDeploymentsBody:
    "A workflow is deployed with its parameters and connections, or promoted from another environment.",
  deploymentColumns: { name: "Name", workflow: "Workflow", state: "State", revised: "Changed" },
  deploymentStates: { active: "Active", disabled: "Disabled" },
  deploymentsShown: (count: number, more: boolean) =>
    more ? `${count} shown` : count === 1 ? "1 deployment" : `${count} deployments`,
  workflowOf: (name: string, version: string) => `${name} ${version}`,
  revisionOf: (revision: number) => `Revision ${revision}`,
  priorityOf: {
    interactive: "Overtakes other runs",
    normal: "Normal priority",
    bulk: "Lets other runs pass",
  },
  parameters: "Parameters",
  noParameters: "It has no parameters.",
  noParametersOwn: "None of its own: it takes the values of this environment.",
  parameterFrom: (source: string) =>
    ({
      deployment: "Set for this deployment",
      default: "Default",
      site: "From the site",
      environment: "From the environment",
      client: "From the company",
      partner: "From the provider",
      operator: "From the installation",
    })[source] ?? source,
  wasBefore: "Now:",
  boundTo: "Connections",
  boundToNothing: "It calls no other system.",
  revisions: "Revisions",
  revisionsBody: "Every change made one. A run keeps the revision that it began with.",
  runsNow: "Runs now",
  rollBack: "Roll back",
  rollBackTo: (revision: number) => `Roll back to revision ${revision}`,
  rollBackSame: (workflow: string) =>
    `${workflow} stays, with the parameters and connections that it had then.`,
  rollBackOther: (workflow: string) => `${workflow} runs again, with the parameters and connections of then.`,
  rollBackRuns: "It is a new revision for runs that begin from now on. Runs in flight keep theirs.",
  rollBackUnfit:
    "It does not fit any more: a connection of then is gone, disabled, or lacks something. Nothing was changed.",
  toDecide: "Waiting for a decision",
  promotionTitle: (name: string) => `Run ${name} here?`,
  promotedFrom: (name: string, version: string, environment: string) =>
    `${name} ${version}, from ${environment}`,
  proposedAgo: (time: string) => `Proposed ${time}`,
  proposedBy: "Proposed by",
  proposersNote: "Why it is proposed",
  decidersNote: "Reason",
  noteNeeded: "Say why.",
  promotionStates: {
    proposed: "Waiting for a decision",
    approved: "Approved",
    refused: "Refused",
    withdrawn: "Withdrawn",
  },
  decidedBy: { approved: "Approved by", refused: "Refused by", withdrawn: "Withdrawn by" },
  willBegin: "Nothing of this name runs here yet. Approved, it begins to take events at once.",
  willRevise: (workflow: string, revision: number) =>
    `${workflow} runs here now, as revision ${revision}. Approved, the next runs begin as proposed; runs in flight keep theirs.`,
  secondPerson: "A second person has to approve this: you proposed it, or made the key that did.",
  actingDecidesNothing: "Who acts for a company does not decide this. Somebody of the company's own has to.",
  decidedMeanwhile: "Somebody has decided meanwhile. Close this to see what.",
  promotionUnfit:
    "It does not fit any more: something it needs has changed since it was proposed. Nothing was changed.",
  ownersMissing: "Nothing goes live without owners. Name those who are missing, then approve again.",
  decide: {
    approve: { act: "Approve", title: "Approve it", body: "It runs from this moment on." },
    refuse: {
      act: "Refuse",
      title: "Refuse it",
      body: "Nothing changes, and the proposal stays to be read.",
    },
    withdraw: { act: "Withdraw", title: "Withdraw it", body: "Nobody can approve it any more." },
  },
};

export default deployments;
