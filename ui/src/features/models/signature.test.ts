import { expect, test } from "vitest";
import { signatureOf } from "./signature";

const PETAL = { name: "petal", type: "double", nullable: true };

test("columns are read with the first row of the example", () => {
  const told = { inputs: [PETAL], outputs: [{ name: "kind", type: "int64", nullable: false }], example: [{ petal: 1.4 }, { petal: 2 }] };
  expect(signatureOf(told)).toEqual({
    inputs: [{ ...PETAL, example: "1.4" }],
    outputs: [{ name: "kind", type: "int64", nullable: false, example: "" }],
    rest: null,
  });
});

test.each([[{ inputs: "a frame" }], [{ inputs: [PETAL, { type: "double" }] }], [{ note: 1 }], [{ example: [] }]])(
  "what is not told by columns stays as it was told: %j",
  (told) => {
    expect(signatureOf(told)).toEqual({ inputs: [], outputs: [], rest: told });
  },
);
