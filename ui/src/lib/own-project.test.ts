import { expect, test } from "vitest";
import { addressUnder } from "./own-project";

test.each([
  ["b", "/p/a/runs/run:1?tab=data#x", "/p/b/runs/run:1?tab=data#x"],
  ["b", "/p/a", "/p/b"],
  ["팀", "/p/a/model?of=model:a/m", "/p/%ED%8C%80/model?of=model:a/m"],
])("under %s, %s is %s", (project, href, expected) => {
  expect(addressUnder(project, href)).toBe(expected);
});
