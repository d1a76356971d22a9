/** Whether an overlay, which handles keys itself, is open. */

import { createStore } from "./store";

/** The open modal dialogs, the topmost last. */
export const dialogs = createStore<readonly HTMLDialogElement[]>([]);

/** Popovers are rendered only while they are open. */
const OVERLAYS = "dialog[open], [popover]";

/** Whether an overlay is open, so that the page must ignore keys. */
export function isCovered(): boolean {
  return document.querySelector(OVERLAYS) !== null;
}
