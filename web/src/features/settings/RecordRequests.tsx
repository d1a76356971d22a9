/** The switch for recording requests to models and their responses. */
import { settingsTexts } from "../../i18n/settings";
import { useSettings, useSettingsState } from "../../settings/useSettings";
import { Check } from "../../ui/form/Check";
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
        hint={settingsTexts.recordRequestsText}
        onChange={(recordRequests) => attempt(update({ recordRequests }))}
      >
        {settingsTexts.recordRequests}
      </Check>
      <Problem>{problem}</Problem>
    </>
  );
}
