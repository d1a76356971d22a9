/** The type of the page's texts, defined by English and followed by every other language. */
import type { english } from "./en";
import type { HostTranslation } from "./hostMessages";

/** The same structure with other texts. */
export type Translated<T> = [T] extends [HostTranslation]
  ? HostTranslation
  : T extends string
    ? string
    : T extends (...args: infer A) => string
      ? (...args: A) => string
      : { readonly [K in keyof T]: Translated<T[K]> };

export type Strings = Translated<typeof english>;
