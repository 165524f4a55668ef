/** What goes into a model and comes out of it, of a signature that is whatever somebody registered. Pure. */

export interface SignatureColumn {
  name: string;
  type: string;
  nullable: boolean;
  /** of the first row of the example, where it has one */
  example: string;
}

export interface Signature {
  inputs: SignatureColumn[];
  outputs: SignatureColumn[];
  /** what is neither of these, nor rows of an example; null: nothing */
  rest: Record<string, unknown> | null;
}

export function signatureOf(told: unknown): Signature {
  const { inputs, outputs, example, ...more } = isObject(told) ? told : { told };
  const row: unknown = Array.isArray(example) ? example[0] : undefined;
  const [into, out] = [columnsOf(inputs, row), columnsOf(outputs, undefined)];
  const unread = { ...more, ...unless(into, { inputs }), ...unless(out, { outputs }), ...(!isObject(row) && said({ example })) };
  return { inputs: into ?? [], outputs: out ?? [], rest: Object.keys(unread).length > 0 ? unread : null };
}

/** None where it is not a list of columns. */
function columnsOf(side: unknown, row: unknown): SignatureColumn[] | undefined {
  if (!Array.isArray(side)) return undefined;
  const columns = side.flatMap((one: unknown) =>
    isObject(one) && typeof one.name === "string" && typeof one.type === "string"
      ? [{ name: one.name, type: one.type, nullable: one.nullable !== false, example: isObject(row) ? shown(row[one.name]) : "" }]
      : [],
  );
  return columns.length === side.length ? columns : undefined;
}

const unless = (read: unknown, told: Record<string, unknown>): Record<string, unknown> => (read === undefined ? said(told) : {});

const said = (told: Record<string, unknown>): Record<string, unknown> => Object.fromEntries(Object.entries(told).filter(([, value]) => value !== undefined));

const shown = (value: unknown): string => (value === undefined ? "" : typeof value === "string" ? value : JSON.stringify(value));

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === "object" && value !== null && !Array.isArray(value);
