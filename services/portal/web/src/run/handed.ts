/** What is known of the data that a task begins with; the journal tells only what tasks gave. */
export interface Handed {
  /** False where the workflow may have made something else of it on the way. */
  known: boolean;
  value: unknown;
}

const UNKNOWN: Handed = { known: false, value: null };

interface Scope {
  given: Handed;
  /** What the next of its tasks gets. */
  next: Handed;
}

/** Lists of tasks that follow each other on the output of the one before. */
const LISTS = /^\/(do|try|catch\/do|foreach\/do)\/\d+\/[^/]+$/;
const BRANCH = /^\/fork\/branches\/\d+\/[^/]+$/;

/** Follows the data through lists, loops, branches and attempts, by where tasks lie in one another. */
export class Handing {
  private readonly scopes = new Map<string, Scope>();

  constructor(input: unknown) {
    const given = { known: true, value: input };
    this.scopes.set("", { given, next: given });
  }

  /** What the task at `reference` begins with. */
  to(reference: string): Handed {
    const { scope, rest } = this.around(reference);
    if (BRANCH.test(rest)) return scope.given;
    if (!LISTS.test(rest)) return UNKNOWN;
    // Each event is worked on with what the listener itself was given.
    if (rest.startsWith("/foreach/do/0/")) scope.next = scope.given;
    return scope.next;
  }

  began(reference: string, given: Handed): void {
    this.scopes.set(reference, { given, next: given });
  }

  gave(reference: string, value: unknown): void {
    this.scopes.delete(reference);
    const { scope, rest } = this.around(reference);
    if (LISTS.test(rest)) scope.next = { known: true, value };
  }

  /** A `try` begins anew, or goes on with what it does about an error: on what it was given itself. */
  again(reference: string): void {
    const scope = this.scopes.get(reference);
    if (scope) scope.next = scope.given;
  }

  left(reference: string): void {
    this.scopes.delete(reference);
  }

  private around(reference: string): { scope: Scope; rest: string } {
    for (let end = reference.lastIndexOf("/"); end >= 0; end = reference.lastIndexOf("/", end - 1)) {
      const scope = this.scopes.get(reference.slice(0, end));
      if (scope) return { scope, rest: reference.slice(end) };
      if (end === 0) break;
    }
    return { scope: { given: UNKNOWN, next: UNKNOWN }, rest: "" };
  }
}
