/** Shows the models, wherever one stands; false where there is no choice yet. */

/** The picker stands by the box, and opens itself. */
export function openModels(): boolean {
  const button = document.querySelector<HTMLElement>("[data-models]");
  button?.click();
  return button !== null;
}
