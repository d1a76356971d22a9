/** The fonts that the page brings along. Each script of a font is fetched when a text needs it. */
import "@fontsource-variable/inter/wght.css";
import "@fontsource-variable/jetbrains-mono/wght.css";
import "@fontsource-variable/source-serif-4/opsz.css";
import "@fontsource-variable/source-serif-4/opsz-italic.css";
import math from "@fontsource/stix-two-math/files/stix-two-math-latin-400-normal.woff2";
import "./fonts.css";

// Its own style sheet keeps it to Latin letters, which formulas have the least of.
const mathFont = new FontFace("STIX Two Math", `url(${math})`, { display: "block" });
document.fonts.add(mathFont);

const FIRST = ["1em 'Inter Variable'", "1em 'Source Serif 4 Variable'"];

/** A page that waits longer is better shown in other fonts. */
const PATIENCE_MS = 1_000;

/** Settled when the fonts of the first screen are there, so that no text moves as they arrive. */
export const fontsReady = Promise.race([
  Promise.allSettled(FIRST.map((font) => document.fonts.load(font))),
  new Promise((resolve) => setTimeout(resolve, PATIENCE_MS)),
]);
