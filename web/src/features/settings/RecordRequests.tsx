/** The switch for keeping what is sent to models and received from them. */
import { settingsTexts } from "../../i18n/settings";
import { useSettings, useSettingsState } from "../../settings/useSettings";
import { Check } from "../../ui/form/Check";
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
      <Check
        isSwitch
        checked={isOn}
        onChange={(recordRequests) => attempt(update({ recordRequests }))}
      >
        <span className={parts.words}>
          {settingsTexts.recordRequests}
          <p>{settingsTexts.recordRequestsText}</p>
        </span>
      </Check>
      <Problem>{problem}</Problem>
    </>
  );
}
