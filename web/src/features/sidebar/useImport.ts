/** Imports files and shows the progress. */
import { useCallback } from "react";
import { useConversations } from "../../conversations/useConversations";
import { importResult, reasonOf, remarkOf, strings } from "../../i18n";
import { useToasts } from "../../ui/toasts/toastStore";

export function useImport(): (files: readonly File[]) => void {
  const conversations = useConversations();
  const toasts = useToasts();
  return useCallback(
    (files) => {
      void takeAll();

      /** One after another: the host reads a few at a time, and refuses more. */
      async function takeAll(): Promise<void> {
        for (const file of files) await take(file);
      }

      async function take(file: File): Promise<void> {
        const shown = toasts.say(strings.importing(file.name, 0), { progress: 0 });
        const running = conversations.importFile(file, tell);
        const action = { label: strings.cancel, run: running.cancel };
        function tell(part: number): void {
          const text = strings.importing(file.name, Math.round(part * 100));
          toasts.change(shown, text, { progress: part, action });
        }
        try {
          const told = await running.result;
          const isDone = told.state === "done";
          const details = isDone ? [...new Set(told.remarks.map(remarkOf))] : [];
          toasts.change(shown, importResult(told), { details });
        } catch (error) {
          toasts.change(shown, strings.refusedAction(reasonOf(error)));
        }
      }
    },
    [conversations, toasts],
  );
}
