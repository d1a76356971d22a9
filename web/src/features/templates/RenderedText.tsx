/** The texts that a template makes: the instructions of the chat, and the message. */

import type { RenderedTemplate } from "../../bridge/contract";
import { strings } from "../../i18n";
import { templates as texts } from "../../i18n/templates";
import { withEscapes } from "../../lib/hiddenCharacters";
import formStyles from "../../ui/form/form.module.css";
import own from "./templates.module.css";

export function RenderedText({ rendered }: { readonly rendered: RenderedTemplate }) {
  return (
    <>
      {rendered.system !== undefined && <Text title={texts.instructions} text={rendered.system} />}
      <Text title={strings.message} text={rendered.user} />
    </>
  );
}

function Text({ title, text }: { readonly title: string; readonly text: string }) {
  return (
    <section className={formStyles.section} aria-label={title}>
      <h3>{title}</h3>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a long text is scrolled by the keyboard */}
      <p className={`${formStyles.text} ${own.rendered}`} dir="auto" tabIndex={0}>
        {withEscapes(text)}
      </p>
    </section>
  );
}
