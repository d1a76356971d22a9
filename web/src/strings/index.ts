export { finishFor, hintFor, locale, type Strings, strings } from "./strings";
