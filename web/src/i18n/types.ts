/** The type of the page's texts, which English has and every other language follows. */
import type { english } from "./en";
import type { HostTranslation } from "./hostMessages";

/** The same texts, in whatever words. */
export type Worded<T> = [T] extends [HostTranslation]
  ? HostTranslation
  : T extends string
    ? string
    : T extends (...given: infer G) => string
      ? (...given: G) => string
      : { readonly [K in keyof T]: Worded<T[K]> };

export type Strings = Worded<typeof english>;
