/** The actions of a code block: wrap, fold, save as a file. */
import { useContext } from "react";
import { ConversationsContext } from "../../conversations/useConversations";
import { reasonOf, strings } from "../../i18n";
import { download } from "../../lib/download";
import type { Code, CodeAction } from "../../markdown";
import { type Action, ActionList } from "../../ui/ActionList";
import { ImportIcon, LongerIcon, ShorterIcon, WrapIcon } from "../../ui/icons";
import { useToasts } from "../../ui/toasts/toastStore";
import { useIsBrowser } from "../../ui/useIsBrowser";

/** Extensions of languages that differ from the language's name. */
const ENDINGS: Readonly<Record<string, string>> = {
  bash: "sh",
  csharp: "cs",
  dockerfile: "dockerfile",
  javascript: "js",
  kotlin: "kt",
  markdown: "md",
  perl: "pl",
  powershell: "ps1",
  python: "py",
  ruby: "rb",
  rust: "rs",
  shell: "sh",
  typescript: "ts",
  yaml: "yml",
};

export interface CodeActionsProps {
  readonly code: Code;
  /** The renderer's own actions. */
  readonly own: readonly CodeAction[];
}

export function CodeActions({ code: { text, language, growing }, own }: CodeActionsProps) {
  const conversations = useContext(ConversationsContext);
  const toasts = useToasts();
  const isBrowser = useIsBrowser();

  async function save(): Promise<void> {
    const file = { name: fileNameOf(language), text: text.endsWith("\n") ? text : `${text}\n` };
    if (isBrowser) download({ ...file, mediaType: "text/plain" });
    else if (conversations) {
      toasts.show(strings.exported(await conversations.client.conversations.saveText(file)));
    }
  }

  const actions = own.map(
    ({ name, isOn, ...action }): Action => ({
      ...action,
      id: name,
      icon: name === "wrap" ? <WrapIcon /> : isOn ? <LongerIcon /> : <ShorterIcon />,
      ...(name === "wrap" && { isPressed: isOn }),
    }),
  );
  // A page that only watches an answer cannot save files.
  if (!growing && conversations !== null) {
    const run = () =>
      void save().catch((error) => toasts.show(strings.refusedAction(reasonOf(error))));
    actions.push({ label: strings.save, icon: <ImportIcon />, run });
  }
  return actions.length > 0 && <ActionList label={strings.codeActions} actions={actions} />;
}

export function fileNameOf(language: string): string {
  const known = language.toLowerCase();
  const ending = ENDINGS[known] ?? (/^[a-z]\w{0,7}$/.test(known) ? known : "txt");
  return `code.${ending}`;
}
