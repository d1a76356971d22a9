/** Amounts and months as people of the page's language write them. */
import { locale } from ".";

const LEAST_DOLLARS = 0.0001;

/** How many there are of something. */
export const count = (amount: number): string => new Intl.NumberFormat(locale).format(amount);

/** From 0 to 1, as so many of a hundred. */
export const percent = (part: number): string =>
  new Intl.NumberFormat(locale, { style: "percent" }).format(part);

/** The month of a time, with its year where that is not this one. */
export function monthOf(time: number): string {
  const isThisYear = new Date(time).getFullYear() === new Date().getFullYear();
  const year = isThisYear ? {} : { year: "numeric" as const };
  return new Intl.DateTimeFormat(locale, { month: "long", ...year }).format(time);
}

/** A day such as 2026-11-22. */
export const dateOf = (day: string): string =>
  new Intl.DateTimeFormat(locale, { dateStyle: "medium", timeZone: "UTC" }).format(new Date(day));

/** A time of day, with its date where that is not today. */
export function timeOf(time: number): string {
  const isToday = new Date(time).toDateString() === new Date().toDateString();
  const date = isToday ? {} : { dateStyle: "medium" as const };
  return new Intl.DateTimeFormat(locale, { ...date, timeStyle: "short" }).format(time);
}

/** US dollars; small sums keep two digits that say something. */
export function money(dollars: number): string {
  const digits =
    dollars >= 0.1
      ? { minimumFractionDigits: 2 as const }
      : { maximumSignificantDigits: 2 as const };
  const format = new Intl.NumberFormat(locale, {
    style: "currency",
    currency: "USD",
    currencyDisplay: "narrowSymbol",
    ...digits,
  });
  return dollars > 0 && dollars < LEAST_DOLLARS
    ? `< ${format.format(LEAST_DOLLARS)}`
    : format.format(dollars);
}
