/** Theme: makes the page light or dark, or leaves that to the system. */
import type { Preferences } from "../bridge/contract";

export function showTheme(theme: Preferences["theme"], root: HTMLElement): void {
  if (theme === "system") delete root.dataset.theme;
  else root.dataset.theme = theme;
}
