/** The parts of the settings, by name, so that a page can open them at a place. */

export const SECTIONS = [
  "providers",
  "models",
  "answers",
  "tools",
  "servers",
  "costs",
  "appearance",
  "shortcuts",
  "data",
  "about",
] as const;

export type Section = (typeof SECTIONS)[number];

/** Opens the settings, at one of their parts. */
export type OpenSettings = (section?: Section) => void;
