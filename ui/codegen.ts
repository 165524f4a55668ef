import type { CodegenConfig } from "@graphql-codegen/cli";

/** Types and documents of the operations committed in `graphql/`, as strings: no parser in the bundle. */
const config: CodegenConfig = {
  schema: "../graphql/schema.graphql",
  documents: "../graphql/operations/*.graphql",
  ignoreNoDocuments: false,
  generates: {
    "src/gql/": {
      preset: "client",
      presetConfig: { fragmentMasking: false },
      config: {
        documentMode: "string",
        enumsAsTypes: true,
        useTypeImports: true,
        pureMagicComment: true,
        strictScalars: true,
        avoidOptionals: { field: true },
        scalars: { DateTime: "string", JSON: "unknown", Long: "number", Real: "number | string" },
      },
    },
  },
};

export default config;
