export { finishFor, hintFor, type Strings, strings } from "./strings";
