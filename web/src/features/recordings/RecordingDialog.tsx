/** Opens a recording and plays it. */
import { useState } from "react";
import type { Recording } from "../../bridge/contract";
import { useConversations } from "../../conversations/useConversations";
import { PageError } from "../../i18n";
import { wireTexts } from "../../i18n/wire";
import { Button } from "../../ui/Button";
import { Dialog } from "../../ui/Dialog";
import { FilePicker } from "../../ui/form/FilePicker";
import formStyles from "../../ui/form/form.module.css";
import { Problem } from "../../ui/Problem";
import { useAsyncAction } from "../../ui/useAsyncAction";
import styles from "./RecordingDialog.module.css";
import { RecordingView } from "./RecordingView";

/** The host takes no longer text from a page. */
const MOST_CHARACTERS = 16_000_000;

export function RecordingDialog({ onClose }: { readonly onClose: () => void }) {
  const { openRecording } = useConversations().client.wire;
  const [recording, setRecording] = useState<Recording | null>(null);
  const { problem, isBusy, attempt } = useAsyncAction();

  async function open(file: File): Promise<void> {
    setRecording(null);
    if (file.size > MOST_CHARACTERS) throw new PageError(wireTexts.tooLarge);
    setRecording(await openRecording(await file.text()));
  }

  return (
    <Dialog title={wireTexts.recording} className={styles.dialog} onClose={onClose}>
      <div className={formStyles.body}>
        {recording === null && <p className="soft">{wireTexts.openText}</p>}
        {recording !== null && <RecordingView recording={recording} />}
        <Problem>{problem}</Problem>
        <FilePicker
          aria-label={wireTexts.recording}
          accept=".jsonl"
          onFiles={([file]) => file && attempt(open(file))}
        >
          {(choose) => (
            <Button className={formStyles.start} isFree={!isBusy} onClick={choose}>
              {recording === null ? wireTexts.choose : wireTexts.chooseOther}
            </Button>
          )}
        </FilePicker>
      </div>
    </Dialog>
  );
}
