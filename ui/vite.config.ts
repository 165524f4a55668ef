import { fileURLToPath } from "node:url";
import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";
import { documents } from "./plugins/documents";
import { messages } from "./plugins/messages";

const SERVER = "http://127.0.0.1:8080";

export default defineConfig({
  plugins: [messages(), documents(), react()],
  resolve: { alias: { "@": fileURLToPath(new URL("./src", import.meta.url)) } },
  worker: { format: "es" },
  build: {
    target: "es2023",
    assetsDir: "assets",
    assetsInlineLimit: 0, // the policy of the pages allows no data: addresses
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 700,
  },
  server: {
    host: "127.0.0.1",
    proxy: { "/graphql": { target: SERVER, ws: true }, "/api": SERVER, "/pages": SERVER },
  },
  test: { include: ["src/**/*.test.ts", "plugins/**/*.test.ts"], environment: "node" },
});
