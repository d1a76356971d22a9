/** Applies the theme and text size of the settings to the page. */
import type { Preferences } from "../bridge/contract";

/** The host has put the same values into the page's first frame. */
export function applyAppearance({ theme, textSize }: Preferences, { dataset }: HTMLElement): void {
  if (theme === "system") delete dataset.theme;
  else dataset.theme = theme;
  if (textSize === "standard") delete dataset.size;
  else dataset.size = textSize;
}
