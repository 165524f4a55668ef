/** Code that is fetched when it is first needed: what is said where it cannot be had, and what to do then. */
import { AskError } from "./graphql";

/** The server is away, or has been replaced by one that has other code. */
export class CodeError extends AskError {
  constructor(cause: unknown) {
    super("UNREACHABLE", cause instanceof Error ? cause.message : String(cause));
    this.name = "CodeError";
  }
}

/** The module; raises CodeError. */
export async function codeOf<TModule>(importing: Promise<TModule>): Promise<TModule> {
  try {
    return await importing;
  } catch (error) {
    throw new CodeError(error);
  }
}

/** Load the page anew once somebody answers: what failed to come is not asked for again by a browser. */
export async function loadAgain(): Promise<void> {
  try {
    await fetch("/", { cache: "no-store" });
  } catch {
    return; // the page that stands here says so already; the browser's own would be in its place
  }
  window.location.reload();
}
