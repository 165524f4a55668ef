/** Whether a shown scene is out of date: it says so and waits, rather than moving under the eyes. */
import { useEffect, useState } from "react";
import { LineageChangedDocument } from "@/gql/graphql";
import { follow } from "@/lib/graphql";
import type { Scene } from "./scene";

const STEPS = 2;

export function useLiveScene(scene: Scene | undefined, read: () => Promise<unknown>): { news: boolean; show: () => void } {
  const [stale, setStale] = useState<string>();
  const focus = scene?.focus;
  const version = scene?.version;

  useEffect(() => {
    if (focus === undefined) return undefined;
    const changed = (): void => setStale(version);
    return follow(
      LineageChangedDocument,
      { uid: focus, depth: STEPS },
      { told: ({ lineageChanged }) => lineageChanged.kind !== "RECONNECT" && changed(), missed: changed },
    );
  }, [focus, version]);

  const show = (): void => {
    setStale(undefined);
    void read();
  };
  return { news: stale !== undefined && stale === version, show };
}
