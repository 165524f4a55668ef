/** What is typed to find runs: words and conditions such as `m.loss<0.3 tag.team=a started>7d`. Pure. */
import type { Comparison, Operator, RunFilter, RunState, TagFilter } from "@/gql/graphql";
import type { RunsSearch } from "./runs-search";

const OPERATORS: Record<string, Operator> = { "=": "EQ", "!=": "NE", "<": "LT", "<=": "LE", ">": "GT", ">=": "GE", "~": "CONTAINS" };
const COMPARED = /^([mp])\.([^\s=!<>~]+)(!=|<=|>=|=|<|>|~)(.+)$/;
const TAGGED = /^tag\.([^\s=!<>~]+)(?:=(.*))?$/;
const STARTED = /^started([<>])=?(?:(\d{1,4})([hdw])|(\d{4}-\d\d-\d\d))$/;
const RAN = /^by=(.+)$/;
/** Of all runs those of whoever asks. */
export const MINE = "by=me";
const HOUR_MILLISECONDS = 3_600_000;
const HOURS: Record<string, number> = { h: 1, d: 24, w: 168 };

/** Spaces part them, but not those between quotes. */
function partsOf(text: string): string[] {
  const even = text.split('"').length % 2 === 1;
  return text.match(even ? /(?:[^\s"]|"[^"]*")+/g : /\S+/g) ?? [];
}

type Conditions = Pick<RunFilter, "text" | "metrics" | "params" | "tags" | "by" | "startedAfter" | "startedBefore">;

/** Conditions of metrics, parameters, tags, people and the time of the start; everything else is words. */
export function conditionsOf(text: string, now = new Date()): Conditions {
  const words: string[] = [];
  const metrics: Comparison[] = [];
  const params: Comparison[] = [];
  const tags: TagFilter[] = [];
  const by: string[] = [];
  const times: Pick<Conditions, "startedAfter" | "startedBefore"> = {};
  for (const part of partsOf(text)) {
    const [, of, key, op, value] = COMPARED.exec(part) ?? [];
    const tag = tagOf(part);
    const time = timeOf(part, now);
    if (key !== undefined && op !== undefined && value !== undefined) {
      (of === "m" ? metrics : params).push({ key, op: OPERATORS[op] ?? "EQ", value: plain(unquoted(value)) });
    } else if (tag) tags.push(tag);
    else if (time) Object.assign(times, time);
    else if (part === MINE) continue; // no part of the filter: see `askedOf`
    else if (RAN.test(part)) by.push(unquoted(part.slice("by=".length)));
    else words.push(part);
  }
  return { text: words.join(" "), metrics, params, ...(tags.length > 0 && { tags }), ...(by.length > 0 && { by }), ...times };
}

/** As it was logged: a number, a yes or no, else text. */
function plain(value: string): unknown {
  if (value === "true" || value === "false") return value === "true";
  return value.trim() !== "" && Number.isFinite(Number(value)) ? Number(value) : value;
}

const unquoted = (value: string): string => (/^".*"$/.test(value) ? value.slice(1, -1) : value);

function tagOf(part: string): TagFilter | undefined {
  const [, key, value] = TAGGED.exec(part) ?? [];
  if (key === undefined) return undefined;
  return value === undefined ? { key } : { key, value: unquoted(value) };
}

function timeOf(part: string, now: Date): Pick<Conditions, "startedAfter" | "startedBefore"> | undefined {
  const [, way, count, unit = "", day] = STARTED.exec(part) ?? [];
  if (way === undefined) return undefined;
  // Whole hours, so that it is the same question for a while; a day begins where the reader is.
  const hour = Math.floor(now.getTime() / HOUR_MILLISECONDS) * HOUR_MILLISECONDS;
  const at = count === undefined ? new Date(`${day}T00:00`) : new Date(hour - Number(count) * (HOURS[unit] ?? 1) * HOUR_MILLISECONDS);
  if (Number.isNaN(at.getTime())) return undefined;
  return { [way === ">" ? "startedAfter" : "startedBefore"]: at.toISOString() };
}

/** What of an address a question about runs depends on. */
export const askedOf = (search: RunsSearch): { filter: RunFilter; mine: boolean } => ({ filter: filterOf(search), mine: isMine(search.q) });

export const isMine = (q = ""): boolean => partsOf(q).includes(MINE);

export const withMine = (q: string, on: boolean): string => [...partsOf(q).filter((part) => part !== MINE), ...(on ? [MINE] : [])].join(" ");

export function filterOf({ q = "", states = [], job }: RunsSearch): RunFilter {
  return { ...conditionsOf(q), states: states as RunState[], ...(job === undefined ? {} : { jobs: [job] }) };
}

/** A tag as a condition. */
export function taggedAs(key: string, value: string): string {
  if (value === "") return `tag.${key}`;
  return `tag.${key}=${/\s/.test(value) ? `"${value}"` : value}`;
}

/** Somebody who ran runs as a condition; nobody is called as whoever asks. */
export const ranBy = (name: string): string => `by=${/\s/.test(name) || `by=${name}` === MINE ? `"${name}"` : name}`;

/** Tags that can be said as conditions: not those with quotes or signs of comparison in them. */
export const canBeSaid = (key: string, value: string): boolean => /^[^\s=!<>~"]+$/.test(key) && !value.includes('"');

export const peopleIn = (q: string): string[] => partsOf(q).filter((part) => RAN.test(part) && part !== MINE);
export const tagsIn = (q: string): string[] => partsOf(q).filter((part) => TAGGED.test(part));
export const ageIn = (q: string): string | undefined => partsOf(q).find((part) => STARTED.test(part) && part.includes(">"));

/** The text with other conditions of tags; words and other conditions stay in their order. */
export const withTags = (q: string, tags: readonly string[]): string => [...partsOf(q).filter((part) => !TAGGED.test(part)), ...tags].join(" ");

/** The text with other people; whoever asks stays. */
export const withPeople = (q: string, people: readonly string[]): string =>
  [...partsOf(q).filter((part) => part === MINE || !RAN.test(part)), ...people].join(" ");

/** The text with another beginning of the time, or none. */
export const withAge = (q: string, age: string | undefined): string =>
  [...partsOf(q).filter((part) => !STARTED.test(part)), ...(age === undefined ? [] : [age])].join(" ");
