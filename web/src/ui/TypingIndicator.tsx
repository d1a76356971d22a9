/** Something is going on. */
import styles from "./TypingIndicator.module.css";

export function TypingIndicator() {
  return (
    <span className={styles.dots} aria-hidden="true">
      <i />
      <i />
      <i />
    </span>
  );
}
