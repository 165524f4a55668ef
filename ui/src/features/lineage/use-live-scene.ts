/** Keeps the scene of an address true: read anew whenever something in it changed. */
import { useCallback, useEffect } from "react";
import { useQueryClient } from "@tanstack/react-query";
import { LineageChangedDocument } from "@/gql/graphql";
import { calmly } from "@/lib/calm";
import { follow } from "@/lib/graphql";
import { readScene, sceneQuery } from "./scene-query";
import type { Answer, Asked } from "./scene-query";
import type { Scene } from "./scene";
import { useNews } from "./use-news";

/** Many changes at once are one reading. */
const CALM_MILLISECONDS = 400;

export interface LiveScene {
  /** boxes that came or went, and wait to be shown */
  news: number;
  show: () => void;
  /** boxes that came or changed just now, until they were seen */
  fresh: ReadonlySet<string>;
  seen: () => void;
}

/** `on`: whether now is shown; what was does not change. */
export function useLiveScene(project: string, asked: Asked, scene: Scene | undefined, on: boolean): LiveScene {
  const queries = useQueryClient();
  const key = JSON.stringify(asked);
  const focus = scene?.focus;
  const steps = 1 + Math.max(asked.up ?? 1, asked.down ?? 1);
  const keep = useCallback(
    (answer: Answer): void => void queries.setQueryData(sceneQuery(project, JSON.parse(key) as Asked).queryKey, answer),
    [queries, project, key],
  );
  const { count, show, fresh, seen, take } = useNews(scene, keep);

  useEffect(() => {
    if (focus === undefined || !on) return undefined;
    const query = sceneQuery(project, JSON.parse(key) as Asked);
    const gone = new AbortController();
    const read = async (): Promise<void> => {
      const shown = queries.getQueryData(query.queryKey);
      const answer = await readScene(project, JSON.parse(key) as Asked, gone.signal).catch(() => undefined);
      // A server that is away says so again when it is back.
      if (!gone.signal.aborted && shown && answer) take(shown, answer);
    };
    const { told: changed, stop } = calmly(read, CALM_MILLISECONDS);
    const leave = follow(
      LineageChangedDocument,
      { uid: focus, depth: steps },
      ({ lineageChanged }) => lineageChanged.kind !== "RECONNECT" && changed(),
    );
    return () => {
      gone.abort();
      stop();
      leave();
    };
  }, [focus, steps, on, project, key, queries, take]);

  return { news: on ? count : 0, show, fresh, seen };
}
