/** A command as one would type it into a shell. */
const PLAIN = /^[\w@%+=:,./-]+$/;

export const commandOf = (argv: readonly string[]): string =>
  argv.map((part) => (PLAIN.test(part) ? part : `'${part.replaceAll("'", `'\\''`)}'`)).join(" ");
