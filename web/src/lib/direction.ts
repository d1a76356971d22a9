/** The writing direction at an element, and the meaning of the arrow keys there. */

export const isMirrored = (element: Element) => getComputedStyle(element).direction === "rtl";

/** The arrow keys for forward and back along a line. */
export function arrowsOf(element: Element): { readonly forward: string; readonly back: string } {
  return isMirrored(element)
    ? { forward: "ArrowLeft", back: "ArrowRight" }
    : { forward: "ArrowRight", back: "ArrowLeft" };
}
