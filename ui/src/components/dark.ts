/** Whether the page is dark, from the first drawing on: what scripts draw would else be light for a moment. */
import { useComputedColorScheme } from "@mantine/core";

export const useDark = (): boolean => useComputedColorScheme("light", { getInitialValueInEffect: false }) === "dark";
