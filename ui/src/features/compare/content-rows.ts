/** Inputs and outputs of compared runs that are other versions in each. Pure. */
import type { ComparedRow } from "./compare-query";
import { isReference } from "./compared-values";

export interface VersionChoice {
  uid: string;
  /** places of the runs that have it */
  runs: readonly number[];
}

export interface VersionRow {
  key: string;
  part: string;
  name: string;
  /** at least two */
  choices: readonly [VersionChoice, VersionChoice, ...VersionChoice[]];
}

export function versionRows(rows: readonly Pick<ComparedRow, "part" | "name" | "values">[]): VersionRow[] {
  return rows.flatMap(({ part, name, values }) => {
    const found = new Map<string, number[]>();
    values.forEach((value, at) => {
      for (const one of Array.isArray(value) ? (value as unknown[]) : [value]) {
        if (isReference(one)) found.set(one, [...(found.get(one) ?? []), at]);
      }
    });
    const [first, second, ...rest] = [...found].map(([uid, runs]): VersionChoice => ({ uid, runs }));
    return first && second ? [{ key: `${part} ${name}`, part, name, choices: [first, second, ...rest] }] : [];
  });
}

/** The two that an address names, else the first two; never one beside itself. */
export function chosenPair({ choices }: VersionRow, { a, b }: { a?: string; b?: string }): { a: VersionChoice; b: VersionChoice } {
  const one = choices.find(({ uid }) => uid === a) ?? choices.find(({ uid }) => uid !== b) ?? choices[0];
  const other = choices.find((choice) => choice.uid === b && choice !== one) ?? choices.find((choice) => choice !== one) ?? choices[1];
  return { a: one, b: other };
}
