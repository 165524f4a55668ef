/** What is opened under the address of another project moves to the one of its own: then all around it is right,
 * and so is the address for whoever is sent it. */
import { useEffect } from "react";
import { useRouter } from "@tanstack/react-router";

/** The same address below another project. */
export const addressUnder = (project: string, href: string): string => href.replace(/^\/p\/[^/?#]+/, `/p/${encodeURIComponent(project)}`);

/** `own`: the project of what this page shows; undefined until it is known, empty for what is of none. */
export function useOwnProject(own: string | undefined): void {
  const router = useRouter();
  useEffect(() => {
    const { href } = router.state.location;
    if (own && addressUnder(own, href) !== href) router.history.replace(addressUnder(own, href));
  }, [own, router]);
}
