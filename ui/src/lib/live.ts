/** Keeps what is shown true: reads it anew when the server says that something changed. */
import { useEffect, useRef } from "react";
import { useQueryClient } from "@tanstack/react-query";
import type { QueryKey } from "@tanstack/react-query";
import { ArtifactsChangedDocument, ModelsChangedDocument, RunsChangedDocument } from "@/gql/graphql";
import type { TypedDocumentString } from "@/gql/graphql";
import { readAnew } from "./anew";
import { calmly } from "./calm";
import { follow } from "./graphql";

/** Much that changes together is one reading. */
const CALM_MILLISECONDS = 300;

type OfProject = TypedDocumentString<unknown, { project: string; resync?: boolean }>;

/** Calls `changed` whenever the server says so of the project, and when notices may have been missed; not again before
 * what it returns has ended. */
function useChanged(document: OfProject, project: string, changed: () => unknown): void {
  const last = useRef(changed);
  useEffect(() => {
    last.current = changed;
  });
  useEffect(() => {
    const { told, stop } = calmly(() => last.current(), CALM_MILLISECONDS);
    const leave = follow(document, { project }, told);
    return () => {
      stop();
      leave();
    };
  }, [document, project]);
}

/** Calls `changed` whenever runs of the project changed, as above. */
export function useRunsChanged(project: string, changed: () => unknown): void {
  useChanged(RunsChangedDocument, project, changed);
}

/** The same of its models, their versions, aliases and approvals. */
export function useModelsChanged(project: string, changed: () => unknown): void {
  useChanged(ModelsChangedDocument, project, changed);
}

/** The same of its artifacts, their versions and who uses them. */
export function useArtifactsChanged(project: string, changed: () => unknown): void {
  useChanged(ArtifactsChangedDocument, project, changed);
}

/** Reads the queries under `key` anew whenever runs of the project changed. */
export function useLiveRuns(project: string, key: QueryKey): void {
  const queries = useQueryClient();
  useRunsChanged(project, () => readAnew(queries, { queryKey: key }));
}
