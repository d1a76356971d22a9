/** Keys: a combination of keys, or several, as people read them. */
import { parseAll, shownKeys } from "../settings/keys";
import { strings } from "../strings";
import styles from "./Keys.module.css";

export function Keys({ keys }: { readonly keys: string }) {
  return (
    <span className={styles.keys} dir="ltr">
      {parseAll(keys).map((combination) => (
        <kbd key={combination}>
          {shownKeys(combination, strings.preferences.keyNames).map((name) => (
            <kbd key={name}>{name}</kbd>
          ))}
        </kbd>
      ))}
    </span>
  );
}
