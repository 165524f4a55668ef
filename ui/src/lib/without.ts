/** A copy that lacks some keys; of an address, what is no longer said. */
export function without<T extends object, K extends keyof T>(told: T, ...keys: K[]): Omit<T, K> {
  const rest = { ...told };
  for (const key of keys) delete rest[key];
  return rest;
}
