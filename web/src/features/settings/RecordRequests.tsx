/** The switch for keeping what is sent to models and received from them. */
import { settingsTexts } from "../../i18n/settings";
import { useSettings, useSettingsState } from "../../settings/useSettings";
import parts from "../../ui/form/form.module.css";
import { Problem } from "../../ui/Problem";
import { useAsyncAction } from "../../ui/useAsyncAction";

export function RecordRequests() {
  const { update } = useSettings();
  const isOn = useSettingsState().preferences?.recordRequests;
  const { problem, attempt } = useAsyncAction();
  if (isOn === undefined) return null;
  return (
    <>
      <label className={parts.check}>
        <input
          type="checkbox"
          role="switch"
          aria-checked={isOn}
          checked={isOn}
          onChange={() => attempt(update({ recordRequests: !isOn }))}
        />
        <span className={parts.words}>
          {settingsTexts.recordRequests}
          <p>{settingsTexts.recordRequestsText}</p>
        </span>
      </label>
      <Problem>{problem}</Problem>
    </>
  );
}
