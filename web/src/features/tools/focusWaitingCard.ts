/** Focuses the first call that waits for a decision; false if there is none. */
export function focusWaitingCard(): boolean {
  const card = document.querySelector<HTMLElement>("[data-approval]");
  card?.scrollIntoView({ block: "nearest" });
  card?.focus({ preventScroll: true });
  return card !== null;
}
