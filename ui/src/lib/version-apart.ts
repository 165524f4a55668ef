/** What stands before the last `@` of a reference, and the version that is named after it, if any is. */
export function versionApart(reference: string): { of: string; v?: string } {
  const at = reference.lastIndexOf("@");
  return at < 0 ? { of: reference } : { of: reference.slice(0, at), ...(at + 1 < reference.length && { v: reference.slice(at + 1) }) };
}
