/** Numbers inside sentences, formatted for the page's language. */
import { type LANGUAGES, localeOf } from "./language";

/** The words for one byte and for several. */
const BYTES: Readonly<Record<keyof typeof LANGUAGES, readonly [string, string]>> = {
  en: ["byte", "bytes"],
  de: ["Byte", "Byte"],
};

export function amountsIn(language: keyof typeof LANGUAGES) {
  const locale = localeOf(language, navigator.languages);
  const [byte, bytes] = BYTES[language];
  const count = (amount: number) => amount.toLocaleString(locale);
  const decimal = (amount: number, short = false) =>
    amount.toLocaleString(locale, {
      minimumFractionDigits: short ? 0 : 1,
      maximumFractionDigits: 1,
    });
  const shortened = (amount: number) =>
    amount < 100 ? decimal(amount, true) : count(Math.round(amount));
  return {
    count,
    /** One decimal; with `short`, none if it is zero. */
    decimal,
    /** A size in bytes, in the unit that people use. Below 100, one decimal if it is not zero. */
    size(amount: number): string {
      if (amount < 1_000) return `${count(amount)} ${amount === 1 ? byte : bytes}`;
      if (amount < 999_500) return `${shortened(amount / 1_000)} kB`;
      return `${shortened(amount / 1_000_000)} MB`;
    },
    /** A price, which can be a fraction of a cent. */
    dollars: (price: number) =>
      price.toLocaleString(locale, {
        minimumFractionDigits: Number.isInteger(price) ? 0 : 2,
        maximumFractionDigits: 3,
      }),
  };
}
