import { expect, test } from "vitest";
import { commandOf } from "./command";
import { runSearch } from "./run-search";

test("a command is quoted where a shell would read it otherwise", () => {
  expect(commandOf(["python", "train.py", "--lr=0.1", "it's here", ""])).toBe("python train.py --lr=0.1 'it'\\''s here' ''");
});

test("an address leads to parts that there are", () => {
  expect(runSearch({ tab: "code" })).toEqual({ tab: "code" });
  expect(runSearch({ tab: "overview" })).toEqual({});
  expect(runSearch({ tab: "nothing" })).toEqual({});
});
