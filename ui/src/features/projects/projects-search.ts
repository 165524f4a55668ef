/** What the addresses of this feature say. */

export const SETTINGS_VIEWS = ["members", "tokens", "audit", "webhooks"] as const;
export type SettingsView = (typeof SETTINGS_VIEWS)[number];

export interface ProjectsSearch {
  /** the form for a new one is open */
  create?: true;
}

export interface SettingsSearch {
  view?: SettingsView;
  /** uid of what the audit is about */
  target?: string;
  /** the form for a new token or webhook is open */
  create?: true;
  /** uid of the webhook whose deliveries are shown */
  hook?: string;
}

export function projectsSearch(told: Record<string, unknown>): ProjectsSearch {
  return told["create"] === true ? { create: true } : {};
}

export function settingsSearch(told: Record<string, unknown>): SettingsSearch {
  const view = SETTINGS_VIEWS.find((one) => one === told["view"]);
  const { target, hook } = told;
  return {
    ...(view && { view }),
    ...(typeof target === "string" && target && { target }),
    ...(told["create"] === true && { create: true as const }),
    ...(typeof hook === "string" && hook && { hook }),
  };
}
