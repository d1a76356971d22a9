/** Numbers inside sentences, formatted for the page's language. */
import { localeOf } from "./language";

export interface Amounts {
  /** A count. */
  readonly count: (amount: number) => string;
  /** One decimal; with `short`, none if it is zero. */
  readonly decimal: (amount: number, short?: boolean) => string;
  /** A price, which can be a fraction of a cent. */
  readonly dollars: (price: number) => string;
}

export function amountsIn(language: "en" | "de"): Amounts {
  const locale = localeOf(language, navigator.languages);
  return {
    count: (amount) => amount.toLocaleString(locale),
    decimal: (amount, short = false) =>
      amount.toLocaleString(locale, {
        minimumFractionDigits: short ? 0 : 1,
        maximumFractionDigits: 1,
      }),
    dollars: (price) =>
      price.toLocaleString(locale, {
        minimumFractionDigits: Number.isInteger(price) ? 0 : 2,
        maximumFractionDigits: 3,
      }),
  };
}
