/** Tables that are known for what they are: a confusion matrix, a curve of rates. */
import type { Table } from "@/lib/preview";

export interface Confusion {
  classes: readonly string[];
  /** rows are what it was, columns what it was taken for */
  counts: readonly (readonly number[])[];
}

export interface RateCurve {
  kind: "roc" | "pr";
  x: readonly number[];
  y: readonly number[];
  /** below the curve, of one */
  area: number;
}

const ACTUAL = ["actual", "true", "label", "truth", "target", "y_true"];
const PREDICTED = ["predicted", "prediction", "pred", "y_pred"];
const COUNTS = ["count", "n", "value", "counts", "total"];
const MOST_CLASSES = 60;

const place = ({ columns }: Table, names: readonly string[]): number =>
  columns.findIndex(({ name }) => names.includes(name.trim().toLowerCase().replaceAll(/[\s-]+/g, "_")));

const numberIn = (value: unknown): number => (typeof value === "number" ? value : Number.parseFloat(String(value)));

/** Told as a row for each pair, or as a square with the classes as its columns and in its first one. */
export function confusionOf(table: Table): Confusion | null {
  return pairs(table) ?? square(table);
}

function pairs(table: Table): Confusion | null {
  const [actual, predicted, count] = [place(table, ACTUAL), place(table, PREDICTED), place(table, COUNTS)];
  if (actual < 0 || predicted < 0 || count < 0) return null;
  const classes = [...new Set(table.rows.flatMap((row) => [String(row[actual]), String(row[predicted])]))];
  if (classes.length < 2 || classes.length > MOST_CLASSES) return null;
  const at = new Map(classes.map((name, index) => [name, index]));
  const counts = classes.map(() => classes.map(() => 0));
  for (const row of table.rows) {
    const line = counts[at.get(String(row[actual])) ?? 0];
    const column = at.get(String(row[predicted])) ?? 0;
    if (line) line[column] = (line[column] ?? 0) + numberIn(row[count]);
  }
  return { classes, counts };
}

function square({ columns, rows }: Table): Confusion | null {
  const classes = columns.slice(1).map(({ name }) => name);
  const first = rows.map((row) => String(row[0]));
  if (classes.length < 2 || classes.length > MOST_CLASSES || first.length !== classes.length) return null;
  if (!first.every((name, at) => name === classes[at])) return null;
  const counts = rows.map((row) => row.slice(1).map(numberIn));
  return counts.every((line) => line.every((one) => Number.isFinite(one) && one >= 0)) ? { classes, counts } : null;
}

const FALSE_RATE = ["fpr", "false_positive_rate"];
const TRUE_RATE = ["tpr", "true_positive_rate"];

/** A ROC curve or one of precision and recall, by the names of its columns. */
export function rateCurveOf(table: Table): RateCurve | null {
  return (
    curve(table, "roc", place(table, FALSE_RATE), place(table, TRUE_RATE)) ??
    curve(table, "pr", place(table, ["recall"]), place(table, ["precision"]))
  );
}

function curve({ rows }: Table, kind: RateCurve["kind"], atX: number, atY: number): RateCurve | null {
  if (atX < 0 || atY < 0) return null;
  const points = rows
    .map((row) => [numberIn(row[atX]), numberIn(row[atY])] as const)
    .filter(([x, y]) => x >= 0 && x <= 1 && y >= 0 && y <= 1)
    .toSorted((a, b) => a[0] - b[0] || (kind === "roc" ? a[1] - b[1] : b[1] - a[1]));
  if (points.length < 2) return null;
  const area = points.reduce((sum, [x, y], at) => {
    const before = points[at - 1];
    return before ? sum + ((x - before[0]) * (y + before[1])) / 2 : sum;
  }, 0);
  return { kind, x: points.map(([x]) => x), y: points.map(([, y]) => y), area };
}
