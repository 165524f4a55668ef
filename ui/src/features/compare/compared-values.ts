/** What values of a comparison are: versions by their uids, and when two are the same. */

export const isReference = (value: unknown): value is string => typeof value === "string" && value.startsWith("version:");

const DIGITS = 8;

/** `clean@6e9788bd` for `version:team-a/dataset/clean@sha256:6e9788bd…`. */
export function nameOfVersion(uid: string): string {
  const at = uid.lastIndexOf("@");
  const name = uid.slice(0, at).split("/").slice(2).join("/");
  const digest = uid.slice(at + 1).replace(/^\w+:/, "");
  return at > 0 && name ? `${name}@${digest.slice(0, DIGITS)}` : uid;
}

export const sameAs = (one: unknown, other: unknown): boolean =>
  one === other || (typeof one === "object" && JSON.stringify(one) === JSON.stringify(other));
