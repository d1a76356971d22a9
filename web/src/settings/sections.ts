/** The sections of the settings, by name, so that the page can open one directly. */

export const SECTIONS = [
  "providers",
  "models",
  "answers",
  "tools",
  "servers",
  "templates",
  "costs",
  "appearance",
  "shortcuts",
  "data",
  "about",
] as const;

export type Section = (typeof SECTIONS)[number];

/** Opens the settings, optionally at a section. */
export type OpenSettings = (section?: Section) => void;
