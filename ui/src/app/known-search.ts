/** What pages may be told by their addresses: nothing but what their own function of it lets through. */

type Told = Record<string, unknown>;

/** The same function, for the router: it hands on whatever stands in the address and is not overruled, also
 * what the function left out because it makes no sense there, or is dangerous. */
export function knownSearch<T extends object>(read: (told: Told) => T): (told: Told) => T {
  return (told) => ({ ...Object.fromEntries(Object.keys(told).map((key) => [key, undefined])), ...read(told) });
}
