import type { Plugin } from "vite";

/** Lets the bundler drop generated documents that no page uses. */
export function documents(): Plugin {
  return {
    name: "lineage-documents",
    transform(code, id) {
      if (!id.endsWith("/src/gql/graphql.ts")) return null;
      return { code: code.replaceAll("= new TypedDocumentString(", "= /*#__PURE__*/ new TypedDocumentString("), map: null };
    },
  };
}
