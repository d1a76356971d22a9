/** The type of the page's texts, defined by English and followed by every other language. */
import type { english } from "./en";
import type { HostTranslation } from "./hostMessages";

/** The same structure with other texts. */
export type Worded<T> = [T] extends [HostTranslation]
  ? HostTranslation
  : T extends string
    ? string
    : T extends (...given: infer G) => string
      ? (...given: G) => string
      : { readonly [K in keyof T]: Worded<T[K]> };

export type Strings = Worded<typeof english>;
