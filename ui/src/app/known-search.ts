/** What pages may be told by their addresses: nothing but what their own function of it lets through. What it does
 * not let through is told of, so that nobody takes what the page shows for what the address asks for. */

type Told = Record<string, unknown>;

/** What is as good as not said. */
const USUAL = new Map<string, readonly unknown[]>([
  ["sort", ["-started"]],
  ["tab", ["overview", "table", "graph"]],
  ["view", ["VERSION"]],
  ["group", ["JOB"]],
  ["axis", ["step"]],
  ["smooth", [0]],
  ["up", [1]],
  ["down", [1]],
]);
const MOST = 20;
const LONGEST = 100;

/** The same function, for the router: it hands on whatever stands in the address and is not overruled, also
 * what the function left out because it makes no sense there, or is dangerous. */
export function knownSearch<T extends object>(read: (told: Told) => T): (told: Told) => T {
  return (told) => ({ ...Object.fromEntries(Object.keys(told).map((key) => [key, undefined])), ...read(told) });
}

/** The same, with what was left out under `ignored`: see `Ignored`. */
export function toldSearch<T extends object>(read: (told: Told) => T): (told: Told) => T {
  const known = knownSearch(read);
  return (told) => {
    const found = known(told);
    const ignored = [...new Set([...ignoredIn(told).map(cut), ...leftOut(told, found as Told)])].slice(0, MOST);
    return ignored.length > 0 ? { ...found, ignored } : found;
  };
}

/** What an address says that its page did not know, as `key=value`. */
export function ignoredIn({ ignored }: Told): string[] {
  return Array.isArray(ignored) ? ignored.filter((one): one is string => typeof one === "string" && one !== "") : [];
}

function leftOut(told: Told, found: Told): string[] {
  return Object.entries(told)
    .filter(([key, value]) => key !== "ignored" && !isNothing(value) && !USUAL.get(key)?.includes(value))
    .flatMap(([key, value]) => {
      const kept = found[key] ?? [];
      if (Array.isArray(value) && Array.isArray(kept)) return value.filter((one) => !kept.includes(one)).map((one) => said(key, one));
      return found[key] === undefined ? [said(key, value)] : [];
    });
}

const isNothing = (value: unknown): boolean =>
  value === undefined || value === null || value === "" || value === false || (Array.isArray(value) && value.length === 0);

const said = (key: string, value: unknown): string => cut(`${key}=${typeof value === "string" ? value : JSON.stringify(value)}`);

/** Not within a sign of two units. */
const cut = (text: string): string => text.slice(0, LONGEST).replace(/[\ud800-\udbff]$/, "");
