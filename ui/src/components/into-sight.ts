/** A row of tabs that is wider than its page scrolls. As `ref` of the tab that is shown, this has it in sight. */
export function intoSight(tab: HTMLElement | null): void {
  tab?.scrollIntoView({ block: "nearest", inline: "nearest" });
}
