/** The sidebar's actions on conversations, with messages for failures. */
import { useMemo } from "react";
import type { ConversationSummary, ExportRequest } from "../../bridge/contract";
import { useConversations } from "../../conversations/useConversations";
import { reasonOf, strings } from "../../i18n";
import { copyText } from "../../lib/clipboard";
import { download } from "../../lib/download";
import { useToasts } from "../../ui/toasts/toastStore";
import { useIsBrowser } from "../../ui/useIsBrowser";

export interface ConversationActions {
  open(id: string): void;
  rename(item: ConversationSummary, title: string): void;
  pin(item: ConversationSummary): void;
  remove(item: ConversationSummary): void;
  exportAs(item: ConversationSummary, format: ExportRequest["format"]): void;
  /** Copies the whole conversation as Markdown. */
  copy(item: ConversationSummary): void;
  /** Moves it into a folder; null takes it out of its own. */
  move(item: ConversationSummary, folder: string | null): void;
  renameFolder(name: string, next: string): void;
  /** Begins a chat in a folder. */
  newIn(folder: string): void;
  /** The folder's conversations stay, in no folder. */
  removeFolder(name: string): void;
}

/** `onOpened` is called when an action shows another conversation. */
export function useConversationActions(onOpened: () => void): ConversationActions {
  const conversations = useConversations();
  const toasts = useToasts();
  const isBrowser = useIsBrowser();
  return useMemo(() => {
    function reportFailure(act: Promise<unknown>): void {
      act.catch((error) => toasts.show(strings.refusedAction(reasonOf(error))));
    }

    async function exportAs(id: string, format: ExportRequest["format"]): Promise<void> {
      const { conversations: host } = conversations.client;
      const request = { conversationIds: [id], format };
      if (isBrowser) download(await host.export(request));
      else toasts.show(strings.exported(await host.exportFile(request)));
    }

    const titleOf = ({ title }: ConversationSummary) => (title === "" ? strings.untitled : title);

    async function copy(id: string): Promise<void> {
      const { conversations: host } = conversations.client;
      const { text } = await host.export({ conversationIds: [id], format: "md" });
      toasts.show((await copyText(text)) ? strings.copiedWhole : strings.notCopied);
    }

    function undoable(act: Promise<unknown>, text: string, revert: () => Promise<unknown>): void {
      reportFailure(act);
      toasts.showWhenDone(act, text, { label: strings.undo, run: () => reportFailure(revert()) });
    }

    function move(ids: readonly string[], from: string | null, to: string | null, text: string) {
      undoable(conversations.move(ids, to), text, () => conversations.move(ids, from));
    }

    const inFolder = (name: string) =>
      conversations.list
        .get()
        .items.filter(({ folder }) => folder === name)
        .map(({ id }) => id);

    return {
      open(id) {
        conversations.show(id);
        onOpened();
      },
      rename: (item, title) => reportFailure(conversations.rename(item.id, title)),
      pin: (item) => reportFailure(conversations.pin(item.id, !item.pinned)),
      exportAs: (item, format) => reportFailure(exportAs(item.id, format)),
      remove(item) {
        const revert = () => conversations.undelete(item.id);
        undoable(conversations.remove(item.id), strings.deleted(titleOf(item)), revert);
      },
      copy: (item) => reportFailure(copy(item.id)),
      move(item, folder) {
        if (folder === item.folder) return;
        move([item.id], item.folder, folder, strings.folders.moved(titleOf(item), folder));
      },
      newIn(folder) {
        conversations.showNew(false, folder);
        onOpened();
      },
      renameFolder(name, next) {
        const ids = inFolder(name);
        // After a merge the folders cannot be told apart by name, so only undo can separate them again.
        if (inFolder(next).length > 0) move(ids, name, next, strings.folders.merged(name, next));
        else {
          reportFailure(conversations.move(ids, next));
          reportFailure(conversations.folders.rename(name, next));
        }
      },
      removeFolder(name) {
        const ids = inFolder(name);
        move(ids, name, null, strings.folders.removed(name, ids.length));
      },
    };
  }, [conversations, toasts, onOpened, isBrowser]);
}
