/** A question of a server to the person during a call: a form to send, or a page to open. */
import { useContext, useRef, useState } from "react";
import type { Elicitation, ElicitationAction, ElicitationEvent } from "../../bridge/contract";
import { ConversationsContext } from "../../conversations/useConversations";
import { reasonOf, strings } from "../../i18n";
import { forms } from "../../i18n/forms";
import { withEscapes } from "../../lib/hiddenCharacters";
import { parsedUrl } from "../../lib/parsedUrl";
import { Button } from "../../ui/Button";
import buttonStyles from "../../ui/buttons.module.css";
import TypedForm, { type FormValues } from "../../ui/form/TypedForm";
import { Notice, Problem } from "../../ui/Problem";
import styles from "./tools.module.css";
import { useGuard } from "./useGuard";
import { Verbatim } from "./Verbatim";

export interface ElicitationCardProps {
  readonly event: ElicitationEvent;
  readonly elicitation: Elicitation;
}

export function ElicitationCard({ event, elicitation }: ElicitationCardProps) {
  const { inferenceId, callId } = event;
  const { id, server, message, fields, url } = elicitation;
  const conversations = useContext(ConversationsContext);
  const card = useRef<HTMLDivElement>(null);
  const guard = useGuard(card);
  const [isSent, setIsSent] = useState(false);
  const [isLate, setIsLate] = useState(false);
  const [problem, setProblem] = useState<string | null>(null);
  const isFree = guard.isReady && !isSent;

  /** Resolves with whether it was sent. Rejects refused values; then the form is still open. */
  async function answer(action: ElicitationAction, values: FormValues = {}): Promise<boolean> {
    if (conversations === null || isSent || !guard.press()) return false;
    setIsSent(true);
    setProblem(null);
    try {
      const request = { inferenceId, callId, elicitationId: id, action, values: { ...values } };
      setIsLate(!(await conversations.client.llm.answer(request)));
      return true;
    } catch (error) {
      setIsSent(false);
      throw error;
    }
  }

  const reply = (action: ElicitationAction) => () =>
    void answer(action).catch((error) => setProblem(reasonOf(error)));
  const others = (
    <>
      <Button isFree={isFree} onClick={reply("decline")}>
        {forms.decline}
      </Button>
      <Button isFree={isFree} onClick={reply("cancel")}>
        {forms.cancelCall}
      </Button>
    </>
  );
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset would belong to a form
    <div
      ref={card}
      className={styles.approval}
      role="group"
      aria-label={forms.asks(withEscapes(server))}
      data-approval
      tabIndex={-1}
    >
      <p className={styles.question}>
        <Verbatim text={forms.asks(server)} />
      </p>
      <p className={styles.text} dir="auto">
        <Verbatim text={message} />
      </p>
      {url === undefined ? (
        <TypedForm
          fields={fields}
          draftKey={id}
          submitLabel={strings.send}
          isFree={isFree}
          onSubmit={(values) => answer("accept", values)}
        >
          {others}
        </TypedForm>
      ) : (
        <div className="wrap">
          <a
            href={url}
            target="_blank"
            rel="noopener noreferrer"
            className={buttonStyles.filled}
            aria-disabled={!isFree || undefined}
            onClick={(event) => {
              if (isFree && guard.press()) reply("accept")();
              else event.preventDefault();
            }}
          >
            {forms.openPage(parsedUrl(url)?.host ?? url)}
          </a>
          {others}
        </div>
      )}
      <p className="soft">
        {url === undefined ? forms.goesTo : forms.pageHint} {url}
      </p>
      <Problem>{problem}</Problem>
      <Notice>{guard.isEarly ? strings.tools.pressedEarly : null}</Notice>
      <Notice>{isLate ? forms.answered : null}</Notice>
    </div>
  );
}
