// The conformance suite imports `globSync`, which Node has since version 22, for a command that
// the tests do not use. Loaded before it, this lets the others run with an older one.
import { register } from "node:module";

const fs = `data:text/javascript,${encodeURIComponent(
  `export * from "node:fs"; export { default } from "node:fs"; export const globSync = () => [];`,
)}`;
const hooks = `export const resolve = (name, context, next) =>
  name === "fs" && context.parentURL?.includes("/conformance/")
    ? { url: ${JSON.stringify(fs)}, shortCircuit: true }
    : next(name, context);`;
register(`data:text/javascript,${encodeURIComponent(hooks)}`);
