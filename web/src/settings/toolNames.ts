/** The name of a tool in a request. */
import type { ToolSummary } from "../bridge/contract";

type Named = Pick<ToolSummary, "name" | "source">;

/** Its own name, or with its source if several tools share the name. */
export function requestName({ name, source }: Named, all: readonly Named[]): string {
  const isOnly = all.filter((tool) => tool.name === name).length === 1;
  return isOnly ? name : `${source.replace(/\.py$/, "")}__${name}`;
}
