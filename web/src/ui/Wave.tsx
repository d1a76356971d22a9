/** The wave that is used in the mark, the context gauge and the activity indicator. */
import styles from "./Wave.module.css";

/** One wavelength, 14 wide and 4 high, starting at the foot of its crest. */
const WAVE = "c3.5 0 3.5-4 7-4s3.5 4 7 4";

/** An activity indicator: the wave moves. */
export const Wave = () => (
  <span className={styles.wave} aria-hidden="true">
    <svg viewBox="0 0 56 8" focusable="false" aria-hidden="true">
      <path d={`M0 6${WAVE.repeat(4)}`} />
    </svg>
  </span>
);

/** The program's mark. */
export const WaveMark = () => (
  <svg viewBox="0 0 32 32" width="28" height="28" aria-hidden="true" focusable="false">
    <rect width="32" height="32" rx="9" fill="var(--tide)" />
    <path
      d={`M5 14${WAVE}c3.5 0 3.5-4 7-4M5 22${WAVE}c3.5 0 3.5-4 7-4`}
      fill="none"
      stroke="var(--on-tide)"
      strokeWidth="2.6"
      strokeLinecap="round"
    />
  </svg>
);

/** A gauge with a level from 0 to 1. */
export const WaterLevel = ({ part }: { readonly part: number }) => (
  <svg
    className={styles.vessel}
    viewBox="0 0 20 20"
    width="20"
    height="20"
    aria-hidden="true"
    focusable="false"
  >
    <path d={`M-1 ${18.5 - 16 * part}${WAVE}c3.5 0 3.5-4 7-4V20H-1z`} />
  </svg>
);
