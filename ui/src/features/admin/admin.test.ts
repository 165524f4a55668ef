import { expect, test } from "vitest";
import { adminSearch } from "./admin-search";
import { outcomes } from "./replays";

test("the address keeps the part that is shown", () => {
  expect(adminSearch({ view: "refused" })).toEqual({ view: "refused" });
  expect(adminSearch({ view: "nonsense" })).toEqual({});
});

test("replays are counted by what came of them", () => {
  expect(outcomes([{ outcome: "accepted" }, { outcome: "refused" }, { outcome: "accepted" }])).toEqual({
    accepted: 2, duplicate: 0, refused: 1,
  });
});
