/** What of a lineage stands in its address: a link shows the same to whoever opens it. */
export const MOST_STEPS = 10;

export interface LineageSearch {
  /** uid, or a reference such as `model:churn@prod` */
  focus?: string;
  /** artifact steps on each side; 1 where nothing is said */
  up?: number;
  down?: number;
  /** the box that is looked at */
  at?: string;
  /** boxes that were opened further: a side and a uid each, `<` is upstream */
  more?: string[];
  tab?: "outline";
  view?: "LOGICAL";
  /** like siblings one by one */
  group?: "NONE";
}

export function lineageSearch(told: Record<string, unknown>): LineageSearch {
  const steps = (value: unknown): number | undefined =>
    typeof value === "number" && Number.isInteger(value) && value >= 0 && value <= MOST_STEPS && value !== 1 ? value : undefined;
  const text = (value: unknown): string | undefined => (typeof value === "string" && value !== "" ? value : undefined);
  const more = Array.isArray(told["more"]) ? told["more"].filter((one) => typeof one === "string" && /^[<>]./.test(one)) : [];
  return defined({
    focus: text(told["focus"]),
    up: steps(told["up"]),
    down: steps(told["down"]),
    at: text(told["at"]),
    more: more.length ? (more as string[]) : undefined,
    tab: told["tab"] === "outline" ? ("outline" as const) : undefined,
    view: told["view"] === "LOGICAL" ? ("LOGICAL" as const) : undefined,
    group: told["group"] === "NONE" ? ("NONE" as const) : undefined,
  });
}

type Defined<T> = { [K in keyof T]?: Exclude<T[K], undefined> };

/** Without what is not said, so that it is not in the address either. */
function defined<T extends object>(all: T): Defined<T> {
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined)) as Defined<T>;
}
