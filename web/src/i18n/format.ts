/** Formats amounts and months for the page's language. */
import { locale } from ".";

const LEAST_DOLLARS = 0.0001;

/** A count. */
export const count = (amount: number): string => new Intl.NumberFormat(locale).format(amount);

/** A share from 0 to 1 as a percentage. */
export const percent = (part: number): string =>
  new Intl.NumberFormat(locale, { style: "percent" }).format(part);

/** The month of a time, with the year unless it is the current one. */
export function monthOf(time: number): string {
  const isThisYear = new Date(time).getFullYear() === new Date().getFullYear();
  const year = isThisYear ? {} : { year: "numeric" as const };
  return new Intl.DateTimeFormat(locale, { month: "long", ...year }).format(time);
}

/** A day such as 2026-11-22. */
export const dateOf = (day: string): string =>
  new Intl.DateTimeFormat(locale, { dateStyle: "medium", timeZone: "UTC" }).format(new Date(day));

/** A time of day, with the date unless it is today. */
export function timeOf(time: number): string {
  const isToday = new Date(time).toDateString() === new Date().toDateString();
  const date = isToday ? {} : { dateStyle: "medium" as const };
  return new Intl.DateTimeFormat(locale, { ...date, timeStyle: "short" }).format(time);
}

/** US dollars; small amounts keep two significant digits. */
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
