/** Metrics of versions side by side. Pure. */

interface Measured {
  version: string;
  metrics: readonly { key: string; value: number | string }[];
}

export interface FigureRow {
  key: string;
  /** in the order of the versions; undefined where it was not measured */
  values: (number | string | undefined)[];
  /** least and greatest where the versions differ */
  least?: number;
  greatest?: number;
}

export function figureRows(versions: readonly Measured[]): FigureRow[] {
  const keys = new Set(versions.flatMap(({ metrics }) => metrics.map(({ key }) => key)));
  return [...keys].toSorted().map((key) => {
    const values = versions.map(({ metrics }) => metrics.find((one) => one.key === key)?.value);
    const numbers = values.filter((one): one is number => typeof one === "number");
    const [least, greatest] = [Math.min(...numbers), Math.max(...numbers)];
    return numbers.length > 1 && least !== greatest ? { key, values, least, greatest } : { key, values };
  });
}

/** Names that a person typed, apart by commas or blanks. */
export function namesIn(text: string): string[] {
  return [...new Set(text.split(/[\s,]+/).filter(Boolean))];
}

interface Approval {
  uid: string;
  alias: string;
  state: string;
  version: string;
}

/** The approval with which a version may become an alias: it holds for this one alias. */
export function approvalFor(approvals: readonly Approval[], version: string, alias: string): string | undefined {
  const fits = (one: Approval): boolean => one.state.toLowerCase() === "approved" && one.version === version && one.alias === alias;
  return approvals.find(fits)?.uid;
}
