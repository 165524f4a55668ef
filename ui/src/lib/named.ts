/** Names within sentences. Pure. */

/** Longer names are cut in the middle: both ends tell names apart. */
const LONGEST = 60;

/** A name within a sentence: of a length to read, and in a direction of its own. */
export function named(text: string): string {
  const letters = [...text];
  const half = Math.floor(LONGEST / 2);
  const shown = letters.length > LONGEST ? [...letters.slice(0, half), "…", ...letters.slice(-half)].join("") : text;
  // Signs that turn the direction of text would end what holds them in.
  return `\u2068${shown.replaceAll(/[\u202a-\u202e\u2066-\u2069]/g, "")}\u2069`;
}
