const SECOND = 1_000;
/** What lies longer open was not worked on. */
const MOST = 3_600;
/** Without a key, a touch or a move for so long nobody is taken to be at work. */
const RESTS = 60_000;
const SIGNS = ["keydown", "pointerdown", "pointermove", "scroll"] as const;

/** Seconds that one request tells of, and the page on which they passed. */
export interface Taken {
  page: string;
  seconds: number;
}

/** Of the page that is open; null: nobody measures. */
let attention: Attention | null = null;

/**
 * Seconds in which somebody was at work on a page: it was to be seen, and not left alone. They begin with the page, what
 * opens upon it is a part of it, and each of them is told with one act alone.
 */
class Attention {
  private page = "";
  private seconds = 0;
  private last = Date.now();
  private readonly on: Window;

  constructor(on: Window) {
    this.on = on;
  }

  sign = () => {
    this.last = Date.now();
  };

  tick = () => {
    this.turn();
    const isAtWork = this.on.document.visibilityState === "visible" && Date.now() - this.last < RESTS;
    if (isAtWork && this.seconds < MOST) this.seconds += 1;
  };

  read(): number {
    this.turn();
    return this.seconds;
  }

  take(): Taken {
    const taken = { seconds: this.read(), page: this.page };
    this.seconds = 0;
    return taken;
  }

  giveBack({ page, seconds }: Taken): void {
    this.turn();
    // Of a page that was left nothing is done any more.
    if (page === this.page) this.seconds = Math.min(this.seconds + seconds, MOST);
  }

  /** Another page begins anew. */
  private turn(): void {
    const page = this.on.location.pathname;
    if (page === this.page) return;
    this.page = page;
    this.seconds = 0;
  }
}

/** Measure from here on; answers how to stop. */
export function follow(on: Window): () => void {
  const mine = new Attention(on);
  attention = mine;
  const timer = setInterval(mine.tick, SECOND);
  for (const one of SIGNS) on.addEventListener(one, mine.sign, { passive: true, capture: true });
  return () => {
    clearInterval(timer);
    for (const one of SIGNS) on.removeEventListener(one, mine.sign, { capture: true });
    if (attention === mine) attention = null;
  };
}

/** How many are on the page's clock now: what an act that is sent at this moment tells. */
export const activeSeconds = (): number => attention?.read() ?? 0;

/** For a request that is about to be sent; null: nobody measures. */
export const take = (): Taken | null => attention?.take() ?? null;

/** Of a request that was answered: what the server did not count is told with the next act. */
export function settle(taken: Taken, counted: number): void {
  attention?.giveBack({ page: taken.page, seconds: Math.max(taken.seconds - counted, 0) });
}
