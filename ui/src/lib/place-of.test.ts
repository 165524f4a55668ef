import { expect, test } from "vitest";
import { placeOf } from "./place-of";

const thing = (uid: string, label: string) => ({ uid, label, kind: "dataset", name: "x" });

test.each([
  ["artifact:p/dataset/x", "Artifact", "/p/$project/artifact", { of: "artifact:p/dataset/x" }],
  ["version:p/dataset/x@sha256:1", "ArtifactVersion", "/p/$project/artifact", { of: "artifact:p/dataset/x", v: "version:p/dataset/x@sha256:1" }],
  ["model:p/m", "RegisteredModel", "/p/$project/model", { of: "model:p/m" }],
  ["modelversion:p/m@2", "ModelVersion", "/p/$project/model", { of: "model:p/m", v: "2" }],
  ["deployment:p/local/x", "Deployment", "/p/$project/lineage", { focus: "deployment:p/local/x" }],
])("%s has its page", (uid, label, to, search) => {
  expect(placeOf("p", thing(uid, label))).toEqual({ to, params: { project: "p" }, search });
});

test("a run has a page by its uid", () => {
  expect(placeOf("p", thing("run:1", "Run"))).toEqual({ to: "/p/$project/runs/$uid", params: { project: "p", uid: "run:1" } });
});
