/** BlockMemo: react-markdown for each block, and none again for a block that stayed the same. */
import { lexer } from "marked";
import { memo, type ReactNode, useMemo } from "react";
import ReactMarkdown from "react-markdown";
import gfm from "remark-gfm";

const PLUGINS = [gfm];

const Block = memo(function Block({ text }: { text: string }): ReactNode {
  return <ReactMarkdown remarkPlugins={PLUGINS}>{text}</ReactMarkdown>;
});

export function BlockMemo({ text }: { text: string }): ReactNode {
  const blocks = useMemo(() => lexer(text).map((token) => token.raw), [text]);
  return blocks.map((block, at) => <Block key={at} text={block} />);
}
