/** Starts the page: language, theme, then the router. */
import "./styles";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { i18n } from "@lingui/core";
import { I18nProvider } from "@lingui/react";
import { MantineProvider, localStorageColorSchemeManager } from "@mantine/core";
import { QueryClientProvider } from "@tanstack/react-query";
import { RouterProvider } from "@tanstack/react-router";
import { preferredLanguage, speak } from "@/lib/words";
import { queries, router } from "./router";

const colours = localStorageColorSchemeManager({ key: "lineage.theme" });

async function start(): Promise<void> {
  await speak(preferredLanguage());
  const root = document.getElementById("root");
  if (!root) throw new Error("the page has no root");
  createRoot(root).render(
    <StrictMode>
      {/* Variables and classes come as a file: the policy of this page allows no style in the page itself. */}
      <MantineProvider
        defaultColorScheme="auto"
        colorSchemeManager={colours}
        withCssVariables={false}
        withGlobalClasses={false}
      >
        <I18nProvider i18n={i18n}>
          <QueryClientProvider client={queries}>
            <RouterProvider router={router} />
          </QueryClientProvider>
        </I18nProvider>
      </MantineProvider>
    </StrictMode>,
  );
}

void start();
