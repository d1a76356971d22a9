/** One or several key combinations, for display. */
import { Fragment } from "react";
import { strings } from "../i18n";
import { keyLabels, parseAll } from "../lib/keyCombo";
import styles from "./KeyCombo.module.css";

export function KeyCombo({ keys }: { readonly keys: string }) {
  return (
    <span className={styles.keys} dir="ltr">
      {parseAll(keys).map((combination) => (
        // The spaces are for screen readers.
        <Fragment key={combination}>
          <kbd>
            {keyLabels(combination, strings.keyNames).map((name) => (
              <Fragment key={name}>
                <kbd>{name}</kbd>{" "}
              </Fragment>
            ))}
          </kbd>{" "}
        </Fragment>
      ))}
    </span>
  );
}
