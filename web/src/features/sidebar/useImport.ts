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
      void importAll();

      /** One after another: the host reads a few at a time, and refuses more. */
      async function importAll(): Promise<void> {
        for (const file of files) await importOne(file);
      }

      async function importOne(file: File): Promise<void> {
        const toastId = toasts.show(strings.importing(file.name, 0), { progress: 0 });
        const job = conversations.importFile(file, onProgress);
        const action = { label: strings.cancel, run: job.cancel };
        function onProgress(part: number): void {
          const text = strings.importing(file.name, Math.round(part * 100));
          toasts.change(toastId, text, { progress: part, action });
        }
        try {
          const result = await job.result;
          const isDone = result.state === "done";
          const details = isDone ? [...new Set(result.remarks.map(remarkOf))] : [];
          toasts.change(toastId, importResult(result), { details });
        } catch (error) {
          toasts.change(toastId, strings.refusedAction(reasonOf(error)));
        }
      }
    },
    [conversations, toasts],
  );
}
