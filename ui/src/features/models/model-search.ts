/** What the addresses of this feature say. */
import { sceneLook } from "@/lib/scene-look";
import type { SceneLook } from "@/lib/scene-look";

export interface ModelsSearch {
  text?: string;
  /** uid or reference of an artifact version to register: the form opens with it */
  register?: string;
  /** the form is open, empty */
  form?: true;
}

export const MODEL_VIEWS = ["versions", "card", "compare", "aliases", "approvals", "history", "tree"] as const;
export type ModelView = (typeof MODEL_VIEWS)[number];

export interface ModelSearch extends SceneLook {
  /** uid of the model, or a reference such as `model:churn@prod`: it becomes uid and `v` */
  of: string;
  view?: ModelView;
  /** the version that is shown in full, or an alias of it */
  v?: string;
}

const word = (told: unknown): string | undefined => {
  if (typeof told === "number") return String(told); // addresses are read as JSON: `v=2` is a number
  return typeof told === "string" && told !== "" ? told : undefined;
};

export function modelsSearch(told: Record<string, unknown>): ModelsSearch {
  const [text, register] = [word(told["text"]), word(told["register"])];
  return { ...(text && { text }), ...(register && { register }), ...(told["form"] === true && { form: true as const }) };
}

export function modelSearch(told: Record<string, unknown>): ModelSearch {
  const view = MODEL_VIEWS.find((one) => one === told["view"]);
  const v = word(told["v"]);
  return { of: word(told["of"]) ?? "", ...(view && { view }), ...(v && { v }), ...sceneLook(told) };
}
