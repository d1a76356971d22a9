/** Numbers inside of sentences, as the system writes them in a page's language. */
import { localeOf } from "./language";

export interface Amounts {
  /** How many there are. */
  readonly count: (amount: number) => string;
  /** One digit behind the point; none where it says nothing and `short` is wanted. */
  readonly decimal: (amount: number, short?: boolean) => string;
  /** A price; some of them are fractions of a cent. */
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
