/** Keeps what is shown true: reads it anew when the server says that something changed. */
import { useEffect, useRef } from "react";
import { useQueryClient } from "@tanstack/react-query";
import type { QueryKey } from "@tanstack/react-query";
import { RunsChangedDocument } from "@/gql/graphql";
import { follow } from "./graphql";

/** Many runs that end together are one reading. */
const CALM_MILLISECONDS = 300;

/** Calls `changed` whenever runs of the project changed, and when notices may have been missed. */
export function useRunsChanged(project: string, changed: () => void): void {
  const last = useRef(changed);
  useEffect(() => {
    last.current = changed;
  });
  useEffect(() => {
    let timer: number | undefined;
    const told = (): void => {
      timer ??= window.setTimeout(() => {
        timer = undefined;
        last.current();
      }, CALM_MILLISECONDS);
    };
    const stop = follow(RunsChangedDocument, { project }, { told, missed: told });
    return () => {
      window.clearTimeout(timer);
      stop();
    };
  }, [project]);
}

/** Reads the queries under `key` anew whenever runs of the project changed. */
export function useLiveRuns(project: string, key: QueryKey): void {
  const queries = useQueryClient();
  useRunsChanged(project, () => void queries.invalidateQueries({ queryKey: key }));
}
