/** Which way the page runs where an element stands, and what its arrows mean there. */

export const isMirrored = (element: Element): boolean =>
  getComputedStyle(element).direction === "rtl";

/** The keys that lead further along a line, and back. */
export function arrowsOf(element: Element): { readonly forward: string; readonly back: string } {
  return isMirrored(element)
    ? { forward: "ArrowLeft", back: "ArrowRight" }
    : { forward: "ArrowRight", back: "ArrowLeft" };
}
