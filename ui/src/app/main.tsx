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

/** A menu that opens leads keys to its first entry at once, not to a place before it that nobody sees. */
const THEME = { components: { Menu: { defaultProps: { withInitialFocusPlaceholder: false } } } };

async function start(): Promise<void> {
  await speak(preferredLanguage());
  const root = document.getElementById("root");
  if (!root) throw new Error("the page has no root");
  createRoot(root).render(
    <StrictMode>
      {/* Variables and classes come as a file: the policy of this page allows no style in the page itself. */}
      <MantineProvider
        theme={THEME}
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
