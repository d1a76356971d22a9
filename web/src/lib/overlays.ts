/** Whether something lies over the page, whose keys are its own. */

// In a list that forgives: web views that know no popover would refuse the other half, too.
const COVERS = ":is(dialog[open], :popover-open)";

/** Whether a key that reaches the page is meant for what lies over it. */
export function isCovered(): boolean {
  return document.querySelector(COVERS) !== null;
}

/** The dialog on top. */
export function openDialog(): HTMLDialogElement | null {
  return [...document.querySelectorAll<HTMLDialogElement>("dialog[open]")].at(-1) ?? null;
}
