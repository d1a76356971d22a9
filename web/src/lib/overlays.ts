/** Whether something lies over the page, whose keys are its own. */

import { createStore } from "./store";

/** The modal dialogs that are open, the topmost last. */
export const dialogs = createStore<readonly HTMLDialogElement[]>([]);

/** Popovers are rendered only while they are open. */
const COVERS = "dialog[open], [popover]";

/** Whether a key that reaches the page is meant for what lies over it. */
export function isCovered(): boolean {
  return document.querySelector(COVERS) !== null;
}
