/** What the versions of a comparison are called: by their numbers, which are asked for as they come into sight. */
import { useCallback, useEffect, useState } from "react";
import { NodesDocument } from "@/gql/graphql";
import { ask } from "@/lib/graphql";
import { isReference, nameOfVersion } from "./compared-values";

/** As many as the server tells of at once. */
const MOST_ASKED = 500;
const NONE: ReadonlyMap<string, string> = new Map();

/** References in these values, each once. */
export const referencesIn = (values: readonly unknown[]): string[] => [...new Set(values.flat().filter(isReference))];

/** The name of a version; until its number is known, or where it cannot be, with the first digits of its digest. */
export function useVersionNames(project: string, uids: readonly string[]): (uid: string) => string {
  const [names, setNames] = useState(NONE);
  const asked = uids.filter((uid) => !names.has(uid)).slice(0, MOST_ASKED).join("\n");
  useEffect(() => {
    if (!asked) return undefined;
    const gone = new AbortController();
    const wanted = asked.split("\n");
    ask(NodesDocument, { project, uids: wanted }, gone.signal).then(
      ({ nodes }) => setNames((before) => new Map([...before, ...wanted.map((uid, at) => [uid, named(uid, nodes[at])] as const)])),
      () => undefined, // digests name them too
    );
    return () => gone.abort();
  }, [project, asked]);
  return useCallback((uid: string): string => names.get(uid) ?? nameOfVersion(uid), [names]);
}

function named(uid: string, node: { name: string; ordinal?: number | null } | null | undefined): string {
  return node?.ordinal == null ? nameOfVersion(uid) : `${node.name}@${node.ordinal}`;
}
