/** What was done to a model in words, and how things stood before and after. Pure. */
import { named } from "@/lib/named";
import { versionApart } from "@/lib/version-apart";
import type { MessageId, Values } from "@/lib/words";
import type { Activity } from "./model-query";

export interface Sentence {
  id: MessageId;
  values: Values;
}

/** What it was: `name` of the version or alias that it was done to. Undefined for what has no words here. */
export function sentenceOf(deed: Activity): Sentence | undefined {
  const target = targetOf(deed.target);
  const values = { ...target, version: named(deed.version || target.version), alias: named(deed.alias) };
  const id = wordsFor(deed);
  return id && { id, values: ABOUT_ALIAS.has(id) ? { ...values, of: deed.alias ? "alias" : "other" } : values };
}

const PLAIN = new Set(["registerModel", "updateModel", "createModelVersion", "updateModelVersion", "deleteAlias", "requestApproval", "setTags", "setDescription", "deleteNode", "restoreNode", "eraseNode"] as const);
const ABOUT_ALIAS: ReadonlySet<MessageId> = new Set(["deed.requestApproval", "deed.approved", "deed.rejected", "deed.withdrawn"] as const);

function wordsFor({ action, before, after }: Activity): MessageId | undefined {
  const [was, is] = [picture(before), picture(after)];
  switch (action) {
    case "setAlias":
      return was["version"] ? "deed.setAlias" : "deed.setAlias.new";
    case "setProtection":
      return is["protected"] === false ? "deed.unprotected" : "deed.protected";
    case "setHold":
      return is["hold"] === false ? "deed.released" : "deed.held";
    case "setModelState":
      if (is["state"] === "archived") return "deed.archived";
      return is["state"] === "ready" && was["state"] === "archived" ? "deed.ready" : "deed.state";
    case "decideApproval": {
      const verdict = is["verdict"];
      return verdict === "approved" || verdict === "rejected" || verdict === "withdrawn" ? `deed.${verdict}` : undefined;
    }
    default:
      return isPlain(action) ? `deed.${action}` : undefined;
  }
}

type Plain = typeof PLAIN extends Set<infer One> ? One : never;
const isPlain = (action: string): action is Plain => (PLAIN as ReadonlySet<string>).has(action);

/** "version", "alias" or "other", which is the model itself. */
function targetOf(uid: string): { of: string; name: string; version: string } {
  const { v = "" } = versionApart(uid);
  if (uid.startsWith("modelversion:")) return { of: "version", name: named(v), version: v };
  return uid.startsWith("alias:") ? { of: "alias", name: named(v), version: "" } : { of: "other", name: "", version: "" };
}

/** `name`: words for it, or as it was told; `word` in place of a `text`. `uid`: of a thing with a page of its own. */
export interface Fact {
  name: MessageId | { told: string };
  value: { word: MessageId } | { text: string } | { number: number } | { uid: string };
}

const NAMES = {
  version: "model.version",
  state: "runs.state",
  hold: "deed.fact.held",
  deleted: "deed.fact.deleted",
  erased: "deed.fact.erased",
  override: "deed.fact.override",
  protected: "deed.fact.protected",
  approval: "deed.fact.approval",
  movers: "aliases.movers",
  approvers: "aliases.approvers",
  title: "deed.fact.title",
  owner: "models.owner",
  description: "run.description",
  card: "model.card",
  signature: "deed.fact.signature",
  origin: "deed.fact.origin",
  uri: "version.uri",
  run: "version.producer",
} as const satisfies Record<string, MessageId>;
/** Tags and metrics: each has a name of its own. */
const NESTED = new Set(["tags", "metrics"]);
/** What the sentence says already. */
const SAID = new Set(["verdict", "alias", "comment", "request"]);
const STATES = { ready: "state.ready", pending: "state.pending", failed: "state.failed", archived: "state.archived" } as const;
/** In place of a text that is too long to be kept twice. */
const LEFT_OUT = "…";

/** How things stood, without what stayed as it was. */
export function factsOf({ action, before, after }: Activity, side: "before" | "after"): Fact[] {
  const [own, other] = side === "before" ? [before, after] : [after, before];
  const [here, there] = [picture(own), picture(other)];
  const changed = Object.entries(here).filter(([key, value]) => value === LEFT_OUT || !(key in there) || JSON.stringify(there[key]) !== JSON.stringify(value));
  if (action === "setTags") return changed.map(([key, value]) => asTold(key, value));
  return changed.flatMap(([key, value]) => factFor(key, value, side === "before"));
}

function factFor(key: string, value: unknown, before: boolean): Fact[] {
  if (SAID.has(key) || (Array.isArray(value) && value.length === 0)) return [];
  if (NESTED.has(key)) return Object.entries(picture(value)).map(([name, one]) => asTold(name, one));
  const name = isNamed(key) ? NAMES[key] : undefined;
  if (!name) return [asTold(key, value)];
  if (value === LEFT_OUT) return before ? [] : [{ name, value: { word: "deed.fact.new" } }];
  if (typeof value === "boolean") return [{ name, value: { word: value ? "deed.fact.yes" : "deed.fact.no" } }];
  if (key === "state" && typeof value === "string" && value in STATES) return [{ name, value: { word: STATES[value as keyof typeof STATES] } }];
  if (key === "origin" && typeof value === "string") return [{ name, value: { uid: value } }];
  return [{ ...asTold(key, value), name }];
}

const isNamed = (key: string): key is keyof typeof NAMES => Object.hasOwn(NAMES, key);

function asTold(key: string, value: unknown): Fact {
  const name = { told: key };
  if (value === null || value === undefined || value === "") return { name, value: { word: "deed.fact.none" } };
  if (typeof value === "number") return { name, value: { number: value } };
  if (Array.isArray(value)) return { name, value: { text: value.map(String).join(", ") } };
  return { name, value: { text: typeof value === "string" ? value : JSON.stringify(value) } };
}

function picture(value: unknown): Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : {};
}
