/** Each notification as one sentence, and the place where one acts on it. Pure. */
import type { IconName } from "@/components/icon";
import { named } from "@/lib/named";
import type { MessageId, Values } from "@/lib/words";
import type { Item } from "./news-query";

/** "churn" of `model:default/churn`, "churn" of `job:default/script/churn`. */
const nameIn = (uid: string): string => uid.slice(uid.indexOf("/") + 1);
const versionIn = (uid: string): string => uid.slice(uid.lastIndexOf("@") + 1);
const jobIn = (uid: string): string => nameIn(nameIn(uid));
/** Where nobody signs in, whoever it was bears this name. */
const NOBODY = ["", "local/local"];

export interface Sentence {
  id: MessageId;
  values: Values;
  icon: IconName;
}

/** Where it is not known who it was, nothing is said of them. */
export function sentenceOf(item: Item): Sentence {
  const model = named(nameIn(item.model));
  const version = named(item.version ? versionIn(item.version) : item.before);
  const alias = named(item.alias);
  const known = !NOBODY.includes(item.by);
  const by = { who: known ? "somebody" : "nobody", by: known ? named(nameIn(item.by)) : "" };
  const name = named(item.name);
  switch (item.kind) {
    case "APPROVAL_WAITING":
    case "APPROVED":
    case "REJECTED": {
      const what = { APPROVAL_WAITING: "waiting", APPROVED: "approved", REJECTED: "rejected" } as const;
      const icons = { APPROVAL_WAITING: "person", APPROVED: "check", REJECTED: "cross" } as const;
      const id = `news.${what[item.kind]}${item.alias ? ".alias" : ""}` as const;
      return { id, icon: icons[item.kind], values: item.alias ? { ...by, model, version, alias } : { ...by, model, version } };
    }
    case "RUN_FAILED":
      if (item.times === 1) return { id: "news.failed", icon: "warning", values: { name } };
      return { id: "news.failed.job", icon: "warning", values: { name, job: named(jobIn(item.job)), count: item.times } };
    case "ALIAS_MOVED":
      if (!item.version) return { id: "news.unset", icon: "model", values: { ...by, alias, model, version } };
      if (!item.before) return { id: "news.set", icon: "model", values: { ...by, alias, model, version } };
      return { id: "news.moved", icon: "model", values: { ...by, alias, model, version, before: named(item.before) } };
    case "EVENTS_REFUSED":
      return { id: "news.refused", icon: "warning", values: { count: item.times } };
    case "DELIVERIES_FAILED":
      return { id: "news.undelivered", icon: "warning", values: { name, count: item.times } };
  }
}

export type NewsPlace =
  | { to: "/p/$project/runs/$uid"; params: { project: string; uid: string } }
  | { to: "/p/$project/model"; params: { project: string }; search: { of: string; view: "approvals" | "aliases" } }
  | { to: "/p/$project/admin"; params: { project: string }; search: { view: "refused" } }
  | { to: "/p/$project/settings"; params: { project: string }; search: { view: "webhooks"; hook: string } };

/** `here`: the project one looks at, for what belongs to none. */
export function placeOfNews(item: Item, here: string): NewsPlace {
  const params = { project: item.project || here };
  switch (item.kind) {
    case "RUN_FAILED":
      return { to: "/p/$project/runs/$uid", params: { ...params, uid: item.uid } };
    case "APPROVAL_WAITING":
    case "REJECTED":
      return { to: "/p/$project/model", params, search: { of: item.model, view: "approvals" } };
    case "APPROVED": // the alias may be moved now
    case "ALIAS_MOVED":
      return { to: "/p/$project/model", params, search: { of: item.model, view: item.alias ? "aliases" : "approvals" } };
    case "EVENTS_REFUSED":
      return { to: "/p/$project/admin", params, search: { view: "refused" } };
    case "DELIVERIES_FAILED":
      return { to: "/p/$project/settings", params, search: { view: "webhooks", hook: item.uid } };
  }
}
