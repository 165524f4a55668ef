/** What came of a scene since it was shown: what only changed is shown at once and pulses; what came or went
 * waits until one says so, rather than moving the picture under the eyes. */
import { useCallback, useState } from "react";
import { compared, tally } from "./difference";
import type { Scene } from "./scene";

const NONE: ReadonlySet<string> = new Set();

export interface News<A> {
  /** boxes that came or went, and wait to be shown */
  count: number;
  show: () => void;
  /** boxes that came or changed just now, until they were seen */
  fresh: ReadonlySet<string>;
  seen: () => void;
  /** tells of a newer answer than the one that is shown */
  take: (shown: A, newer: A) => void;
}

/** `keep` puts an answer in the place of the one that is shown; it stays the same function. */
export function useNews<A extends { scene: Scene }>(scene: Scene | undefined, keep: (answer: A) => void): News<A> {
  const [waiting, setWaiting] = useState<{ from: string; answer: A; count: number }>();
  const [fresh, setFresh] = useState(NONE);

  const take = useCallback(
    (shown: A, newer: A): void => {
      if (newer.scene.version === shown.scene.version) return setWaiting(undefined);
      const laid = compared(shown.scene, newer.scene);
      const { added, removed } = tally(laid);
      if (added + removed > 0) return setWaiting({ from: shown.scene.version, answer: newer, count: added + removed });
      keep(newer);
      setFresh(changedIn(laid, ["changed"]));
    },
    [keep],
  );

  const now = waiting !== undefined && waiting.from === scene?.version ? waiting : undefined;
  const show = useCallback((): void => {
    if (!now || !scene) return;
    const laid = compared(scene, now.answer.scene);
    keep(now.answer);
    setFresh(changedIn(laid, ["added", "changed"]));
    setWaiting(undefined);
  }, [now, scene, keep]);
  const seen = useCallback((): void => setFresh(NONE), []);
  return { count: now?.count ?? 0, show, fresh, seen, take };
}

function changedIn(laid: Scene, changes: readonly string[]): ReadonlySet<string> {
  return new Set([...laid.boxes.values()].filter(({ change }) => change !== null && changes.includes(change)).map(({ id }) => id));
}
