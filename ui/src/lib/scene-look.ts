/** How a picture on the page of a thing is looked at, as its address tells it. */

export interface SceneLook {
  /** the box that is looked at */
  at?: string;
  /** as rows, not as a picture */
  form?: "outline";
  /** uids of boxes that were opened further */
  more?: string[];
}

const MOST_OPENED = 50;

export function sceneLook({ at, form, more }: Record<string, unknown>): SceneLook {
  const uids = Array.isArray(more) ? more.filter((one): one is string => typeof one === "string" && one !== "") : [];
  return {
    ...(typeof at === "string" && at !== "" ? { at } : {}),
    ...(form === "outline" ? { form } : {}),
    ...(uids.length > 0 ? { more: [...new Set(uids)].slice(0, MOST_OPENED) } : {}),
  };
}

/** What draws a picture of a thing on its page: pages are given it, for the graph is a feature of its own. */
export interface SceneSlotProps {
  project: string;
  uid: string;
  look: SceneLook;
  change: (look: SceneLook) => void;
}
