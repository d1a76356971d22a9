/** The form of a template, then the text that it makes. Nothing is sent before the person has seen it. */
import { useCallback, useEffect, useRef, useState } from "react";
import type { SetUp } from "../../attachments/draftAttachment";
import type { MessageTemplate, RenderedTemplate, TemplateDetail } from "../../bridge/contract";
import { failureOf } from "../../bridge/hostError";
import type { Conversation } from "../../conversations/conversation";
import { useConversations } from "../../conversations/useConversations";
import { reasonOf, strings } from "../../i18n";
import { templates as texts } from "../../i18n/templates";
import { withEscapes } from "../../lib/hiddenCharacters";
import { useSettings } from "../../settings/useSettings";
import { Button } from "../../ui/Button";
import { Dialog } from "../../ui/Dialog";
import styles from "../../ui/form/form.module.css";
import TypedForm, { type FormValues } from "../../ui/form/TypedForm";
import { useRequest } from "../../ui/form/useRequest";
import { Notice, Problem } from "../../ui/Problem";
import { problemText } from "./problemText";
import { RenderedText } from "./RenderedText";
import { setUpFor, TemplateWish, useWish } from "./TemplateWish";
import own from "./templates.module.css";

export interface TemplateDialogProps {
  /** With the version and the values of a message, the form has these values. */
  readonly template: Pick<MessageTemplate, "name"> & Partial<MessageTemplate>;
  readonly conversation: Conversation;
  readonly onClose: () => void;
  /** False if it cannot be sent now: the form stays. */
  readonly onSend: (text: string, template: MessageTemplate, setUp?: SetUp) => boolean;
}

/** The text that is shown, and the values that made it. */
type Said = RenderedTemplate & { readonly values: FormValues };

/** The template as it is, and as it was when it made the message. Null where it is gone. */
interface Found {
  readonly now: TemplateDetail | null;
  readonly before: TemplateDetail | null;
}

export function TemplateDialog({ template, conversation, onClose, onSend }: TemplateDialogProps) {
  const { name, version } = template;
  const { templates } = useSettings();
  const { conversations } = useConversations().client;
  const [isBefore, setIsBefore] = useState(false);
  /** Those of a form are texts, numbers, lists and files. */
  const [values, setValues] = useState((template.values ?? {}) as FormValues);
  const [said, setSaid] = useState<Said | null>(null);
  const [isSending, setIsSending] = useState(false);
  const [isUsed, setIsUsed] = useState(true);
  const body = useRef<HTMLDivElement>(null);
  const [problem, setProblem] = useState<string | null>(null);

  const find = useCallback(async (): Promise<Found> => {
    if (version === undefined) return { now: await templates.get({ name }), before: null };
    const orNull = (error: unknown) => {
      if (failureOf(error).code === "NOT_FOUND") return null;
      throw error;
    };
    const [now, before] = await Promise.all([
      templates.get({ name }).catch(orNull),
      templates.get({ name, version }).catch(orNull),
    ]);
    return { now, before };
  }, [templates, name, version]);
  const { value: found, reason } = useRequest(find);

  const { now = null, before = null } = found ?? {};
  const isSound = now !== null && now.problem === undefined;
  const detail = (isBefore || !isSound) && before !== null ? before : isSound ? now : null;
  const isForm = detail !== null && said === null;
  useEffect(() => {
    const field = ":is(input, select, textarea)";
    if (isForm) body.current?.querySelector<HTMLElement>(`[data-field] ${field}`)?.focus();
  }, [isForm]);
  const wish = useWish(detail, conversation.model());

  async function preview(given: FormValues): Promise<void> {
    if (detail === null) return;
    const made = await templates.render({ name, version: detail.version, values: given });
    setProblem(null);
    // What the other version asks for besides is there again when that is chosen.
    const asked = new Set(detail.inputs.map((field) => field.name));
    const others = Object.entries(values).filter(([field]) => !asked.has(field));
    setValues({ ...Object.fromEntries(others), ...given });
    setSaid({ ...made, values: given });
  }

  async function send({ user, system, version, values }: Said): Promise<void> {
    setIsSending(true);
    const { options } = conversation;
    const conversationId = conversation.get().id;
    try {
      if (system !== undefined && conversationId === null) {
        options.first.set({ ...options.first.get(), instructions: system });
      } else if (system !== undefined && conversationId !== null) {
        await conversations.instruct({ conversationId, systemPrompt: system });
      }
      const setUp = isUsed && wish !== null ? setUpFor(wish, conversation) : undefined;
      if (onSend(user, { name, version, values: values as MessageTemplate["values"] }, setUp))
        onClose();
      else setProblem(conversation.isBusy() ? strings.editWaits : strings.gone);
    } catch (error) {
      setProblem(reasonOf(error));
    } finally {
      setIsSending(false);
    }
  }

  return (
    <Dialog title={withEscapes(detail?.title ?? name)} onClose={onClose}>
      <div ref={body} className={`${styles.body} ${own.body}`}>
        {detail !== null && detail.description !== "" && (
          <p className={styles.text}>{withEscapes(detail.description)}</p>
        )}
        {found !== null && (
          <Change
            {...{ now, before, isBefore }}
            version={version}
            onChoose={(wanted) => {
              setIsBefore(wanted);
              setSaid(null);
            }}
          />
        )}
        {wish !== null && <TemplateWish wish={wish} isUsed={isUsed} onUse={setIsUsed} />}
        {isForm && (
          <TypedForm
            key={detail.version}
            fields={detail.inputs}
            values={fitting(values, detail)}
            submitLabel={texts.preview}
            onSubmit={preview}
            onCancel={onClose}
          />
        )}
        {said !== null && <RenderedText said={said} />}
        {said !== null && (
          <div className="wrap">
            <Button
              tone="filled"
              isFree={wish !== null && !isSending}
              onClick={() => void send(said)}
            >
              {strings.send}
            </Button>
            <Button onClick={() => setSaid(null)}>{texts.change}</Button>
          </div>
        )}
        <Problem>{problem ?? reason}</Problem>
      </div>
    </Dialog>
  );
}

interface ChangeProps extends Found {
  /** The version that made the message, if there is one. */
  readonly version: string | undefined;
  readonly isBefore: boolean;
  readonly onChoose: (isBefore: boolean) => void;
}

/** Says that the template is gone, broken or another one than it was. */
function Change({ now, before, version, isBefore, onChoose }: ChangeProps) {
  if (now === null) return <Notice isBad>{before ? texts.removed : texts.removedGone}</Notice>;
  const { problem } = now;
  const isOther = version !== undefined && now.version !== version;
  return (
    <>
      {problem !== undefined && <Problem>{problemText(problem)}</Problem>}
      {isOther && <Notice>{before === null ? texts.changedGone : texts.changed}</Notice>}
      {isOther && before !== null && problem === undefined && (
        <Button className={styles.start} onClick={() => onChoose(!isBefore)}>
          {isBefore ? texts.useNow : texts.useThen}
        </Button>
      )}
    </>
  );
}

/** Without the files of fields that are none any more, and the other way around. */
function fitting(values: FormValues, { inputs }: TemplateDetail): FormValues {
  const isFile = (name: string) => inputs.some((one) => one.name === name && one.type === "file");
  const kept = Object.entries(values).filter(([name, value]) => {
    const hasText = typeof value === "object" && !Array.isArray(value);
    return value !== null && hasText === isFile(name);
  });
  return Object.fromEntries(kept);
}
