/** A provider's key: its state, and forms to replace and remove it. The key is never shown. */
import { type ReactNode, useEffect, useId, useRef, useState } from "react";
import type { KeyStatus, ProviderSummary } from "../../../bridge/contract";
import { remarkOf, strings } from "../../../i18n";
import { settingsTexts } from "../../../i18n/settings";
import { useSettings, useSettingsState } from "../../../settings/useSettings";
import { Button } from "../../../ui/Button";
import parts from "../../../ui/form/form.module.css";
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
  const { setKey, removeKey, wantKey } = useSettings();
  const isWanted = useSettingsState().keyWanted === provider.id;
  const field = useRef<HTMLInputElement>(null);
  const [key, setTyped] = useState("");
  /** Removal waits for confirmation. */
  const [isLeaving, setIsLeaving] = useState(false);
  const [isMended, setIsMended] = useState(false);
  const { problem, attempt, isBusy } = useAsyncAction();
  const id = useId();
  const { id: providerId, name, needsKey, hasKey } = provider;
  const given = key.trim();
  const wrong = problem ?? (isMended ? null : props.problem);
  const host = status?.host == null ? "" : `${settingsTexts.keyGoesTo(status.host)}.`;
  const note = status?.remark == null ? null : remarkOf(status.remark);
  const about = [host, note ?? ""].join(" ").trim();

  useEffect(() => {
    if (!isWanted) return;
    field.current?.focus();
    wantKey(null);
  }, [isWanted, wantKey]);

  async function save(): Promise<void> {
    await setKey(providerId, given);
    setIsMended(true);
    // The page never gets a key back. If it is refused, the field still has it.
    setTyped("");
    onTry("");
  }

  return (
    <form
      className={styles.key}
      onSubmit={(event) => {
        event.preventDefault();
        if (given !== "" && !isBusy) attempt(save());
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
        onChange={(event) => setTyped(event.target.value)}
      />
      <Button
        tone={given === "" && (hasKey || !needsKey) ? "quiet" : "filled"}
        type="submit"
        isFree={given !== "" && !isBusy}
      >
        {strings.save}
      </Button>
      <Button
        tone="quiet"
        isFree={!isTrying && (!needsKey || hasKey || given !== "")}
        onClick={() => onTry(given)}
      >
        {isTrying ? strings.testing : strings.test}
      </Button>
      {about !== "" && (
        <p id={`${id}-about`} className={parts.text}>
          {about}
        </p>
      )}
      <Problem>{wrong}</Problem>
      <div className={styles.actions}>
        {given === "" && props.first}
        {status?.configured && status.source !== "environment" && (
          <>
            {isLeaving && (
              <Button
                tone="destructive"
                onClick={() => {
                  setIsLeaving(false);
                  attempt(removeKey(providerId));
                }}
              >
                {strings.removeKeyReally}
              </Button>
            )}
            {/* The button stays in place: a second press by mistake cancels. */}
            <Button tone="quiet" onClick={() => setIsLeaving(!isLeaving)}>
              {isLeaving ? strings.cancel : strings.removeKey}
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
  const where = status.source === null ? "" : strings.keySources[status.source];
  return strings.keyThere(status.hint, where);
}
