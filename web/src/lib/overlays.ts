/** Whether something lies over the page, whose keys are its own. */

/** Popovers are rendered only while they are open. */
const COVERS = "dialog[open], [popover]";

/** Whether a key that reaches the page is meant for what lies over it. */
export function isCovered(): boolean {
  return document.querySelector(COVERS) !== null;
}

/** The dialog on top. */
export function openDialog(): HTMLDialogElement | null {
  return [...document.querySelectorAll<HTMLDialogElement>("dialog[open]")].at(-1) ?? null;
}
