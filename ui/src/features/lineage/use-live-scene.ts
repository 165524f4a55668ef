/** Keeps a shown scene true: what only changed is shown at once and pulses; what came or went waits until one
 * says so, rather than moving the picture under the eyes. */
import { useCallback, useEffect, useState } from "react";
import { useQueryClient } from "@tanstack/react-query";
import { LineageChangedDocument } from "@/gql/graphql";
import { follow } from "@/lib/graphql";
import { compared, tally } from "./difference";
import { readScene, sceneQuery } from "./scene-query";
import type { Answer, Asked } from "./scene-query";
import type { Scene } from "./scene";

/** Many changes at once are one reading. */
const CALM_MILLISECONDS = 400;
const PULSE_MILLISECONDS = 2_600;
const NONE: ReadonlySet<string> = new Set();

export interface LiveScene {
  /** boxes that came or went, and wait to be shown */
  news: number;
  show: () => void;
  /** boxes that came or changed just now */
  fresh: ReadonlySet<string>;
}

/** `on`: whether now is shown; what was does not change. */
export function useLiveScene(project: string, asked: Asked, scene: Scene | undefined, on: boolean): LiveScene {
  const queries = useQueryClient();
  const [waiting, setWaiting] = useState<{ from: string; answer: Answer; count: number }>();
  const [fresh, setFresh] = useState(NONE);
  const key = JSON.stringify(asked);
  const focus = scene?.focus;
  const steps = 1 + Math.max(asked.up ?? 1, asked.down ?? 1);

  useEffect(() => {
    if (fresh.size === 0) return undefined;
    const timer = window.setTimeout(() => setFresh(NONE), PULSE_MILLISECONDS);
    return () => window.clearTimeout(timer);
  }, [fresh]);

  useEffect(() => {
    if (focus === undefined || !on) return undefined;
    const query = sceneQuery(project, JSON.parse(key) as Asked);
    let timer: number | undefined;
    const gone = new AbortController();
    const read = async (): Promise<void> => {
      timer = undefined;
      const shown = queries.getQueryData(query.queryKey);
      const answer = await readScene(project, JSON.parse(key) as Asked, gone.signal).catch(() => undefined);
      if (gone.signal.aborted || !shown || !answer) return; // a server that is away says so again when it is back
      if (answer.scene.version === shown.scene.version) return setWaiting(undefined);
      const laid = compared(shown.scene, answer.scene);
      const { added, removed } = tally(laid);
      if (added + removed > 0) return setWaiting({ from: shown.scene.version, answer, count: added + removed });
      queries.setQueryData(query.queryKey, answer);
      setFresh(new Set([...laid.boxes.values()].filter(({ change }) => change === "changed").map(({ id }) => id)));
    };
    const changed = (): void => {
      timer ??= window.setTimeout(() => void read(), CALM_MILLISECONDS);
    };
    const stop = follow(
      LineageChangedDocument,
      { uid: focus, depth: steps },
      { told: ({ lineageChanged }) => lineageChanged.kind !== "RECONNECT" && changed(), missed: changed },
    );
    return () => {
      gone.abort();
      window.clearTimeout(timer);
      stop();
    };
  }, [focus, steps, on, project, key, queries]);

  const version = scene?.version;
  const now = waiting !== undefined && waiting.from === version ? waiting : undefined;
  const show = useCallback((): void => {
    if (!now || !scene) return;
    const laid = compared(scene, now.answer.scene);
    queries.setQueryData(sceneQuery(project, JSON.parse(key) as Asked).queryKey, now.answer);
    setFresh(new Set([...laid.boxes.values()].filter(({ change }) => change === "added" || change === "changed").map(({ id }) => id)));
    setWaiting(undefined);
  }, [now, scene, queries, project, key]);
  return { news: on && now ? now.count : 0, show, fresh };
}
