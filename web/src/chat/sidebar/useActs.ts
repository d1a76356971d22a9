/** useActs: what the sidebar does to conversations, with words where something goes wrong. */
import { useMemo } from "react";
import type { ConversationSummary, ExportRequest } from "../../bridge/contract";
import { useConversations } from "../../conversations/context";
import { reasonOf } from "../../conversations/conversations";
import { strings } from "../../strings";
import { useToasts } from "../toasts";

export interface Acts {
  open(id: string): void;
  rename(item: ConversationSummary, title: string): void;
  pin(item: ConversationSummary): void;
  remove(item: ConversationSummary): void;
  exportAs(item: ConversationSummary, format: ExportRequest["format"]): void;
}

/** `onOpened` is told when there is something else to look at; `downloads`, whether files can be. */
export function useActs(onOpened: () => void, downloads: boolean): Acts {
  const conversations = useConversations();
  const toasts = useToasts();
  return useMemo(() => {
    function tried(act: Promise<unknown>): void {
      act.catch((error) => toasts.say(strings.refusedAction(reasonOf(error))));
    }

    async function exportAs(id: string, format: ExportRequest["format"]): Promise<void> {
      const request = { conversationIds: [id], format };
      if (downloads) save(await conversations.exported(request));
      else toasts.say(strings.exported(await conversations.exportFile(request)));
    }

    return {
      open(id) {
        conversations.show(id);
        onOpened();
      },
      rename: (item, title) => tried(conversations.rename(item.id, title)),
      pin: (item) => tried(conversations.pin(item.id, !item.pinned)),
      exportAs: (item, format) => tried(exportAs(item.id, format)),
      remove(item) {
        tried(conversations.remove(item.id));
        const title = item.title === "" ? strings.untitled : item.title;
        const undo = () => tried(conversations.undelete(item.id));
        toasts.say(strings.deleted(title), { action: { label: strings.undo, run: undo } });
      },
    };
  }, [conversations, toasts, onOpened, downloads]);
}

/** Let the browser keep a text as a file. */
function save(file: { name: string; mediaType: string; text: string }): void {
  const address = URL.createObjectURL(new Blob([file.text], { type: file.mediaType }));
  const link = document.createElement("a");
  link.href = address;
  link.download = file.name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
}
