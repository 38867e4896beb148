import { useCallback, useEffect, useRef, useState } from "react";
import { api, body } from "../api/client";
import type { AuditLog, Verification } from "../api/queries";

export interface Progress {
  /** Of all calls so far. */
  rows: number;
  dropped: number;
  /** The newest answer; null before the first. */
  last: Verification | null;
  working: boolean;
  failed: boolean;
}

const NONE: Progress = { rows: 0, dropped: 0, last: null, working: true, failed: false };

const verified = (log: AuditLog, query: { behind?: number }): Promise<Verification> =>
  log === "client"
    ? body(api.GET("/v1/audit/verification", { params: { query } }))
    : body(api.GET("/v1/organization/audit/verification", { params: { query } }));

/** Goes through the chain call by call: the first by itself, the rest when somebody asks for it. */
export function useVerifying(log: AuditLog): Progress & { goOn: () => void; again: () => void } {
  const [progress, setProgress] = useState<Progress>(NONE);
  const round = useRef(0);
  const step = useCallback(
    async (from: Progress, most: number) => {
      const own = ++round.current;
      let now: Progress = { ...from, working: true, failed: false };
      setProgress(now);
      try {
        for (let left = most; left > 0; left--) {
          const query = now.last?.next ? { behind: now.last.next } : {};
          const found = await verified(log, query);
          if (own !== round.current) return;
          const more = found.state === "whole" && found.next !== null;
          now = {
            rows: now.rows + found.rows,
            dropped: now.dropped + found.dropped,
            last: found,
            working: more && left > 1,
            failed: false,
          };
          setProgress(now);
          if (!more) return;
        }
      } catch {
        if (own === round.current) setProgress({ ...now, working: false, failed: true });
      }
    },
    [log],
  );
  useEffect(() => {
    void step(NONE, 1);
    return () => {
      round.current++;
    };
  }, [step]);
  return {
    ...progress,
    goOn: () => void step(progress, Number.POSITIVE_INFINITY),
    again: () => void step(NONE, 1),
  };
}
