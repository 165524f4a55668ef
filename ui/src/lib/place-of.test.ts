import { expect, test } from "vitest";
import { placeOf } from "./place-of";

const thing = (uid: string, label: string) => ({ uid, label, kind: "dataset", name: "x" });

test.each([
  ["artifact:p/dataset/x", "Artifact", "/p/$project/artifact", { of: "artifact:p/dataset/x" }],
  ["version:p/dataset/x@sha256:1", "ArtifactVersion", "/p/$project/artifact", { of: "artifact:p/dataset/x", v: "version:p/dataset/x@sha256:1" }],
  ["model:p/m", "RegisteredModel", "/p/$project/model", { of: "model:p/m" }],
  ["modelversion:p/m@2", "ModelVersion", "/p/$project/model", { of: "model:p/m", v: "2" }],
  ["run:1", "Run", "/p/$project/lineage", { focus: "run:1" }],
])("%s has its page", (uid, label, to, search) => {
  expect(placeOf(thing(uid, label))).toEqual({ to, search });
});
