/** Numbers inside sentences, formatted for the page's language. */
import { type LANGUAGES, localeOf } from "./language";

export function amountsIn(language: keyof typeof LANGUAGES) {
  const locale = localeOf(language, navigator.languages);
  return {
    count: (amount: number) => amount.toLocaleString(locale),
    /** One decimal; with `short`, none if it is zero. */
    decimal: (amount: number, short = false) =>
      amount.toLocaleString(locale, {
        minimumFractionDigits: short ? 0 : 1,
        maximumFractionDigits: 1,
      }),
    /** A price, which can be a fraction of a cent. */
    dollars: (price: number) =>
      price.toLocaleString(locale, {
        minimumFractionDigits: Number.isInteger(price) ? 0 : 2,
        maximumFractionDigits: 3,
      }),
  };
}
