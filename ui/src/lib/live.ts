/** Keeps what is shown true: reads it anew when the server says that something changed. */
import { useEffect } from "react";
import { useQueryClient } from "@tanstack/react-query";
import type { QueryKey } from "@tanstack/react-query";
import { RunsChangedDocument } from "@/gql/graphql";
import { follow } from "./graphql";

/** Many runs that end together are one reading. */
const CALM_MILLISECONDS = 300;

/** Reads the queries under `key` anew whenever runs of the project changed. */
export function useLiveRuns(project: string, key: QueryKey): void {
  const queries = useQueryClient();
  const name = JSON.stringify(key);
  useEffect(() => {
    let timer: number | undefined;
    const changed = (): void => {
      timer ??= window.setTimeout(() => {
        timer = undefined;
        void queries.invalidateQueries({ queryKey: JSON.parse(name) as QueryKey });
      }, CALM_MILLISECONDS);
    };
    const stop = follow(RunsChangedDocument, { project }, { told: changed, missed: changed });
    return () => {
      window.clearTimeout(timer);
      stop();
    };
  }, [project, name, queries]);
}
