/** Statistics of a table as clients tell them. Whatever is not as expected is left out, not trusted. */

export interface ColumnStats {
  nulls?: number | string;
  distinct?: number | string;
  min?: number | string;
  mean?: number | string;
  max?: number | string;
  counts?: number[];
}

export interface Stats {
  columns: Map<string, ColumnStats>;
  /** what was told of the whole */
  facts: [name: string, value: number | string][];
}

const FIGURES = ["nulls", "distinct", "min", "mean", "max"] as const;

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const isFigure = (value: unknown): value is number | string => typeof value === "number" || typeof value === "string";

export function statsOf(told: unknown): Stats {
  const whole = isObject(told) ? told : {};
  const columns = isObject(whole["columns"]) ? whole["columns"] : {};
  const facts = Object.entries(whole).filter((fact): fact is [string, number | string] => isFigure(fact[1]));
  return { columns: new Map(Object.entries(columns).map(([name, one]) => [name, columnOf(one)])), facts };
}

function columnOf(told: unknown): ColumnStats {
  if (!isObject(told)) return {};
  const found: ColumnStats = {};
  for (const key of FIGURES) {
    const value = told[key];
    if (isFigure(value)) found[key] = value;
  }
  const counts = isObject(told["histogram"]) ? told["histogram"]["counts"] : undefined;
  if (Array.isArray(counts) && counts.every((one) => typeof one === "number")) found.counts = counts;
  return found;
}
