/** Question: what the person wrote. */
import { memo } from "react";
import { strings } from "../strings";
import { MessageText } from "./MessageText";
import styles from "./Question.module.css";

export const Question = memo(function Question({ text }: { readonly text: string }) {
  return (
    <article className={`message user ${styles.question}`} aria-label={strings.you}>
      <MessageText text={text} />
    </article>
  );
});
