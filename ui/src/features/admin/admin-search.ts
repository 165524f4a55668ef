/** What the address of this page says. */

export const ADMIN_VIEWS = ["health", "refused", "retention", "gaps"] as const;
export type AdminView = (typeof ADMIN_VIEWS)[number];

export interface AdminSearch {
  view?: AdminView;
}

export function adminSearch(told: Record<string, unknown>): AdminSearch {
  const view = ADMIN_VIEWS.find((one) => one === told["view"]);
  return view ? { view } : {};
}
