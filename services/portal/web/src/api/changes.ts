import type { RunSummary } from "./queries";
import { create } from "./signal";

/** Whether what is shown is the present: `since` is when it was last known to be. */
export interface Freshness {
  live: boolean;
  since: number;
}

export const freshness = create<Freshness>({ live: true, since: Date.now() });

/** Without the server for this long, what is shown is called old. */
const SILENCE = 3_000;
/** A refused stream is asked for again after the first pause, then after twice as long each time up to the longest. */
const FIRST_PAUSE = 5_000;
const LONGEST_PAUSE = 60_000;
const HIDDEN = 60_000;

type Heard = (run: RunSummary) => void;

/**
 * The changes of runs, as the server pushes them.
 *
 * A browser opens few connections to one host, so a page that nobody sees gives its own back after a minute.
 * `onGap` is called when changes may have been missed: read again what is shown. The first opening is such a moment
 * too, as what is shown was read before it.
 */
export class Changes {
  private source: EventSource | null = null;
  private timers = new Map<string, number>();
  private pause = FIRST_PAUSE;
  private readonly heard: Heard;
  private readonly onGap: () => void;

  constructor(heard: Heard, onGap: () => void) {
    this.heard = heard;
    this.onGap = onGap;
    document.addEventListener("visibilitychange", this.seen);
    window.addEventListener("offline", this.lost);
    window.addEventListener("online", this.open);
    this.open();
  }

  close(): void {
    document.removeEventListener("visibilitychange", this.seen);
    window.removeEventListener("offline", this.lost);
    window.removeEventListener("online", this.open);
    for (const timer of this.timers.values()) clearTimeout(timer);
    this.timers.clear();
    this.source?.close();
    this.source = null;
  }

  private readonly open = (): void => {
    this.stop("again");
    this.source?.close();
    const source = new EventSource("/v1/runs/changes");
    this.source = source;
    source.addEventListener("open", this.found);
    source.addEventListener("error", () => this.failed(source));
    source.addEventListener("run", event => {
      if (!freshness.get().live) this.found();
      this.heard(JSON.parse(event.data) as RunSummary);
    });
    // More changed than the server kept for us.
    source.addEventListener("reload", () => this.onGap());
  };

  private readonly found = (): void => {
    this.stop("silence");
    this.pause = FIRST_PAUSE;
    this.onGap();
    freshness.set({ live: true, since: Date.now() });
  };

  private failed(source: EventSource): void {
    // The browser tries again each second, and says so each time: the first failure counts.
    if (!this.timers.has("silence")) this.after("silence", SILENCE, this.lost);
    if (source.readyState !== EventSource.CLOSED) return;
    // Refused, so the browser gives up. Reading tells why: the session may have ended. With too many streams it polls.
    this.onGap();
    this.after("again", this.pause, this.open);
    this.pause = Math.min(2 * this.pause, LONGEST_PAUSE);
  }

  private readonly lost = (): void => {
    if (freshness.get().live) freshness.set({ live: false, since: Date.now() });
  };

  private readonly seen = (): void => {
    if (document.hidden) {
      this.after("hidden", HIDDEN, () => {
        this.source?.close();
        this.source = null;
      });
      return;
    }
    this.stop("hidden");
    if (this.source === null) this.open();
  };

  private after(name: string, milliseconds: number, then: () => void): void {
    this.stop(name);
    const act = () => {
      this.timers.delete(name);
      then();
    };
    this.timers.set(name, window.setTimeout(act, milliseconds));
  }

  private stop(name: string): void {
    clearTimeout(this.timers.get(name));
    this.timers.delete(name);
  }
}
