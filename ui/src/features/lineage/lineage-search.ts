/** What of a lineage stands in its address: a link shows the same to whoever opens it. */
import type { Spots } from "./spots";

export const MOST_STEPS = 10;

const TABS = ["outline", "causes", "impact"] as const;
export type Tab = (typeof TABS)[number];

export const GROUPS = ["JOB", "KIND", "NONE"] as const;
export type Group = (typeof GROUPS)[number];

export interface LineageSearch {
  /** uid, a reference such as `model:churn@prod`, or a selector such as `+model:churn@prod+2` */
  focus?: string;
  /** artifact steps on each side; 1 where nothing is said */
  up?: number;
  down?: number;
  /** the box that is looked at */
  at?: string;
  /** the other end of a path from it */
  to?: string;
  /** boxes that were opened further: a side and a uid each, `<` is upstream, `<<<` three steps of it */
  more?: string[];
  /** uids that stay in the picture, wherever one looks from */
  pin?: string[];
  /** where these stand: so far right of the focus, and below it */
  spot?: Spots;
  /** boxes that are taken out of it */
  hide?: string[];
  /** only these are shown; nothing is: all */
  kinds?: string[];
  states?: string[];
  projects?: string[];
  /** how long ago it was */
  times?: string[];
  /** each as `key=value` */
  tags?: string[];
  tab?: Tab;
  view?: "LOGICAL";
  /** by what like siblings fold; nothing: by job, `NONE`: they stand one by one */
  group?: Group;
  /** the metric of which a stack tells the best: the highest, or with `-` before its name the lowest */
  best?: string;
  /** as it was then */
  asOf?: string;
  /** beside which it is laid: another version, or another time */
  vs?: string;
}

const TIME = /^\d{4}-\d\d-\d\dT[\d:.]+Z$/;

/** Beside this one lays what was. */
export const NOW = "now";

/** Whether what a picture is laid beside is a time, not a version. */
export const isTime = (text: string): boolean => text === NOW || (TIME.test(text) && !Number.isNaN(Date.parse(text)));

export function lineageSearch(told: Record<string, unknown>): LineageSearch {
  const steps = (value: unknown): number | undefined =>
    typeof value === "number" && Number.isInteger(value) && value >= 0 && value <= MOST_STEPS && value !== 1 ? value : undefined;
  const text = (value: unknown): string | undefined => (typeof value === "string" && value !== "" ? value : undefined);
  const texts = (value: unknown, shape = /./): string[] | undefined => {
    const all = Array.isArray(value) ? value.filter((one): one is string => typeof one === "string" && shape.test(one)) : [];
    return all.length ? [...new Set(all)] : undefined;
  };
  const asOf = text(told["asOf"]);
  return defined({
    focus: text(told["focus"]),
    up: steps(told["up"]),
    down: steps(told["down"]),
    at: text(told["at"]),
    to: text(told["to"]),
    more: texts(told["more"], /^(?:<{1,10}|>{1,10})[a-z]+:./),
    pin: texts(told["pin"], /^[a-z]+:./),
    spot: spots(told["spot"]),
    hide: texts(told["hide"]),
    kinds: texts(told["kinds"]),
    states: texts(told["states"]),
    projects: texts(told["projects"]),
    times: texts(told["times"], /^(day|week|month|older)$/),
    tags: texts(told["tags"]),
    tab: TABS.find((one) => one === told["tab"]),
    view: told["view"] === "LOGICAL" ? ("LOGICAL" as const) : undefined,
    group: GROUPS.find((one) => one !== "JOB" && one === told["group"]),
    best: text(told["best"]),
    asOf: asOf !== undefined && isTime(asOf) && asOf !== NOW ? asOf : undefined,
    vs: text(told["vs"]),
  });
}

function spots(told: unknown): Spots | undefined {
  if (typeof told !== "object" || told === null || Array.isArray(told)) return undefined;
  const good = Object.entries(told).filter(
    (one): one is [string, [number, number]] => Array.isArray(one[1]) && one[1].length === 2 && one[1].every((far) => Number.isFinite(far)),
  );
  return good.length > 0 ? Object.fromEntries(good) : undefined;
}

type Defined<T> = { [K in keyof T]?: Exclude<T[K], undefined> };

/** Without what is not said, so that it is not in the address either. */
function defined<T extends object>(all: T): Defined<T> {
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined)) as Defined<T>;
}
