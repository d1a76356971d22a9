/** A bar chart of the cost per day; the table beside it has the same numbers. */
import type { UsageRow } from "../../bridge/contract";
import { costs } from "../../i18n/costs";
import { dateOf, money } from "../../i18n/format";
import styles from "./Costs.module.css";

const DAYS = 30;
const DAY_MS = 86_400_000;
const HEIGHT = 60;
const WIDTH = 10;
const GAP = 2;

/** `days` are the days with usage, the latest first. */
export function CostChart({ days }: { readonly days: readonly UsageRow[] }) {
  const last = days[0]?.key ?? "";
  const spent = new Map(days.map(({ key, usd }) => [key, usd]));
  const shown = Array.from({ length: DAYS }, (_, place) => {
    const day = new Date(Date.parse(last) - (DAYS - 1 - place) * DAY_MS);
    const key = day.toISOString().slice(0, 10);
    return { key, usd: spent.get(key) ?? 0 };
  });
  const most = Math.max(...shown.map(({ usd }) => usd));
  if (most === 0) return null;
  return (
    <svg
      className={styles.chart}
      role="img"
      aria-label={costs.chart(dateOf(shown[0]?.key ?? last), dateOf(last), money(most))}
      viewBox={`0 0 ${DAYS * WIDTH} ${HEIGHT}`}
      preserveAspectRatio="none"
    >
      {shown.map(({ key, usd }, place) => {
        // Even the smallest cost stays visible.
        const height = usd === 0 ? 0 : Math.max(1, (usd / most) * HEIGHT);
        return (
          <rect key={key} x={place * WIDTH} y={HEIGHT - height} width={WIDTH - GAP} height={height}>
            <title>{`${dateOf(key)}: ${money(usd)}`}</title>
          </rect>
        );
      })}
    </svg>
  );
}
