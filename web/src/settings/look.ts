/** Look: the page is light or dark, with smaller or larger text, as the settings say. */
import type { Preferences } from "../bridge/contract";

/** Of the browser's own size, so that who has chosen a larger one there keeps it. */
const SIZES: Readonly<Record<Preferences["textSize"], string>> = {
  small: "87.5%",
  standard: "",
  large: "112.5%",
  larger: "125%",
};

export function look({ theme, textSize }: Preferences, root: HTMLElement): void {
  if (theme === "system") delete root.dataset.theme;
  else root.dataset.theme = theme;
  root.style.fontSize = SIZES[textSize];
}
