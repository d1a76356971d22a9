/** A provider's key: its state, and forms to replace and remove it. The key is never shown. */
import { type ReactNode, useEffect, useId, useRef, useState } from "react";
import type { KeyStatus, ProviderSummary } from "../../../bridge/contract";
import { remarkOf, strings } from "../../../i18n";
import { settingsTexts } from "../../../i18n/settings";
import { useSettings, useSettingsState } from "../../../settings/useSettings";
import { Button } from "../../../ui/Button";
import formStyles from "../../../ui/form/form.module.css";
import { Problem } from "../../../ui/Problem";
import { useAsyncAction } from "../../../ui/useAsyncAction";
import styles from "./Providers.module.css";

export interface KeyFieldProps {
  readonly provider: ProviderSummary;
  readonly status: KeyStatus | null;
  /** The error of the key entered when the provider was added. */
  readonly problem: string | null;
  readonly isTrying: boolean;
  /** Tests this key, or the stored one. */
  readonly onTry: (key: string) => void;
  /** Other actions of the provider, before and after those of its key. */
  readonly first: ReactNode;
  readonly last: ReactNode;
}

export function KeyField({ provider, status, isTrying, onTry, ...props }: KeyFieldProps) {
  const { setKey, removeKey, requestKey } = useSettings();
  const isWanted = useSettingsState().keyProviderId === provider.id;
  const field = useRef<HTMLInputElement>(null);
  const [key, setKeyText] = useState("");
  /** Removal waits for confirmation. */
  const [isConfirming, setIsConfirming] = useState(false);
  const [isReplaced, setIsReplaced] = useState(false);
  const { problem, attempt, isBusy } = useAsyncAction();
  const id = useId();
  const { id: providerId, name, needsKey, hasKey } = provider;
  const enteredKey = key.trim();
  const wrong = problem ?? (isReplaced ? null : props.problem);
  const host = status?.host == null ? "" : `${settingsTexts.keyGoesTo(status.host)}.`;
  const note = status?.remark == null ? null : remarkOf(status.remark);
  const about = [host, note ?? ""].join(" ").trim();

  useEffect(() => {
    if (!isWanted) return;
    field.current?.focus();
    requestKey(null);
  }, [isWanted, requestKey]);

  async function save(): Promise<void> {
    await setKey(providerId, enteredKey);
    setIsReplaced(true);
    // The page never gets a key back. If it is refused, the field still has it.
    setKeyText("");
    onTry("");
  }

  return (
    <form
      className={styles.key}
      onSubmit={(event) => {
        event.preventDefault();
        if (enteredKey !== "" && !isBusy) attempt(save());
      }}
    >
      <input
        ref={field}
        type="password"
        autoComplete="off"
        spellCheck={false}
        aria-label={strings.keyFor(name)}
        aria-describedby={about === "" ? undefined : `${id}-about`}
        aria-invalid={wrong === null ? undefined : true}
        placeholder={keyWords(status, needsKey)}
        value={key}
        onChange={(event) => setKeyText(event.target.value)}
      />
      <Button
        tone={enteredKey === "" && (hasKey || !needsKey) ? "quiet" : "filled"}
        type="submit"
        isFree={enteredKey !== "" && !isBusy}
      >
        {strings.save}
      </Button>
      <Button
        tone="quiet"
        isFree={!isTrying && (!needsKey || hasKey || enteredKey !== "")}
        onClick={() => onTry(enteredKey)}
      >
        {isTrying ? strings.testing : strings.test}
      </Button>
      {about !== "" && (
        <p id={`${id}-about`} className={formStyles.text}>
          {about}
        </p>
      )}
      <Problem>{wrong}</Problem>
      <div className={styles.actions}>
        {enteredKey === "" && props.first}
        {status?.configured && status.source !== "environment" && (
          <>
            {isConfirming && (
              <Button
                tone="destructive"
                onClick={() => {
                  setIsConfirming(false);
                  attempt(removeKey(providerId));
                }}
              >
                {strings.removeKeyReally}
              </Button>
            )}
            {/* The button stays in place: a second press by mistake cancels. */}
            <Button tone="quiet" onClick={() => setIsConfirming(!isConfirming)}>
              {isConfirming ? strings.cancel : strings.removeKey}
            </Button>
          </>
        )}
        {props.last}
      </div>
    </form>
  );
}

function keyWords(status: KeyStatus | null, isNeeded: boolean): string {
  if (status === null || !status.configured) {
    return isNeeded ? strings.keyMissing : strings.keyIfAny;
  }
  const source = status.source === null ? "" : strings.keySources[status.source];
  return strings.keyThere(status.hint, source);
}
