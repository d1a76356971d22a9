/** Renderers: ours and what others use for the same, each loaded alone. */
import type { ComponentType } from "react";

export interface RendererProps {
  readonly text: string;
  readonly live: boolean;
}

type Renderer = ComponentType<RendererProps>;

const ignore = (): void => undefined;

export const RENDERERS: Readonly<Record<string, () => Promise<Renderer>>> = {
  tidewire: async () => {
    const { Markdown } = await import("../../../web/src/markdown");
    return ({ text, live }) => <Markdown text={text} live={live} onOpenLink={ignore} />;
  },
  streamdown: async () => {
    const { Streamdown } = await import("streamdown");
    return ({ text, live }) => <Streamdown isAnimating={live}>{text}</Streamdown>;
  },
  "block-memo": async () => (await import("./BlockMemo")).BlockMemo,
  "react-markdown": async () => {
    const [{ default: ReactMarkdown }, { default: gfm }] = await Promise.all([
      import("react-markdown"),
      import("remark-gfm"),
    ]);
    const plugins = [gfm];
    return ({ text }) => <ReactMarkdown remarkPlugins={plugins}>{text}</ReactMarkdown>;
  },
};
