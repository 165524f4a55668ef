/** Which model an address names, and which version of it: by uid, or as people refer to it elsewhere. */
import { NodesDocument } from "@/gql/graphql";
import { ask } from "@/lib/graphql";
import { versionApart } from "@/lib/version-apart";

export interface Meant {
  uid: string;
  /** the version or alias that is named with it */
  v?: string;
}

/** What `model:team/churn`, `team/model:churn@prod`, `model:churn@3` or `churn` may mean, the likeliest first: names
 * may have `/` and `@` of their own. */
export function modelsNamed(told: string, project: string): [Meant, ...Meant[]] {
  const [, owner = project, name = told] = /^(?:([^/:]+)\/)?model:(.+)$/.exec(told) ?? [];
  const [whole, ...apart] = named(`model:${owner}/${name}`);
  const referred: [Meant, ...Meant[]] = apart[0] ? [apart[0], whole] : [whole];
  if (!/^model:.*\//.test(told)) return referred;
  return told.startsWith(`model:${project}/`) ? named(told) : [...named(told), ...referred];
}

function named(uid: string): [Meant, ...Meant[]] {
  const { of, ...rest } = versionApart(uid);
  return of === uid ? [{ uid }] : [{ uid }, { uid: of, ...rest }];
}

/** The first of them that is there; else the likeliest, of which the server tells that it is not. */
export async function modelMeant(told: string, project: string, signal: AbortSignal): Promise<Meant> {
  const [likeliest, ...others] = modelsNamed(told, project);
  if (others.length === 0) return likeliest;
  const { nodes } = await ask(NodesDocument, { uids: [likeliest, ...others].map(({ uid }) => uid), project }, signal);
  const there = new Set(nodes.map((one) => one?.uid));
  return [likeliest, ...others].find(({ uid }) => there.has(uid)) ?? likeliest;
}

/** The version that is called so: an alias is what it points to, if it does; nothing is the newest. */
export function versionCalled(aliases: readonly { name: string; version: string }[], v: string | undefined): string | undefined {
  return v === "latest" ? undefined : (aliases.find(({ name }) => name === v)?.version || v);
}
