/** The page is light or dark, with smaller or larger text, as the settings say. */
import type { Preferences } from "../bridge/contract";

/** The host has put the same into the page's first frame. */
export function applyAppearance({ theme, textSize }: Preferences, { dataset }: HTMLElement): void {
  if (theme === "system") delete dataset.theme;
  else dataset.theme = theme;
  if (textSize === "standard") delete dataset.size;
  else dataset.size = textSize;
}
