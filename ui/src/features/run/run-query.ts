/** Questions about one run, each asked when its part is looked at. */
import { useEffect } from "react";
import { queryOptions, useQueryClient } from "@tanstack/react-query";
import { CodeDocument, PackagesDocument, RepeatsDocument, RunChangedDocument, RunDocument, SurroundingsDocument } from "@/gql/graphql";
import type { RunQuery, SurroundingsQuery } from "@/gql/graphql";
import { readAnew } from "@/lib/anew";
import { calmly } from "@/lib/calm";
import { ask, follow } from "@/lib/graphql";

export type Run = RunQuery["run"];
export type Link = Run["inputs"]["edges"][number]["node"];
export type Surroundings = SurroundingsQuery["run"];

const PACKAGES = 500;

export const runKey = (uid: string) => ["run", uid] as const;

export const runQuery = (uid: string) =>
  queryOptions({
    queryKey: [...runKey(uid), "facts"],
    queryFn: ({ signal }) => ask(RunDocument, { uid }, signal),
    select: ({ run }) => run,
  });

export const surroundingsQuery = (uid: string) =>
  queryOptions({
    queryKey: [...runKey(uid), "surroundings"],
    queryFn: ({ signal }) => ask(SurroundingsDocument, { uid }, signal),
    select: ({ run }) => run,
  });

export const repeatsQuery = (uid: string, project: string) =>
  queryOptions({
    queryKey: [...runKey(uid), "repeats"],
    queryFn: ({ signal }) => ask(RepeatsDocument, { of: uid, project }, signal),
    select: ({ repeats }) => repeats,
  });

export const codeQuery = (uid: string) =>
  queryOptions({
    queryKey: ["code", uid],
    queryFn: ({ signal }) => ask(CodeDocument, { uid }, signal),
    select: ({ node }) => ("diff" in node ? node : undefined),
  });

export const packagesQuery = (environment: string) =>
  queryOptions({
    queryKey: ["packages", environment],
    queryFn: ({ signal }) => ask(PackagesDocument, { environment, first: PACKAGES }, signal),
    select: ({ node }) => ("packages" in node ? node.packages : undefined),
  });

const CALM_MILLISECONDS = 500;

/** Reads a run anew when it changed, and when notices may have been missed. */
export function useLiveRun(uid: string): void {
  const queries = useQueryClient();
  useEffect(() => {
    const keys = [runKey(uid), ["histories", [uid]]];
    const read = () => Promise.all(keys.map((queryKey) => readAnew(queries, { queryKey })));
    const { told, stop } = calmly(read, CALM_MILLISECONDS);
    const leave = follow(RunChangedDocument, { uid }, told);
    return () => {
      stop();
      leave();
    };
  }, [uid, queries]);
}
