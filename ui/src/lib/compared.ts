/** Runs as an address of a comparison names them. */
export const MOST_COMPARED = 200;

export const comparedRuns = (uids: Iterable<string>): string => [...uids].map((uid) => uid.replace(/^run:/, "")).join(".");
