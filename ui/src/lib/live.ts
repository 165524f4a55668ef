/** Keeps what is shown true: reads it anew when the server says that something changed. */
import { useEffect, useRef } from "react";
import { useQueryClient } from "@tanstack/react-query";
import type { QueryKey } from "@tanstack/react-query";
import { RunsChangedDocument } from "@/gql/graphql";
import { calmly } from "./calm";
import { follow } from "./graphql";

/** Many runs that end together are one reading. */
const CALM_MILLISECONDS = 300;

/** Calls `changed` whenever runs of the project changed, and when notices may have been missed; not again before what
 * it returns has ended. */
export function useRunsChanged(project: string, changed: () => unknown): void {
  const last = useRef(changed);
  useEffect(() => {
    last.current = changed;
  });
  useEffect(() => {
    const { told, stop } = calmly(() => last.current(), CALM_MILLISECONDS);
    const leave = follow(RunsChangedDocument, { project }, { told, missed: told });
    return () => {
      stop();
      leave();
    };
  }, [project]);
}

/** Reads the queries under `key` anew whenever runs of the project changed. */
export function useLiveRuns(project: string, key: QueryKey): void {
  const queries = useQueryClient();
  useRunsChanged(project, () => queries.invalidateQueries({ queryKey: key }));
}
